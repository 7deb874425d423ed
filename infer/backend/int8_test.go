package backend

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestQuantizeRow wants every weight within a scale of its byte times the scale, most within half of one, and no group over
// the bound that 16 bits allow.
func TestQuantizeRow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rows := [][]float32{make([]float32, 8), {1, 1, 1, 1, 1, 1, 1, 1}, {-3, -3, 0, 0, -3, -3}, {1e30, -1e-30, 1}, {math.SmallestNonzeroFloat32}}
	for k := 1; k <= 70; k++ {
		row := make([]float32, k)
		for i := range row {
			row[i] = float32(r.NormFloat64() * math.Pow(10, float64(k%5-2)))
			if k%7 == 0 {
				row[i] = float32(math.Abs(float64(row[i]))) // every group is at its bound
			}
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		bytes := make([]byte, Int8Depth(len(row)))
		scale, sum := QuantizeRow(bytes, row)
		var total int32
		for i, b := range bytes {
			v := int8(b)
			total += int32(v)
			var w float64
			if i < len(row) {
				w = float64(row[i])
			}
			if d := math.Abs(w - float64(v)*float64(scale)); d > 1.5*float64(scale) || v == math.MinInt8 {
				t.Fatalf("row %v: weight %d is %d, %g away in scales of %g", row, i, v, d, scale)
			}
		}
		if total != sum {
			t.Errorf("row %v: sum %d, want %d", row, sum, total)
		}
		for octet := 0; octet < len(bytes); octet += 8 {
			for _, group := range [][4]int{{0, 1, 4, 5}, {2, 3, 6, 7}} {
				var positive, negative int
				for _, i := range group {
					v := int(int8(bytes[octet+i]))
					positive, negative = positive+max(v, 0), negative+max(-v, 0)
				}
				if positive*255 > math.MaxInt16 || negative*255 > -math.MinInt16 {
					t.Fatalf("row %v: a group adds up to %d and -%d", row, positive, negative)
				}
			}
		}
	}
}
