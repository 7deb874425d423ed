package cpu

import "math"

// rotaryTable holds cosine and sine of position * frequency, [positions, D/2] each, as float32 like transformers'.
type rotaryTable struct {
	half     int // D/2
	cos, sin []float32
}

// rotation returns a table for at least that many positions. Tables grow as longer sequences come.
func (b *Backend) rotation(frequencies *vector, positions int) *rotaryTable {
	b.mu.Lock()
	defer b.mu.Unlock()
	half := frequencies.Len()
	table := b.rotary[frequencies]
	if table == nil || len(table.cos) < positions*half {
		grown := roundUp(positions, 1024)
		table = &rotaryTable{half, make([]float32, grown*half), make([]float32, grown*half)}
		for position := range grown {
			for i, frequency := range frequencies.values {
				// Exact: 24 bits of frequency and at most 29 of position.
				sin, cos := sincos(float64(position) * float64(frequency))
				table.sin[position*half+i], table.cos[position*half+i] = float32(sin), float32(cos)
			}
		}
		b.rotary[frequencies] = table
	}
	return table
}

// turn writes src, a query or key of one head, rotated by a position.
func (t *rotaryTable) turn(dst []float32, src []float64, position int) {
	cos, sin := t.cos[position*t.half:][:t.half], t.sin[position*t.half:][:t.half]
	for i := range t.half {
		a, b, c, s := src[i], src[i+t.half], float64(cos[i]), float64(sin[i])
		dst[i] = float32(float64(a*c) - float64(b*s))
		dst[i+t.half] = float32(float64(b*c) + float64(a*s))
	}
}

// queryScale is 1/sqrt(D).
func queryScale(headDim int) float64 { return 1 / math.Sqrt(float64(headDim)) }
