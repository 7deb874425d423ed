package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// norm is layer norm, a token in each lane: all sums run down the rows.
func norm() {
	function("norm", "func(out, x, gain, bias *float32, rows int, size, eps float32)",
		"writes the layer norm of the columns of x [rows][panel]. gain and bias are [rows]; size is rows.")
	mean := reduce("mean", func(x reg.VecVirtual, _ int, sum reg.VecVirtual) { VADDPS(x, sum, sum) })
	divide(mean)
	scale := reduce("variance", func(x reg.VecVirtual, j int, sum reg.VecVirtual) {
		VSUBPS(mean[j], x, x)
		VFMADD231PS(x, x, sum)
	})
	divide(scale)
	eps, one := broadcast("eps"), t.vector()
	VMOVUPS(floats("one", 1), one)
	for _, s := range scale {
		VADDPS(eps, s, s)
		VSQRTPS(s, s)
		VDIVPS(s, one, s)
	}

	out, x, gain, bias, rows := param("out"), param("x"), param("gain"), param("bias"), param("rows")
	depths("write", rows, func(step int) {
		g, b := t.vector(), t.vector()
		VBROADCASTSS(Mem{Base: gain, Disp: 4 * step}, g)
		VBROADCASTSS(Mem{Base: bias, Disp: 4 * step}, b)
		for j := range t.vectors {
			value := t.vector()
			VMOVUPS(at(x, step, j), value)
			VSUBPS(mean[j], value, value)
			VMULPS(scale[j], value, value)
			VFMADD213PS(b, g, value)
			VMOVUPS(value, at(out, step, j))
		}
	}, func(steps int) {
		ADDQ(imm(steps*t.panel()), x)
		ADDQ(imm(steps*t.panel()), out)
		ADDQ(imm(4*steps), gain)
		ADDQ(imm(4*steps), bias)
	})
	VZEROUPPER()
	RET()
}

// divide divides sums over the rows by their number.
func divide(sums []reg.VecVirtual) {
	size := broadcast("size")
	for _, sum := range sums {
		VDIVPS(size, sum, sum)
	}
}

// reduce sums what add makes of each row of x, in as many interleaved chains as a loop has steps.
func reduce(label string, add func(x reg.VecVirtual, j int, sum reg.VecVirtual)) []reg.VecVirtual {
	x, rows := param("x"), param("rows")
	sums := vectors(unroll * t.vectors)
	zero(sums)
	depths(label, rows, func(step int) {
		for j := range t.vectors {
			value := t.vector()
			VMOVUPS(at(x, step, j), value)
			add(value, j, sums[step*t.vectors+j])
		}
	}, func(steps int) { ADDQ(imm(steps*t.panel()), x) })
	for chains := unroll / 2; chains > 0; chains /= 2 {
		for i := range chains * t.vectors {
			VADDPS(sums[chains*t.vectors+i], sums[i], sums[i])
		}
	}
	return sums[:t.vectors]
}
