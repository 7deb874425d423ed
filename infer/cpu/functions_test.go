package cpu

import (
	"math"
	"testing"
)

func TestExp(t *testing.T) {
	for i := range 140_000 {
		x := -float64(i) / 200.7
		want := math.Exp(x)
		if got := exp(x); math.Abs(got-want) > 1e-11*want {
			t.Fatalf("exp(%g): got %g, want %g", x, got, want)
		}
	}
	if exp(0) != 1 || exp(-701) != 0 || exp(math.Inf(-1)) != 0 || !math.IsNaN(exp(math.NaN())) {
		t.Errorf("got %g %g %g %g", exp(0), exp(-701), exp(math.Inf(-1)), exp(math.NaN()))
	}
}

func TestGELU(t *testing.T) {
	for i := -60_000; i <= 60_000; i++ {
		x := float64(i) / 4973
		want := x / 2 * math.Erfc(-x/math.Sqrt2)
		if got := gelu(x); math.Abs(got-want) > 1e-10*math.Abs(x) {
			t.Fatalf("gelu(%g): got %g, want %g", x, got, want)
		}
	}
	if gelu(0) != 0 || gelu(math.Inf(1)) != math.Inf(1) || gelu(math.Inf(-1)) != 0 || !math.IsNaN(gelu(math.NaN())) {
		t.Errorf("got %g %g %g %g", gelu(0), gelu(math.Inf(1)), gelu(math.Inf(-1)), gelu(math.NaN()))
	}
}

func TestSincos(t *testing.T) {
	check := func(x float64) {
		sin, cos := sincos(x)
		wantSin, wantCos := math.Sincos(x)
		if math.Abs(sin-wantSin) > 1e-15 || math.Abs(cos-wantCos) > 1e-15 {
			t.Fatalf("%g: got %g %g, want %g %g", x, sin, cos, wantSin, wantCos)
		}
	}
	for i := range 50_000 {
		check(float64(i) / 777)  // all octants
		check(float64(i) * 0.75) // far positions
	}
}
