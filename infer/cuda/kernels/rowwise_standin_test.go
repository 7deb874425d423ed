//go:build standin

package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// check is one comparison of a kernel with its definition; it returns what is wrong.
type check struct {
	source string // the file that it tests
	name   string
	run    func(s *standin, r *rand.Rand) error
}

// all are the checks, in every source's own order.
func all() (checks []check) {
	checks = append(checks, embedChecks()...)
	checks = append(checks, normChecks()...)
	checks = append(checks, rotaryChecks()...)
	checks = append(checks, geluChecks()...)
	checks = append(checks, meanChecks()...)
	checks = append(checks, gatherChecks()...)
	checks = append(checks, nonfiniteChecks()...)
	checks = append(checks, gemmChecks()...)
	checks = append(checks, gemmF32Checks()...)
	checks = append(checks, hopperChecks()...)
	checks = append(checks, attentionChecks()...)
	checks = append(checks, attentionF32Checks()...)
	return checks
}

func TestKernels(t *testing.T) {
	s := start(t, nil)
	for _, c := range all() {
		t.Run(c.source+"/"+c.name, func(t *testing.T) {
			if err := c.run(s, rand.New(rand.NewPCG(1, 2))); err != nil {
				t.Fatal(err)
			}
		})
	}
}

var elements = []Element{BF16, F16, F32}

func embedChecks() (checks []check) {
	for _, e := range elements {
		for _, width := range []int{1, 24, 320} {
			checks = append(checks, check{"embed.cu", fmt.Sprintf("%s H=%d", e, width), func(s *standin, r *rand.Rand) error {
				const tokens, scale = 37, 0.88
				table := newMatrix(r, e, 33, width, 1)
				ids := make([]uint8, tokens)
				want := make([]float64, tokens*table.pitch())
				for t := range ids {
					ids[t] = uint8(r.IntN(33))
					for c := range table.pitch() {
						want[t*table.pitch()+c] = table.at(int(ids[t]), c) * float64(float32(scale))
					}
				}
				x := poisoned(F32, tokens*table.pitch())
				if err := s.launch(Embed(e, tokens, table.pitch()), 1, x, table.stored, ids, tokens, table.pitch(), scale); err != nil {
					return err
				}
				return close(F32, x, want, want, width)
			}})
		}
	}
	return checks
}

func normChecks() (checks []check) {
	for _, e := range elements {
		for _, width := range []int{1, 7, 16, 33, 320, 511, 512, 1280, 2556, 2560, 5120, 5115} {
			checks = append(checks, check{"norm.cu", fmt.Sprintf("%s H=%d", e, width), func(s *standin, r *rand.Rand) error {
				const tokens, eps = 11, 1e-5
				x, gain, bias := newMatrix(r, F32, tokens, width, 3), newMatrix(r, F32, 1, width, 1), newMatrix(r, F32, 1, width, 1)
				for c := range width { // a row far from 0, and one that is small against eps
					x.numbers[x.pitch()+c] += 50
					x.numbers[2*x.pitch()+c] *= 1e-3
				}
				x.stored = stored(F32, x.numbers)
				x.numbers = numbers(F32, x.stored)
				want, sizes := layerNorm(x, gain, bias, eps)
				y := poisoned(e, tokens*x.pitch())
				if err := s.launch(Norm(e, tokens, width), 1, y, x.stored, gain.stored, bias.stored, tokens, width, x.pitch(), eps); err != nil {
					return err
				}
				return close(e, y, want, sizes, width)
			}})
		}
	}
	return checks
}

// layerNorm is the reference, and how large results would be if the mean were not subtracted.
func layerNorm(x, gain, bias matrix, eps float64) (want, sizes []float64) {
	want, sizes = make([]float64, len(x.numbers)), make([]float64, len(x.numbers))
	for row := range x.rows {
		var mean, variance, largest float64
		for c := range x.width {
			mean += x.at(row, c) / float64(x.width)
			largest = max(largest, math.Abs(x.at(row, c)))
		}
		for c := range x.width {
			variance += (x.at(row, c) - mean) * (x.at(row, c) - mean) / float64(x.width)
		}
		for c := range x.width {
			i, scale := row*x.pitch()+c, 1/math.Sqrt(variance+eps)
			want[i] = (x.at(row, c)-mean)*scale*gain.at(0, c) + bias.at(0, c)
			sizes[i] = largest*scale*math.Abs(gain.at(0, c)) + math.Abs(bias.at(0, c))
		}
	}
	return want, sizes
}

