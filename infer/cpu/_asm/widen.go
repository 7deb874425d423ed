package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func widenF16() {
	widen("widenF16", "IEEE halves", func(from Mem, to reg.VecVirtual) { VCVTPH2PS(from, to) })
}

func widenBF16() {
	widen("widenBF16", "bfloat16 numbers, the upper halves of float32,", func(from Mem, to reg.VecVirtual) {
		VPMOVZXWD(from, to)
		VPSLLD(Imm(16), to, to)
	})
}

func widen(name, what string, convert func(from Mem, to reg.VecVirtual)) {
	function(name, "func(dst *float32, src *byte, vectors int)",
		"converts whole vectors of "+what+" to float32.")
	dst, src, n := param("dst"), param("src"), param("vectors")
	Label("loop")
	v := t.vector()
	convert(Mem{Base: src}, v)
	VMOVUPS(v, Mem{Base: dst})
	ADDQ(imm(t.width/2), src)
	ADDQ(imm(t.width), dst)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
