package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tile multiplies rows of broadcast values by rows of a panel: rows x vectors sums in registers.
type tile struct {
	rows int
	sums []reg.VecVirtual
}

func newTile(rows int) tile {
	s := tile{rows, vectors(rows * t.vectors)}
	zero(s.sums)
	return s
}

// step adds the products of one depth: row step of the panel at right, and the value that left gives for each row.
func (s tile) step(right reg.Register, step int, left func(row int) Mem) {
	row := vectors(t.vectors)
	for j := range row {
		VMOVUPS(at(right, step, j), row[j])
	}
	value := t.vector()
	for i := range s.rows {
		VBROADCASTSS(left(i), value)
		for j := range row {
			VFMADD231PS(row[j], value, s.sums[i*t.vectors+j])
		}
	}
}

// each calls f for every sum with its place in a tile [rows][panel] in memory.
func (s tile) each(base reg.Register, f func(sum reg.VecVirtual, place Mem)) {
	for i := range s.rows {
		for j := range t.vectors {
			f(s.sums[i*t.vectors+j], at(base, i, j))
		}
	}
}

// unroll is how many depths a loop takes at a time.
const unroll = 4

// depths runs body for each of count depths; advance moves the pointers by that many.
func depths(label string, count reg.GPVirtual, body func(step int), advance func(steps int)) {
	loop, tail, single, done := label+"_loop", label+"_tail", label+"_single", label+"_done"
	SUBQ(imm(unroll), count)
	JL(LabelRef(tail))
	Label(loop)
	for step := range unroll {
		body(step)
	}
	advance(unroll)
	SUBQ(imm(unroll), count)
	JGE(LabelRef(loop))
	Label(tail)
	ADDQ(imm(unroll), count)
	JZ(LabelRef(done))
	Label(single)
	body(0)
	advance(1)
	DECQ(count)
	JNZ(LabelRef(single))
	Label(done)
}

// run is how many products a sum takes before the sum of the next ones begins at zero. Rounding errors grow with what is
// already summed: where some terms are much larger than the others, as with the outlier channels of trained models, the
// ones after them would all be rounded at their size.
const run = 160

// runs calls products for each run of the depths, with their number, and leaves the sum of the runs in sums.
func runs(label string, sums tile, products func(count reg.GPVirtual)) {
	again, store, last, done := label+"_run", label+"_store", label+"_last", label+"_summed"
	left := param("depth")
	Label(again)
	count := GP64()
	MOVQ(imm(run), count)
	CMPQ(left, count)
	CMOVQLT(left, count)
	products(count)
	CMPQ(left, imm(run))
	JLE(LabelRef(last))
	place := param("tile")
	CMPQ(left, argument("depth"))
	JEQ(LabelRef(store))
	sums.each(place, func(sum reg.VecVirtual, place Mem) { VADDPS(place, sum, sum) })
	Label(store)
	sums.each(place, func(sum reg.VecVirtual, place Mem) { VMOVUPS(sum, place) })
	zero(sums.sums)
	SUBQ(imm(run), left)
	JMP(LabelRef(again))
	Label(last)
	CMPQ(left, argument("depth"))
	JEQ(LabelRef(done))
	place = param("tile")
	sums.each(place, func(sum reg.VecVirtual, place Mem) { VADDPS(place, sum, sum) })
	Label(done)
}

// linear writes weights·x for rows of weights.
func linear() {
	function("linear", "func(weights *byte, stride int, x *float32, depth, rows int, partial, bias, residual, out, tile *float32)",
		"multiplies rows of weights, stride bytes apart, by depth rows of a panel x. To each sum it adds,\n"+
			"in this order and where they are not nil, partial [rows][panel], bias [rows] and residual [rows][panel], and writes\n"+
			"out [rows][panel]. Every run of "+strconv.Itoa(run)+" depths is summed by itself, the sums of the runs in their order; tile is memory\n"+
			"for the sums of a tile of registers.")
	weights, stride, x, rows := param("weights"), param("stride"), param("x"), param("rows")
	partial, bias, residual, out := param("partial"), param("bias"), param("residual"), param("out")
	triple := GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, triple)

	block := func(label string, n int) {
		var bases []reg.GPVirtual
		for i := 0; i < n; i += 4 {
			base := GP64()
			if i == 0 {
				MOVQ(weights, base)
			} else {
				LEAQ(Mem{Base: bases[len(bases)-1], Index: stride, Scale: 4}, base)
			}
			bases = append(bases, base)
		}
		right := GP64()
		MOVQ(x, right)
		sums := newTile(n)
		runs(label, sums, func(count reg.GPVirtual) {
			depths(label, count, func(step int) {
				sums.step(right, step, func(row int) Mem {
					m := Mem{Base: bases[row/4], Disp: 4 * step}
					switch row % 4 {
					case 1:
						m.Index, m.Scale = stride, 1
					case 2:
						m.Index, m.Scale = stride, 2
					case 3:
						m.Index, m.Scale = triple, 1
					}
					return m
				})
			}, func(steps int) {
				for _, base := range bases {
					ADDQ(imm(4*steps), base)
				}
				ADDQ(imm(steps*t.panel()), right)
			})
		})

		optional(label+"_partial", partial, func() {
			sums.each(partial, func(sum reg.VecVirtual, place Mem) { VADDPS(place, sum, sum) })
			ADDQ(imm(n*t.panel()), partial)
		})
		optional(label+"_bias", bias, func() {
			value := t.vector()
			for i := range n {
				VBROADCASTSS(Mem{Base: bias, Disp: 4 * i}, value)
				for j := range t.vectors {
					sum := sums.sums[i*t.vectors+j]
					VADDPS(value, sum, sum)
				}
			}
			ADDQ(imm(4*n), bias)
		})
		optional(label+"_residual", residual, func() {
			sums.each(residual, func(sum reg.VecVirtual, place Mem) { VADDPS(place, sum, sum) })
			ADDQ(imm(n*t.panel()), residual)
		})
		sums.each(out, func(sum reg.VecVirtual, place Mem) { VMOVUPS(sum, place) })
		ADDQ(imm(n*t.panel()), out)
	}

	// The same sums row by row for what is left of the rows: every sum adds its products in the order of the depths.
	SUBQ(imm(t.rows), rows)
	JL(LabelRef("rest"))
	Label("tiles")
	block("tile", t.rows)
	LEAQ(Mem{Base: weights, Index: stride, Scale: 4}, weights)
	if t.rows == 8 {
		LEAQ(Mem{Base: weights, Index: stride, Scale: 4}, weights)
	}
	SUBQ(imm(t.rows), rows)
	JGE(LabelRef("tiles"))
	Label("rest")
	ADDQ(imm(t.rows), rows)
	JZ(LabelRef("end"))
	Label("singles")
	block("row", 1)
	ADDQ(stride, weights)
	DECQ(rows)
	JNZ(LabelRef("singles"))
	Label("end")
	VZEROUPPER()
	RET()
}

// optional runs body where the pointer is not nil.
func optional(label string, pointer reg.GPVirtual, body func()) {
	TESTQ(pointer, pointer)
	JZ(LabelRef(label))
	body()
	Label(label)
}
