package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// rotate turns queries or keys of one head by their positions.
func rotate() {
	function("rotate", "func(x, cos, sin *float32, half int, scale float32)",
		"multiplies x [2·half][panel] by scale and turns rows i and i + half by the angle whose cosine and sine\n"+
			"are row i of cos and sin [half][panel].")
	top, bottom, cos, sin, half := param("x"), GP64(), param("cos"), param("sin"), param("half")
	scale := broadcast("scale")
	IMUL3Q(imm(t.panel()), half, bottom)
	ADDQ(top, bottom)
	Label("loop")
	for j := range t.vectors {
		a, b, c, s := t.vector(), t.vector(), t.vector(), t.vector()
		VMULPS(at(top, 0, j), scale, a)
		VMULPS(at(bottom, 0, j), scale, b)
		VMOVUPS(at(cos, 0, j), c)
		VMOVUPS(at(sin, 0, j), s)
		turnedA, turnedB := t.vector(), t.vector()
		VMULPS(s, b, turnedA)
		VFMSUB231PS(c, a, turnedA)
		VMULPS(s, a, turnedB)
		VFMADD231PS(c, b, turnedB)
		VMOVUPS(turnedA, at(top, 0, j))
		VMOVUPS(turnedB, at(bottom, 0, j))
	}
	for _, pointer := range []Op{top, bottom, cos, sin} {
		ADDQ(imm(t.panel()), pointer)
	}
	DECQ(half)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
