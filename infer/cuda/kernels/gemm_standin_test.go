//go:build standin

package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// problem is x·wᵀ + bias with what is added to, and its sums in float64.
type problem struct {
	x, w, bias matrix
	old        matrix    // [T, N] f32
	sums       []float64 // [T, pitch of N] products without bias
	sizes      []float64 // of what is added, bias included
}

func newProblem(r *rand.Rand, e Element, t, n, k int) problem {
	p := problem{x: newMatrix(r, e, t, k, 1), w: newMatrix(r, e, Pitch(n), k, 1/math.Sqrt(float64(k))),
		bias: newMatrix(r, F32, 1, n, 1), old: newMatrix(r, F32, t, n, 1)}
	// Rows of weights behind N are zeros.
	for i := n * p.w.pitch(); i < len(p.w.numbers); i++ {
		p.w.numbers[i] = 0
	}
	p.w.stored = stored(e, p.w.numbers)
	pitch := p.old.pitch()
	p.sums, p.sizes = make([]float64, t*pitch), make([]float64, t*pitch)
	for row := range t {
		for c := range n {
			var sum, size float64
			x, w := p.x.numbers[row*p.x.pitch():][:k], p.w.numbers[c*p.w.pitch():][:k]
			for i := range x {
				sum += x[i] * w[i]
				size += math.Abs(x[i] * w[i])
			}
			p.sums[row*pitch+c], p.sizes[row*pitch+c] = sum, size+math.Abs(p.bias.at(0, c))
		}
	}
	return p
}

// want returns what an operation makes of the sums, and adds to the sizes what it adds.
func (p problem) want(op Op, rotate rotation) []float64 {
	t, n, pitch := p.x.rows, p.old.width, p.old.pitch()
	want := slices.Clone(p.sums)
	switch op {
	case QKV:
		for row := range t {
			rotate.turn(want[row*pitch:][:n], p.bias.numbers, row)
			for i := range n { // an output is made of two sums
				p.sizes[row*pitch+i] = 10 + p.sizes[row*pitch+i]
			}
		}
	case Add, FeedUp:
		for i := range want {
			want[i] += p.bias.at(0, i%pitch)
			if op == FeedUp {
				want[i] = geluOf(want[i])
			} else {
				want[i] += p.old.numbers[i]
				p.sizes[i] += math.Abs(p.old.numbers[i])
			}
		}
	}
	return want
}

// out is where an operation's result goes, and of what type it is.
func (p problem) out(op Op, e Element) (Element, values) {
	if op == Add {
		return F32, slices.Clone(p.old.stored.([]float32))
	}
	return e, poisoned(e, p.x.rows*p.old.pitch())
}

// run launches and compares.
func (p problem) run(s *standin, op Op, e Element, tile Tile, rotate rotation) error {
	t, n, pitch := p.x.rows, p.old.width, p.old.pitch()
	element, out := p.out(op, e)
	var rest []any
	if op == QKV {
		rest = []any{rotate.table, rotate.positions}
	}
	arguments := append([]any{out, p.x.stored, p.w.stored, p.bias.stored}, rest...)
	arguments = append(arguments, t, pitch, p.x.pitch())
	if op == QKV {
		arguments = append(arguments, rotate.headDim)
	}
	if err := s.launch(GEMM(op, e, tile, t, pitch), t+n, arguments...); err != nil {
		return err
	}
	return close(element, out, p.want(op, rotate), p.sizes, n)
}

// split cuts a number of tokens into sequences.
func split(tokens int) (lengths []int) {
	for length := 5; tokens > 0; length += 17 {
		length = min(length, tokens)
		lengths = append(lengths, length)
		tokens -= length
	}
	return lengths
}

func gemmChecks() (checks []check) {
	for _, e := range []Element{BF16, F16} {
		for _, op := range []Op{Add, FeedUp, QKV} {
			shapes := tiles[op]
			for _, tile := range slices.Backward(shapes) {
				type shape struct{ t, n, k int }
				problems := []shape{{129, tile.Columns + 8, 72}, {1, 8, 8}, {127, 1, 1}, {128, tile.Columns, 32}, {65, tile.Columns - 8, 200}}
				if e == BF16 && tile == shapes[len(shapes)-1] { // more than 8 tiles of rows
					problems = append(problems, shape{1100, tile.Columns + 5, 33})
				}
				for _, shape := range problems {
					if op == QKV {
						for _, d := range []int{16, 24, 32, 64, 128} {
							heads := max(1, (shape.n/3+d-1)/d)
							if tile.Columns%d != 0 || shape.t > 1000 && d != 24 {
								continue
							}
							name := fmt.Sprintf("%s %s %s T=%d D=%d A=%d K=%d", op, e, tile, shape.t, d, heads, shape.k)
							checks = append(checks, check{"gemm.cu", name, func(s *standin, r *rand.Rand) error {
								p := newProblem(r, e, shape.t, 3*heads*d, shape.k)
								return p.run(s, op, e, tile, newRotation(split(shape.t), d))
							}})
						}
						continue
					}
					name := fmt.Sprintf("%s %s %s T=%d N=%d K=%d", op, e, tile, shape.t, shape.n, shape.k)
					checks = append(checks, check{"gemm.cu", name, func(s *standin, r *rand.Rand) error {
						return newProblem(r, e, shape.t, shape.n, shape.k).run(s, op, e, tile, rotation{})
					}})
				}
			}
		}
	}
	return append(checks, check{"gemm.cu", "all tiles give the same bits", func(s *standin, r *rand.Rand) error {
		const t, n, k = 130, 264, 136
		for _, op := range []Op{FeedUp, Add} {
			p := newProblem(r, BF16, t, n, k)
			var first []byte
			for _, tile := range tiles[op] {
				out := any(make([]uint16, t*n))
				if op == Add {
					out = slices.Clone(p.old.stored.([]float32))
				}
				if err := s.launch(GEMM(op, BF16, tile, t, n), 1, out, p.x.stored, p.w.stored, p.bias.stored, t, n, k); err != nil {
					return err
				}
				bits := fmt.Append(nil, out)
				if first == nil {
					first = bits
				} else if string(bits) != string(first) {
					return fmt.Errorf("%s: tile %s differs from %s", op, tile, tiles[op][0])
				}
			}
		}
		return nil
	}})
}

func gemmF32Checks() (checks []check) {
	for _, op := range []Op{Product, FeedUp, Add} {
		for _, shape := range []struct{ t, n, k int }{{1, 1, 1}, {127, 8, 16}, {128, 128, 17}, {129, 260, 40}, {66, 131, 515}} {
			name := fmt.Sprintf("%s T=%d N=%d K=%d", op, shape.t, shape.n, shape.k)
			checks = append(checks, check{"gemm_f32.cu", name, func(s *standin, r *rand.Rand) error {
				return newProblem(r, F32, shape.t, shape.n, shape.k).run(s, op, F32, Tile{}, rotation{})
			}})
		}
	}
	return checks
}
