//go:build standin

package kernels

import (
	"fmt"
	"math/rand/v2"
)

// tensorMap is an argument's element: a matrix of 16 bits and the tile of one copy.
type tensorMap struct {
	data          values
	rows, columns int
	box           Tile
}

// runHopper is run for the GEMM of Hopper, of the first t rows.
func (p problem) runHopper(s *standin, op Op, t int, rotate rotation) error {
	n, pitch := p.old.width, p.old.pitch()
	l, ok := HopperGEMM(op, BF16, rotate.headDim, t, pitch, 3)
	if !ok {
		return fmt.Errorf("no kernel")
	}
	element, out := p.out(op, BF16)
	maps := []tensorMap{{p.x.stored, p.x.rows, p.x.pitch(), HopperBoxes[0]}, {p.w.stored, p.w.rows, p.w.pitch(), HopperBoxes[1]}}
	arguments := []any{nil}
	if op == Add {
		arguments = append(arguments, out)
	} else {
		maps = append(maps, tensorMap{out, p.x.rows, pitch, HopperBoxes[2]})
	}
	arguments[0] = maps
	arguments = append(arguments, p.bias.stored)
	if op == QKV {
		arguments = append(arguments, rotate.table, rotate.positions)
	}
	if err := s.launch(l, t+n, append(arguments, t, pitch, p.x.pitch())...); err != nil {
		return err
	}
	want := p.want(op, rotate)[:t*pitch]
	switch v := out.(type) {
	case []uint16:
		out = v[:t*pitch]
	case []float32:
		out = v[:t*pitch]
	}
	return close(element, out, want, p.sizes[:t*pitch], n)
}

// hopperChecks has one tile and several, more of them than the 3 blocks there are, and tails of everything; K of one step,
// of as many as there are stages, and of more.
func hopperChecks() (checks []check) {
	for _, op := range []Op{Add, FeedUp, QKV} {
		for _, shape := range []struct{ rows, t, n, k int }{
			{128, 128, 256, 64}, {1, 1, 8, 8}, {129, 129, 264, 72}, {65, 65, 248, 256}, {130, 100, 768, 520}, {1100, 1100, 264, 40},
		} {
			for _, d := range []int{64, 128} {
				source, rotate, n := fmt.Sprintf("gemm90_%s.cu", op), rotation{}, shape.n
				if op == QKV {
					source, n = fmt.Sprintf("gemm90_qkv%d.cu", d), 3*d*max(1, shape.n/3/d)
				} else if d == 128 {
					continue
				}
				name := fmt.Sprintf("T=%d of %d N=%d K=%d", shape.t, shape.rows, n, shape.k)
				checks = append(checks, check{source, name, func(s *standin, r *rand.Rand) error {
					if op == QKV {
						rotate = newRotation(split(shape.rows), d)
					}
					return newProblem(r, BF16, shape.rows, n, shape.k).runHopper(s, op, shape.t, rotate)
				}})
			}
		}
	}
	return checks
}
