package backend

import (
	"encoding/binary"
	"math"
)

// Widen converts len(dst) stored elements of type t to float32, which is exact. src may be unaligned.
func (t DType) Widen(dst []float32, src []byte) {
	switch t {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case F16:
		for i := range dst {
			dst[i] = widenF16(binary.LittleEndian.Uint16(src[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
	}
}

// widenF16 moves the fields of a half to those of a float; multiplying by 2^112 corrects the exponent's bias and
// normalizes subnormal halves at the same time.
func widenF16(h uint16) float32 {
	const rebias = 0x1p112
	magnitude := uint32(h&0x7fff) << 13
	value := math.Float32frombits(magnitude) * rebias
	if magnitude >= 0x7c00<<13 { // Inf and NaN keep their payload
		value = math.Float32frombits(magnitude | 0x7f80_0000)
	}
	return math.Float32frombits(math.Float32bits(value) | uint32(h&0x8000)<<16)
}
