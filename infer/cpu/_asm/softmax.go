package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exp2Series approximates 2^f for |f| <= 1/2 with a relative error of 2e-9, the lowest power first; fit.py
// finds the coefficients.
var exp2Series = []float32{1, 0x1.62e43p-1, 0x1.ebfbdap-3, 0x1.c6aed4p-5, 0x1.3b2dbcp-7, 0x1.5f456ap-10, 0x1.41d334p-13}

// exp2 computes 2^y for y <= 0: 2^n of the nearest whole number by adding n to the exponent, 2^(y-n) by its series. NaN
// stays NaN; 2^y below the smallest normal number becomes 0.
type exp2 struct {
	least, magic  reg.VecVirtual
	first, second reg.VecVirtual // of the series, from the highest power on
}

func newExp2() exp2 {
	e := exp2{t.vector(), t.vector(), t.vector(), t.vector()}
	VMOVUPS(floats("least", -127), e.least)
	// Adding and subtracting 3·2^22 rounds to the nearest whole number and leaves it in the low bits.
	VMOVUPS(floats("magic", 0x3p22), e.magic)
	VMOVUPS(floats("exp6", exp2Series[6]), e.first)
	VMOVUPS(floats("exp5", exp2Series[5]), e.second)
	return e
}

// of returns 2^y; y is overwritten.
func (e exp2) of(y reg.VecVirtual) reg.VecVirtual {
	whole, power := t.vector(), t.vector()
	VMAXPS(y, e.least, y) // this order keeps NaN
	VADDPS(e.magic, y, whole)
	VSUBPS(e.magic, whole, power)
	VSUBPS(power, y, y)
	move(e.first, power)
	VFMADD213PS(e.second, y, power)
	for i := 4; i >= 0; i-- {
		VFMADD213PS(floats("exp"+string(rune('0'+i)), exp2Series[i]), y, power)
	}
	VPSLLD(Imm(23), whole, whole)
	VPADDD(whole, power, power)
	return power
}

func move(from, to reg.VecVirtual) { VMOVAPS(from, to) }

// floats returns the address of a vector with the same value in every lane.
func floats(name string, value float32) Mem { return constant(name, math.Float32bits(value)) }

// softmax turns a block of scores into weights.
func softmax() {
	function("softmax", "func(scores *float32, n int, maximum, before, sum, scale *float32)",
		"replaces scores [n][panel] by exp(score - maximum), writes scale = exp(before - maximum), and sets sum\n"+
			"to sum·scale plus the new weights. maximum, before, sum and scale are [panel].")
	scores, n := param("scores"), param("n")
	maximum, before, sum, scale := param("maximum"), param("before"), param("sum"), param("scale")

	// exp(s - m) = 2^(s·log2(e) - m·log2(e)); the rounding of the second product is the same for all scores and cancels.
	logE := t.vector()
	VMOVUPS(floats("log2e", math.Log2E), logE)
	e := newExp2()
	shifts, sums := vectors(t.vectors), vectors(t.vectors)
	for j, shift := range shifts {
		VMULPS(at(maximum, 0, j), logE, shift)
		y := t.vector()
		VMULPS(at(before, 0, j), logE, y)
		VSUBPS(shift, y, y)
		factor := e.of(y)
		VMOVUPS(factor, at(scale, 0, j))
		VMULPS(at(sum, 0, j), factor, sums[j])
	}
	Label("loop")
	for j, shift := range shifts {
		y := t.vector()
		VMOVUPS(at(scores, 0, j), y)
		VFMSUB213PS(shift, logE, y)
		weight := e.of(y)
		VMOVUPS(weight, at(scores, 0, j))
		VADDPS(weight, sums[j], sums[j])
	}
	ADDQ(imm(t.panel()), scores)
	DECQ(n)
	JNZ(LabelRef("loop"))
	for j := range sums {
		VMOVUPS(sums[j], at(sum, 0, j))
	}
	VZEROUPPER()
	RET()
}