// rotation is a rotary table with the positions of sequences of some lengths.
type rotation struct {
	table     []float32 // [P, D/2, 2]
	positions []int32
	headDim   int
}

func newRotation(lengths []int, headDim int) rotation {
	n := rotation{headDim: headDim}
	for _, length := range lengths {
		for p := range length {
			n.positions = append(n.positions, int32(p))
			if len(n.table) == p*headDim {
				for i := range headDim / 2 {
					sin, cos := math.Sincos(float64(p) * math.Pow(10000, -2*float64(i)/float64(headDim)))
					n.table = append(n.table, float32(cos), float32(sin))
				}
			}
		}
	}
	return n
}

// turn does to a row of products of one token what LinearQKV does, bias included.
func (n rotation) turn(row, bias []float64, token int) {
	hidden, half := len(row)/3, n.headDim/2
	for i := range row {
		row[i] += bias[i]
	}
	for head := 0; head < 2*hidden; head += n.headDim {
		for i := range half {
			cos, sin := n.table[int(n.positions[token])*n.headDim+2*i], n.table[int(n.positions[token])*n.headDim+2*i+1]
			a, b := row[head+i], row[head+half+i]
			row[head+i], row[head+half+i] = a*float64(cos)-b*float64(sin), b*float64(cos)+a*float64(sin)
		}
	}
	for i := range hidden {
		row[i] /= math.Sqrt(float64(n.headDim))
	}
}

func rotaryChecks() (checks []check) {
	checks = append(checks, check{"rotary.cu", "table", func(s *standin, r *rand.Rand) error {
		const positions, half = 5000, 12
		frequencies := make([]float32, half)
		for i := range frequencies {
			frequencies[i] = r.Float32()
		}
		table := poisoned(F32, positions*half*2)
		if err := s.launch(RotaryTable(positions, half), 1, table, frequencies, positions, half); err != nil {
			return err
		}
		want := make([]float64, positions*half*2)
		for p := range positions {
			for i, f := range frequencies {
				want[2*(p*half+i)+1], want[2*(p*half+i)] = math.Sincos(float64(p) * float64(f))
			}
		}
		return closeWithin(F32, table, want, want, 8, 0)
	}})
	for _, e := range elements {
		for _, d := range []int{2, 6, 16, 24, 32, 64, 128} {
			for _, heads := range []int{1, 3} {
				checks = append(checks, check{"rotary.cu", fmt.Sprintf("%s D=%d A=%d", e, d, heads), func(s *standin, r *rand.Rand) error {
					n := newRotation([]int{3, 1, 9}, d)
					tokens, hidden := len(n.positions), heads*d
					qkv, bias := newMatrix(r, e, tokens, 3*hidden, 2), newMatrix(r, F32, 1, 3*hidden, 1)
					want, sizes := append([]float64{}, qkv.numbers...), make([]float64, len(qkv.numbers))
					for t := range tokens {
						n.turn(want[t*qkv.pitch():][:3*hidden], bias.numbers, t)
						for i := range sizes[t*qkv.pitch():][:qkv.pitch()] {
							sizes[t*qkv.pitch()+i] = 10
						}
					}
					err := s.launch(Rotary(e, tokens), 1, qkv.stored, bias.stored, n.table, n.positions, tokens, hidden, qkv.pitch(), d)
					if err != nil {
						return err
					}
					return close(e, qkv.stored, want, sizes, 3*hidden)
				}})
			}
		}
	}
	return checks
}

func geluOf(x float64) float64 {
	if x < 0 {
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	}
	return x / 2 * (1 + math.Erf(x/math.Sqrt2))
}

func geluChecks() (checks []check) {
	for _, e := range []Element{BF16, F16} {
		checks = append(checks, check{"gelu.cu", string(e), func(s *standin, r *rand.Rand) error {
			x, bias := newMatrix(r, e, 13, 328, 2), newMatrix(r, F32, 1, 328, 1)
			want, sizes := make([]float64, len(x.numbers)), make([]float64, len(x.numbers))
			for i, v := range x.numbers {
				sum := v + bias.numbers[i%328]
				want[i], sizes[i] = geluOf(sum), max(1, math.Abs(sum))
			}
			if err := s.launch(GELU(e, 13, 328), 1, x.stored, bias.stored, 13, 328); err != nil {
				return err
			}
			return close(e, x.stored, want, sizes, 328)
		}})
	}
	return checks
}

