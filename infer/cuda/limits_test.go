//go:build cuda

package cuda_test

import (
	"testing"
	"time"

	"longfirst/infer/backend"
	"longfirst/infer/cuda"
)

// The products of the published models that a GPU is for, [N, K] for hidden sizes H, and a small one to rehearse with.
var measured = []struct {
	name   string
	hidden int
	rounds int // tokens, in rounds of tiles of the device
}{{"tiny", 64, 1}, {"650M", 1280, 2}, {"3B", 2560, 2}}

// BenchmarkProducts measures products with their epilogues at full batches: what multiplies is chosen by the environment. With
// -test.short the shapes are small.
func BenchmarkProducts(b *testing.B) {
	models := measured[1:]
	if testing.Short() {
		models = measured[:1]
	}
	for _, m := range models {
		for _, op := range []string{"qkv", "out", "up", "down"} {
			b.Run(m.name+"/"+op, func(b *testing.B) { benchmarkProduct(b, op, m.hidden, m.rounds) })
		}
	}
}

func benchmarkProduct(b *testing.B, op string, hidden, rounds int) {
	const heads = 64 // their size
	dev, err := cuda.New(cuda.BF16)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { must(b, dev.Close()) }()
	devices, err := cuda.Probe()
	must(b, err)
	tokens := rounds * 128 * devices[0].SMs
	shape := map[string][2]int{"qkv": {3 * hidden, hidden}, "out": {hidden, hidden}, "up": {4 * hidden, hidden}, "down": {hidden, 4 * hidden}}[op]
	n, k := shape[0], shape[1]
	s, err := dev.NewStream(tokens, tokens/350+1)
	must(b, err)
	defer func() { must(b, s.Close()) }()
	x, err := s.Activation(k)
	must(b, err)
	y, err := s.Activation(n)
	must(b, err)
	// Random numbers: a GPU that multiplies zeros draws less power and is faster.
	random := func(i int) float32 { return float32((uint32(i)*2654435761)>>8)/(1<<24) - 0.5 }
	matrix := func(rows, columns int) backend.Matrix {
		m, err := dev.Matrix(tensor(random, rows, columns))
		must(b, err)
		return m
	}
	vector := func(n int) backend.Vector {
		v, err := dev.Vector(tensor(random, n))
		must(b, err)
		return v
	}
	w, bias, table, zero := matrix(n, k), vector(n), matrix(33, k), matrix(33, n)
	gain, shift, frequencies := vector(k), vector(k), vector(heads/2)
	batch := backend.Batch{CuSeqlens: []int32{0}}
	for i := range tokens {
		batch.Tokens = append(batch.Tokens, uint8(i%33))
	}
	for at := 350; at < tokens; at += 350 {
		batch.CuSeqlens = append(batch.CuSeqlens, int32(at))
	}
	batch.CuSeqlens = append(batch.CuSeqlens, int32(tokens))
	run := func(times int) time.Duration {
		must(b, s.Begin(batch))
		s.Embed(x, table, 1)
		s.Embed(y, zero, 1)
		normed, err := s.Activation(k)
		must(b, err)
		s.LayerNorm(normed, x, gain, shift, 1e-5)
		begin := time.Now()
		for range times {
			switch op {
			case "qkv":
				s.LinearQKV(y, normed, w, bias, frequencies, hidden/heads)
			case "up":
				s.LinearGELU(y, normed, w, bias)
			default:
				s.LinearAdd(y, normed, w, bias)
			}
		}
		must(b, s.Finish())
		return time.Since(begin)
	}
	run(2)
	b.ResetTimer()
	took := run(b.N)
	b.StopTimer()
	rate := 2 * float64(tokens) * float64(n) * float64(k) * float64(b.N) / took.Seconds()
	b.ReportMetric(rate/1e12, "TFLOP/s")
	b.ReportMetric(100*rate/devices[0].Peak(), "%peak")
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
