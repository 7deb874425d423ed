package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Φ(x) - 1/2 = x·P(x²)/Q(x²), the lowest power first: the rational approximation of erf in Eigen's MathFunctionsImpl.h
// (MPL 2.0; degrees 13 and 8) for an argument of x/√2.
var (
	normalP = []float32{-0.00569080701, -0.000522304385, -6.49646099e-05, -2.51575625e-06, -4.64265106e-08, 3.06119935e-10, -1.50599509e-12}
	normalQ = []float32{-0.0142647391, -0.00368666463, -0.000420706754, -2.66717561e-05, -9.1037947e-07}
)

// normalRange is where the approximation, computed in float32, is exactly 1/2; it is held there beyond.
const normalRange = 5.49999

// gelu applies x·Φ(x) to numbers in place.
func gelu() {
	function("gelu", "func(x *float32, rows int)",
		"replaces x [rows][panel] by x·Φ(x), Φ being the normal distribution.")
	x, rows := param("x"), param("rows")
	high, low, half := t.vector(), t.vector(), t.vector()
	VMOVUPS(floats("geluHigh", normalRange), high)
	VMOVUPS(floats("geluLow", -normalRange), low)
	VMOVUPS(floats("half", 0.5), half)
	Label("loop")
	for j := range t.vectors {
		value, z, square := t.vector(), t.vector(), t.vector()
		VMOVUPS(at(x, 0, j), value)
		VMINPS(value, high, z) // this order keeps NaN
		VMAXPS(z, low, z)
		VMULPS(z, z, square)
		p, q := t.vector(), t.vector()
		VMOVUPS(floats("geluP6", normalP[6]), p)
		VMOVUPS(floats("geluQ4", normalQ[4]), q)
		for i := 5; i >= 0; i-- {
			VFMADD213PS(floats("geluP"+strconv.Itoa(i), normalP[i]), square, p)
			if i < 4 {
				VFMADD213PS(floats("geluQ"+strconv.Itoa(i), normalQ[i]), square, q)
			}
		}
		VMULPS(z, p, p)
		VDIVPS(q, p, p)
		result := t.vector()
		VMULPS(half, value, result)
		VFMADD231PS(p, value, result)
		VMOVUPS(result, at(x, 0, j))
	}
	ADDQ(imm(t.panel()), x)
	DECQ(rows)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
