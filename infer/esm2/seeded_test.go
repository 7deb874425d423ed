package esm2_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// TestPublishedShape compares models of a published architecture with transformers. Their weights are drawn here and in
// make_goldens.py alike; some channels of the residual stream are 128 times as large as the others, as in trained models.
func TestPublishedShape(t *testing.T) {
	for name, outliers := range map[string][]int{"esm2_t6_8M": nil, "esm2_t6_8M-outliers": {7, 150, 301}} {
		config, ok := esm2.Named(strings.TrimSuffix(name, "-outliers"))
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		dir := filepath.Join(t.TempDir(), name)
		if err := esm2.Init(dir, config, 1); err != nil {
			t.Fatal(err)
		}
		enlarge(t, filepath.Join(dir, safetensors.SingleFile), outliers)
		eachLevel(t, name, func(t *testing.T) {
			if os.Getenv(cpu.LevelVariable) == "purego" && len(cpu.Levels()) > 1 {
				t.Skip("plain Go takes seconds, and computes sums in float64")
			}
			g := openExact(t, filepath.Join("testdata/seeded", name+".safetensors"))
			g.readBatch()
			pooled, hidden := embed(t, load(t, dir), g.batch)
			g.compareExact("hidden", exactFactor, hidden[config.Layers], g.rows("hidden.32"))
			g.compareExact("pooled", exactFactor, pooled, g.rows("pooled.32"))
		})
	}
}

// enlarge multiplies channels of what the residual stream is a sum of by 128.
func enlarge(t *testing.T, path string, channels []int) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := 8 + binary.LittleEndian.Uint64(file)
	tensors := make(map[string]json.RawMessage)
	if err := json.Unmarshal(file[8:end], &tensors); err != nil {
		t.Fatal(err)
	}
	for name, text := range tensors {
		var tensor struct {
			Shape       []int  `json:"shape"`
			DataOffsets [2]int `json:"data_offsets"`
		}
		embeddings := strings.Contains(name, "word_embeddings")
		if !embeddings && !strings.Contains(name, "output.dense") {
			continue
		}
		if err := json.Unmarshal(text, &tensor); err != nil {
			t.Fatal(err)
		}
		data := file[int(end)+tensor.DataOffsets[0] : int(end)+tensor.DataOffsets[1]]
		rows := tensor.Shape[0]
		width := len(data) / 4 / rows
		multiply := func(i int) {
			value := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
			binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(128*value))
		}
		for _, channel := range channels {
			if embeddings {
				for row := range rows {
					multiply(row*width + channel)
				}
				continue
			}
			for i := range width {
				multiply(channel*width + i)
			}
		}
	}
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
}
