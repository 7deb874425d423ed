//go:build standin

package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"

	"longfirst/infer/backend"
)

// values are what a buffer of an element type holds: uint16 of bf16 and f16, or float32.
type values any

// stored rounds numbers to a type, to nearest even.
func stored(e Element, numbers []float64) values {
	if e == F32 {
		v := make([]float32, len(numbers))
		for i, x := range numbers {
			v[i] = float32(x)
		}
		return v
	}
	v := make([]uint16, len(numbers))
	for i, x := range numbers {
		v[i] = round(e, x)
	}
	return v
}

// significant is how many bits of a number a type holds, and smallest the exponent of its smallest normal number.
func format(e Element) (significant, smallest int) {
	switch e {
	case BF16:
		return 8, -126
	case F16:
		return 11, -14
	}
	return 24, -126
}

func round(e Element, x float64) uint16 {
	significant, smallest := format(e)
	var sign uint16
	if math.Signbit(x) {
		sign = 0x8000
	}
	x = math.Abs(x)
	_, exponent := math.Frexp(x)
	unit := math.Ldexp(1, max(exponent, smallest+1)-significant)
	x = math.RoundToEven(x/unit) * unit
	// The bits of a float32 shifted to the place, subnormals being multiples of their unit.
	if e == BF16 {
		return sign | uint16(math.Float32bits(float32(x))>>16)
	}
	if x < 0x1p-14 {
		return sign | uint16(x*0x1p24)
	}
	if x >= 65520 {
		return sign | 0x7c00
	}
	return sign | uint16((math.Float32bits(float32(x))>>13)-112<<10)
}

// numbers is what values stand for.
func numbers(e Element, v values) []float64 {
	narrow, ok := v.([]uint16)
	if !ok {
		wide := make([]float64, len(v.([]float32)))
		for i, x := range v.([]float32) {
			wide[i] = float64(x)
		}
		return wide
	}
	data := make([]byte, 2*len(narrow))
	for i, x := range narrow {
		data[2*i], data[2*i+1] = byte(x), byte(x>>8)
	}
	singles := make([]float32, len(narrow))
	map[Element]backend.DType{BF16: backend.BF16, F16: backend.F16}[e].Widen(singles, data)
	return numbers(F32, singles)
}

// matrix is a random one [rows, width] with zeros up to its pitch, as it is stored and as numbers.
type matrix struct {
	element     Element
	rows, width int
	stored      values
	numbers     []float64 // [rows, pitch]
}

func (m matrix) pitch() int { return Pitch(m.width) }

func (m matrix) at(row, column int) float64 { return m.numbers[row*m.pitch()+column] }

func newMatrix(r *rand.Rand, e Element, rows, width int, size float64) matrix {
	m := matrix{element: e, rows: rows, width: width}
	exact := make([]float64, rows*m.pitch())
	for row := range rows {
		for c := range width {
			exact[row*m.pitch()+c] = r.NormFloat64() * size
		}
	}
	m.stored = stored(e, exact)
	m.numbers = numbers(e, m.stored)
	return m
}

// poisoned is a buffer that holds NaN.
func poisoned(e Element, n int) values {
	if e != F32 {
		v := make([]uint16, n)
		for i := range v {
			v[i] = 0x7fff
		}
		return v
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(math.NaN())
	}
	return v
}

// close checks results [rows, pitch] against what they should be and the size of what each is a sum of: the error of f32
// sums, and one rounding to the type. Columns from width on must be 0.
func close(e Element, got values, want, sizes []float64, width int) error {
	return closeWithin(e, got, want, sizes, width, 0x1p-20)
}

func closeWithin(e Element, got values, want, sizes []float64, width int, tolerance float64) error {
	significant, smallest := format(e)
	pitch := Pitch(width)
	for i, g := range numbers(e, got) {
		row, column := i/pitch, i%pitch
		if column >= width {
			if g != 0 {
				return fmt.Errorf("row %d column %d, which is padding: %g", row, column, g)
			}
			continue
		}
		allowed := tolerance*math.Abs(sizes[i]) + math.Ldexp(math.Abs(want[i]), -significant) + math.Ldexp(1, smallest-significant)
		if d := math.Abs(g - want[i]); !(d <= allowed) {
			return fmt.Errorf("row %d column %d: got %g, want %g, %.1f times what is allowed", row, column, g, want[i], d/allowed)
		}
	}
	return nil
}
