package output

import "math"

// IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits.

// RoundToFloat16 rounds values as storing them as float16 does.
func RoundToFloat16(values []float32) {
	for i, v := range values {
		values[i] = fromFloat16(toFloat16(v))
	}
}

// float16Overflow is the least value that rounds to infinity: half a unit above the largest, 65504.
const float16Overflow = 65520

// toFloat16 rounds to the nearest binary16, ties to even.
func toFloat16(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits >> 16 & 0x8000)
	exponent := int(bits>>23&0xff) - 127
	fraction := bits & 0x7fffff
	switch {
	case exponent == 128 && fraction != 0:
		return sign | 0x7e00 // NaN
	case exponent > 15:
		return sign | 0x7c00
	case exponent >= -14:
		// A carry out of the fraction runs into the exponent, up to infinity, as it should.
		return sign | uint16(roundShift(uint32(exponent+15)<<23|fraction, 13))
	case exponent >= -25:
		return sign | uint16(roundShift(fraction|0x800000, uint(-1-exponent)))
	}
	return sign
}

// roundShift returns v >> n, rounded to nearest, ties to even.
func roundShift(v uint32, n uint) uint32 {
	half := uint32(1)<<(n-1) - 1
	return (v + half + v>>n&1) >> n
}

// fromFloat16 is exact.
func fromFloat16(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent := uint32(h >> 10 & 0x1f)
	fraction := uint32(h & 0x3ff)
	switch exponent {
	case 0:
		v := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
