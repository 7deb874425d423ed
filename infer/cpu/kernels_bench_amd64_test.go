//go:build amd64 && !purego

package cpu

import (
	"fmt"
	"testing"
	"time"

	"longfirst/infer/backend"
)

// BenchmarkLinear multiplies 256 tokens by the weights of the published models on one thread.
func BenchmarkLinear(b *testing.B) {
	for _, l := range vectorLevels() {
		for _, shape := range [][2]int{{320, 960}, {320, 320}, {320, 1280}, {1280, 320}, {480, 1920}, {1920, 480}, {640, 1920}, {640, 2560}, {2560, 640},
			{1280, 3840}, {1280, 1280}, {1280, 5120}, {5120, 1280}} {
			k, n := shape[0], shape[1]
			b.Run(fmt.Sprintf("%v/K=%d/N=%d", l, k, n), func(b *testing.B) { benchmarkLinear(b, l, backend.F32, k, n) })
		}
		for _, dtype := range []backend.DType{backend.F16, backend.BF16} {
			b.Run(fmt.Sprintf("%v/K=1280/N=5120/%v", l, dtype), func(b *testing.B) { benchmarkLinear(b, l, dtype, 1280, 5120) })
		}
	}
}

func benchmarkLinear(b *testing.B, l level, dtype backend.DType, k, n int) {
	be := newBackendAt(b, l, 1)
	defer be.Close()
	const tokens = 264
	stream, _ := be.NewStream(tokens, 1)
	defer stream.Close()
	src, _ := stream.Activation(k)
	dst, _ := stream.Activation(n)
	weights := make([]byte, dtype.Size()*n*k)
	m, err := be.Matrix(backend.Tensor{DType: dtype, Shape: []int{n, k}, Data: weights})
	if err != nil {
		b.Fatal(err)
	}
	bias, _ := be.Vector(backend.Tensor{DType: dtype, Shape: []int{n}, Data: weights[:dtype.Size()*n]})
	if err := stream.Begin(backend.Batch{Tokens: make([]uint8, tokens), CuSeqlens: []int32{0, tokens}}); err != nil {
		b.Fatal(err)
	}
	best := quickest{b: b}
	for b.Loop() {
		best.of(func() {
			stream.LinearAdd(dst, src, m, bias)
			stream.Finish()
		})
		stream.Begin(backend.Batch{Tokens: make([]uint8, tokens), CuSeqlens: []int32{0, tokens}})
	}
	best.report(2 * tokens * float64(n*k))
}

// BenchmarkPeak multiplies operands that stay in the first-level cache: what the kernel reaches at best.
func BenchmarkPeak(b *testing.B) {
	for _, l := range vectorLevels() {
		b.Run(l.String(), func(b *testing.B) {
			const depth, rows = 128, 8
			panel := l.geometry().panel
			x, w, out, tile := aligned(depth*panel), aligned(depth*rows), aligned(rows*panel), aligned(maxTile)
			const times = 1000
			best := quickest{b: b}
			for b.Loop() {
				best.of(func() {
					for range times {
						l.linear(asBytes(w), 4*depth, &x[0], depth, rows, nil, nil, nil, &out[0], &tile[0])
					}
				})
			}
			best.report(times * 2 * depth * rows * float64(panel))
		})
	}
}

// quickest keeps the least processor time of several runs: what the others of the machine disturbed least.
type quickest struct {
	b    *testing.B
	best time.Duration
}

func (q *quickest) of(run func()) {
	before := processTime(q.b)
	run()
	if took := processTime(q.b) - before; q.best == 0 || took < q.best {
		q.best = took
	}
}

func (q *quickest) report(operations float64) {
	q.b.ReportMetric(operations/1e9/q.best.Seconds(), "GFLOP/s")
}

// BenchmarkSelfCheck shows what the check of a level costs at the start of a process.
func BenchmarkSelfCheck(b *testing.B) {
	for b.Loop() {
		selfCheck(avx2)
	}
}
