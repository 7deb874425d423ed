//go:build !purego

package limits

import "golang.org/x/sys/cpu"

//go:noescape
func fmaAVX2(n int64, sums *float32)

//go:noescape
func fmaAVX512(n int64, sums *float32)

func vectorLoops() []fmaLoop {
	var loops []fmaLoop
	if cpu.X86.HasAVX512F {
		loops = append(loops, fmaLoop{"avx512", 24 * 16, func(n int64, sums []float32) { fmaAVX512(n, &sums[0]) }})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		loops = append(loops, fmaLoop{"avx2", 12 * 8, func(n int64, sums []float32) { fmaAVX2(n, &sums[0]) }})
	}
	return loops
}
