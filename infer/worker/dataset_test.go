package worker

import (
	"errors"
	"strings"
	"testing"

	"longfirst/infer/output"
)

func TestCompareNamesWhatIsDifferent(t *testing.T) {
	begun := output.Manifest{
		Index: output.IndexSummary{Digest: "aa"}, Model: output.ModelSummary{Digest: "bb", Architecture: "ESM-2"},
		Options:      output.ContentOptions{MaxLength: 1024, Gaps: "drop", Columns: output.Columns{output.NewColumn(output.PoolMean, 6, 6, 8)}, DType: output.Float32},
		NumericClass: "cpu-fp32-go-1", WorldSize: 4,
		Blocks: output.BlockRule{Rule: "flops-1", Figures: map[string]int64{"target_flops": 5}},
	}
	for _, c := range []struct {
		name   string
		change func(*output.Manifest)
		mixed  bool
		says   string // "" when the data set may be continued
	}{
		{name: "nothing", change: func(*output.Manifest) {}},
		{name: "a rule of blocks this run would choose", change: func(m *output.Manifest) { m.Blocks = output.BlockRule{Rule: "other"} }},
		{name: "paths and version", change: func(m *output.Manifest) { m.Program, m.Index.Path, m.Model.Path = "longfirst 9", "x", "y" }},
		{name: "index", change: func(m *output.Manifest) { m.Index.Digest = "cc" }, says: "index"},
		{name: "model", change: func(m *output.Manifest) { m.Model.Digest = "cc" }, says: "model"},
		{name: "cut", change: func(m *output.Manifest) { m.Options.MaxLength = 0 }, says: "--max-length: the data set has 1024, this run has none"},
		{name: "shares", change: func(m *output.Manifest) { m.WorldSize = 5 }, says: "--world-size: the data set has 4, this run has 5"},
		{name: "numerics", change: func(m *output.Manifest) { m.NumericClass = "cuda-bf16" }, says: "--mixed-numerics"},
		{name: "numerics, accepted", change: func(m *output.Manifest) { m.NumericClass = "cuda-bf16" }, mixed: true},
		{name: "gaps, numerics accepted", change: func(m *output.Manifest) { m.Options.Gaps = "keep" }, mixed: true, says: "--gaps"},
	} {
		wanted := begun
		c.change(&wanted)
		err := compare(Settings{Out: "out", MixedNumerics: c.mixed}, begun, wanted)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (!errors.Is(err, ErrDifferent) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v does not say %q", c.name, err, c.says)
		}
	}
}