func meanChecks() (checks []check) {
	for _, width := range []int{1, 9, 128, 130, 320} {
		checks = append(checks, check{"mean.cu", fmt.Sprintf("H=%d", width), func(s *standin, r *rand.Rand) error {
			lengths := []int{3, 2, 1, 130, 20000, 4, 12}
			if width > 9 {
				lengths[4] = 100
			}
			cumulative := []int32{0}
			for _, length := range lengths {
				cumulative = append(cumulative, cumulative[len(cumulative)-1]+int32(length))
			}
			x := newMatrix(r, F32, int(cumulative[len(lengths)]), width, 1)
			for i := range x.numbers {
				if i%x.pitch() < width {
					x.numbers[i] = 0.3 + x.numbers[i]/1e5 // sums that lose digits, always the same way
				}
			}
			x.stored = stored(F32, x.numbers)
			x.numbers = numbers(F32, x.stored)
			pooled := make([]float32, len(lengths)*width)
			if err := s.launch(Mean(len(lengths), x.pitch()), 1, pooled, x.stored, cumulative, width, x.pitch()); err != nil {
				return err
			}
			for b, length := range lengths {
				for c := range width {
					var want float64
					for t := 1; t < length-1; t++ {
						want += x.at(int(cumulative[b])+t, c)
					}
					want /= float64(max(length-2, 1))
					if got := float64(pooled[b*width+c]); !(math.Abs(got-want) <= 0x1p-21*math.Abs(want)) {
						return fmt.Errorf("sequence of %d column %d: got %g, want %g", length, c, got, want)
					}
				}
			}
			return nil
		}})
	}
	return checks
}

func gatherChecks() (checks []check) {
	for _, types := range [][2]Element{{F32, F32}, {F32, BF16}, {F32, F16}, {BF16, F32}, {F16, F32}} {
		for _, width := range []int{1, 31, 320} {
			for _, listed := range []bool{false, true} {
				name := fmt.Sprintf("%s to %s H=%d listed=%v", types[0], types[1], width, listed)
				checks = append(checks, check{"gather.cu", name, func(s *standin, r *rand.Rand) error {
					src := newMatrix(r, types[0], 20, width, 1)
					for i := range src.numbers { // what is behind the width must not get through
						if i%src.pitch() >= width {
							src.numbers[i] = 7
						}
					}
					src.stored = stored(types[0], src.numbers)
					rows, list := []int32{3, 19, 0, 3, 4, 5, 6, 7, 8, 18, 2}, any(nil)
					if listed {
						list = rows
					}
					dst, want := poisoned(types[1], len(rows)*src.pitch()), make([]float64, len(rows)*src.pitch())
					for i, row := range rows {
						if !listed {
							row = int32(i)
						}
						for c := range width {
							want[i*src.pitch()+c] = src.at(int(row), c)
						}
					}
					err := s.launch(Gather(types[0], types[1], len(rows)), 1, dst, src.stored, list, len(rows), width, src.pitch(), src.pitch())
					if err != nil {
						return err
					}
					return closeWithin(types[1], dst, want, want, width, 0)
				}})
			}
		}
	}
	return checks
}

func nonfiniteChecks() []check {
	return []check{{"nonfinite.cu", "rows", func(s *standin, r *rand.Rand) error {
		for _, width := range []int{1, 31, 33, 320} {
			x := make([]float32, 19*width)
			for i := range x {
				x[i] = float32(r.NormFloat64() * 1e30)
			}
			want := make([]int32, 19)
			for row, bad := range map[int]float64{0: math.NaN(), 3: math.Inf(1), 8: math.Inf(-1), 18: math.NaN()} {
				x[row*width+(row*7+width-1)%width] = float32(bad)
				want[row] = 1
			}
			flags := []int32{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}
			if err := s.launch(Nonfinite(19), 1, flags, x, 19, width); err != nil {
				return err
			}
			if fmt.Sprint(flags) != fmt.Sprint(want) {
				return fmt.Errorf("H=%d: %v, want %v", width, flags, want)
			}
		}
		return nil
	}}}
}
