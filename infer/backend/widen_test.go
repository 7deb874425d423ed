package backend

import (
	"encoding/binary"
	"math"
	"testing"
)

// TestWidenF16 compares all halves with their definition: sign, 5 bits of exponent biased by 15, 10 bits of fraction.
func TestWidenF16(t *testing.T) {
	for h := range 1 << 16 {
		exponent, fraction := h>>10&31, float64(h&1023)
		var want float64
		switch exponent {
		case 0:
			want = math.Ldexp(fraction, -24)
		case 31:
			want = math.Inf(1)
			if fraction != 0 {
				want = math.NaN()
			}
		default:
			want = math.Ldexp(1024+fraction, exponent-25)
		}
		if h>>15 == 1 {
			want = -want
		}
		got := make([]float32, 1)
		F16.Widen(got, binary.LittleEndian.AppendUint16(nil, uint16(h)))
		same := float64(got[0]) == want && math.Signbit(float64(got[0])) == math.Signbit(want)
		if math.IsNaN(want) {
			same = got[0] != got[0]
		}
		if !same {
			t.Fatalf("half %#04x: got %g, want %g", h, got[0], want)
		}
	}
}

func TestWidenUnaligned(t *testing.T) {
	data := []byte{0xff}
	for _, v := range []float32{1.5, -2.25, 3e-39, 7e37} {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	got := make([]float32, 4)
	F32.Widen(got, data[1:])
	if got[0] != 1.5 || got[1] != -2.25 || got[2] != 3e-39 || got[3] != 7e37 {
		t.Errorf("F32: got %g", got)
	}
	BF16.Widen(got[:2], []byte{0xc0, 0x3f, 0x10, 0xc0})
	if got[0] != 1.5 || got[1] != -2.25 {
		t.Errorf("BF16: got %g", got[:2])
	}
}
