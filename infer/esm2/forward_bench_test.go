package esm2_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

// BenchmarkForward embeds sequences of lognormal lengths, mean 350, in batches of 2048 tokens, longest first, on one
// thread, with random weights at the sizes of published models.
func BenchmarkForward(b *testing.B) {
	for _, name := range []string{"esm2_t6_8M", "esm2_t12_35M", "esm2_t30_150M", "esm2_t33_650M"} {
		b.Run(name, func(b *testing.B) {
			config, _ := esm2.Named(name)
			dir := b.TempDir()
			if err := esm2.Init(dir, config, 1); err != nil {
				b.Fatal(err)
			}
			be, err := cpu.New(1)
			if err != nil {
				b.Fatal(err)
			}
			defer be.Close()
			m, err := esm2.Load(dir, be)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			batch, flops := proteins(config)
			r, err := m.NewRunner(len(batch.Tokens), batch.Sequences())
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			pooled := make([]float32, batch.Sequences()*config.HiddenSize)
			for b.Loop() {
				if err := r.Start(batch, pooled); err != nil {
					b.Fatal(err)
				}
				if err := r.Finish(); err != nil {
					b.Fatal(err)
				}
			}
			seconds := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(float64(len(batch.Tokens)-2*batch.Sequences())/seconds, "residues/s")
			b.ReportMetric(float64(flops)/1e9/seconds, "GFLOP/s")
		})
	}
}

// proteins draws a batch of about 2048 tokens.
func proteins(c esm2.Config) (batch backend.Batch, flops int64) {
	random := rand.New(rand.NewPCG(1, 2))
	batch.CuSeqlens = []int32{0}
	for len(batch.Tokens) < 1700 {
		length := int(math.Exp(5.6+0.72*random.NormFloat64())) + 2
		if len(batch.Tokens)+length > 2048 {
			continue
		}
		for range length {
			batch.Tokens = append(batch.Tokens, uint8(4+random.IntN(20)))
		}
		batch.CuSeqlens = append(batch.CuSeqlens, int32(len(batch.Tokens)))
		flops += c.FLOPs(int64(length))
	}
	return batch, flops
}
