package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// chunks runs body for each panel that holds some of the keys: n of them, from lane first of the first panel on. body
// gets the bytes of the lane it begins at and the number of keys; panel is at the panel's first lane, and moves on.
func chunks(label string, panel, first, n, stride reg.GPVirtual, body func(lane, keys reg.GPVirtual)) {
	Label(label + "_chunks")
	keys, lane := GP64(), GP64()
	MOVQ(imm(t.panel()/4), keys)
	SUBQ(first, keys)
	CMPQ(keys, n)
	CMOVQGT(n, keys)
	SUBQ(keys, n)
	LEAQ(Mem{Base: panel, Index: first, Scale: 4}, lane)
	body(lane, keys)
	XORQ(first, first)
	ADDQ(stride, panel)
	TESTQ(n, n)
	JNZ(LabelRef(label + "_chunks"))
}

// scores writes the scores of keys and a panel of queries.
func scores() {
	function("scores", "func(queries, keys *float32, first, n, depth, stride int, scores, maximum *float32)",
		"writes scores [n][panel] of n keys, at least one, and a panel of queries [depth][panel], and raises\n"+
			"maximum [panel] to the largest score. The keys [depth] are columns of panels that are stride bytes apart, from column\n"+
			"first of the panel at keys on.")
	queries, panel, first, n, stride := param("queries"), param("keys"), param("first"), param("n"), param("stride")
	out, maximum := param("scores"), param("maximum")

	group := func(label string, rows int, lane reg.GPVirtual) {
		left, right := GP64(), GP64()
		MOVQ(lane, left)
		MOVQ(queries, right)
		depth := param("depth")
		sums := newTile(rows)
		depths(label, depth, func(step int) {
			sums.step(right, step, func(row int) Mem { return Mem{Base: left, Disp: step*t.panel() + 4*row} })
		}, func(steps int) {
			ADDQ(imm(steps*t.panel()), left)
			ADDQ(imm(steps*t.panel()), right)
		})
		sums.each(out, func(sum reg.VecVirtual, place Mem) { VMOVUPS(sum, place) })
		ADDQ(imm(rows*t.panel()), out)
		for j := range t.vectors {
			largest := t.vector()
			VMOVUPS(at(maximum, 0, j), largest)
			for i := range rows {
				VMAXPS(sums.sums[i*t.vectors+j], largest, largest)
			}
			VMOVUPS(largest, at(maximum, 0, j))
		}
		ADDQ(imm(4*rows), lane)
	}

	chunks("keys", panel, first, n, stride, func(lane, keys reg.GPVirtual) {
		SUBQ(imm(t.rows), keys)
		JL(LabelRef("rest"))
		Label("tiles")
		group("tile", t.rows, lane)
		SUBQ(imm(t.rows), keys)
		JGE(LabelRef("tiles"))
		Label("rest")
		ADDQ(imm(t.rows), keys)
		JZ(LabelRef("next"))
		Label("singles")
		group("single", 1, lane)
		DECQ(keys)
		JNZ(LabelRef("singles"))
		Label("next")
	})
	VZEROUPPER()
	RET()
}

// values sums values weighted by probabilities.
func values() {
	function("values", "func(weights, values *float32, first, n, rows, stride int, scale, sums, factor, out *float32)",
		"adds n values, at least one, times their weights [n][panel] and writes out [rows][panel]. The values\n"+
			"[rows] are columns of panels that are stride bytes apart, from column first of the panel at values on. Where scale\n"+
			"[panel] is not nil, scale times sums [rows][panel] is added; where factor [panel] is not nil, the result is\n"+
			"multiplied by it.")
	weights, panel, rows, stride := param("weights"), param("values"), param("rows"), param("stride")
	scale, before, factor, out := param("scale"), param("sums"), param("factor"), param("out")

	block := func(label string, height int) {
		at0, right, first, n := GP64(), GP64(), param("first"), param("n")
		MOVQ(panel, at0)
		MOVQ(weights, right)
		sums := newTile(height)
		chunks(label, at0, first, n, stride, func(lane, keys reg.GPVirtual) {
			depths(label, keys, func(step int) {
				sums.step(right, step, func(row int) Mem { return Mem{Base: lane, Disp: row*t.panel() + 4*step} })
			}, func(steps int) {
				ADDQ(imm(4*steps), lane)
				ADDQ(imm(steps*t.panel()), right)
			})
		})
		optional(label+"_scale", scale, func() {
			for j := range t.vectors {
				factor := t.vector()
				VMOVUPS(at(scale, 0, j), factor)
				for i := range height {
					VFMADD231PS(at(before, i, j), factor, sums.sums[i*t.vectors+j])
				}
			}
			ADDQ(imm(height*t.panel()), before)
		})
		optional(label+"_factor", factor, func() {
			for j := range t.vectors {
				value := t.vector()
				VMOVUPS(at(factor, 0, j), value)
				for i := range height {
					sum := sums.sums[i*t.vectors+j]
					VMULPS(value, sum, sum)
				}
			}
		})
		sums.each(out, func(sum reg.VecVirtual, place Mem) { VMOVUPS(sum, place) })
		ADDQ(imm(height*t.panel()), out)
		ADDQ(imm(height*t.panel()), panel)
	}

	SUBQ(imm(t.rows), rows)
	JL(LabelRef("rest"))
	Label("tiles")
	block("tile", t.rows)
	SUBQ(imm(t.rows), rows)
	JGE(LabelRef("tiles"))
	Label("rest")
	ADDQ(imm(t.rows), rows)
	JZ(LabelRef("end"))
	Label("singles")
	block("row", 1)
	DECQ(rows)
	JNZ(LabelRef("singles"))
	Label("end")
	VZEROUPPER()
	RET()
}
