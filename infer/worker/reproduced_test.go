package worker

import (
	"testing"

	"longfirst/infer"
)

func TestReproduced(t *testing.T) {
	const cpu, other, half = "cpu-fp32-avx2-2", "cpu-fp32-avx512-2", "cuda-bf16-sm80-1"
	for _, c := range []struct {
		r            infer.Recomputed
		class, again string
		want         bool
	}{
		{infer.Recomputed{Identical: true, Cosine: 1}, cpu, cpu, true},
		{infer.Recomputed{Largest: 1e-9, Cosine: 1}, cpu, cpu, false},
		{infer.Recomputed{Largest: 1e-5, Cosine: 1}, other, cpu, true},
		{infer.Recomputed{Largest: 1e-2, Cosine: 0.9999}, other, cpu, false},
		{infer.Recomputed{Largest: 1e-2, Cosine: 0.9999}, half, cpu, true},
		{infer.Recomputed{Largest: 1e-2, Cosine: 0.9989}, half, cpu, false},
		{infer.Recomputed{Largest: 1e-2, Cosine: 0.9999}, "cuda-fp32-sm80-1", cpu, false},
	} {
		if got := reproduced(c.r, c.class, c.again); got != c.want {
			t.Errorf("%+v of %s, computed again in %s: %v", c.r, c.class, c.again, got)
		}
	}
}
