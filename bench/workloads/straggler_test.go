package workloads

import (
	"context"
	"testing"
	"time"

	"longfirst/bench/gen"
)

func TestStragglersWriteTheSameFiles(t *testing.T) {
	whole := inference{builtProgram(t), namedModel("tiny"), &input{shape: gen.Protein, count: 32}, 2}
	for _, f := range fates() {
		w := &Straggler{Infer: whole, Workers: 2, Fate: f}
		runOnce(t, w)
		if w.after <= 0 || w.after >= w.struck {
			t.Errorf("%s after %v of %v", f.name, w.after, w.struck)
		}
		if f.name == killed.name {
			spoilPart(t, w.out)
		}
		if err := w.Check(context.Background()); (err == nil) == (f.name == killed.name) {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

func TestIdealSharesOutWhatIsLeft(t *testing.T) {
	for _, test := range []struct {
		workers int
		rate    float64
		want    time.Duration
	}{
		{2, 1, 40 * time.Second},      // nothing is lost
		{2, 0, 70 * time.Second},      // one does what two did
		{2, 1. / 4, 58 * time.Second}, // 30 s of two are left for one and a quarter
		{4, 0, 50 * time.Second},      // 30 s of four, for three
	} {
		w := &Straggler{Workers: test.workers, Fate: fate{rate: test.rate}, alone: 40 * time.Second, after: 10 * time.Second}
		if got := w.ideal(); got != test.want {
			t.Errorf("%d workers, one at %g: ideal %v, want %v", test.workers, test.rate, got, test.want)
		}
	}
}
