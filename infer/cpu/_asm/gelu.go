package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Φ(x) - 1/2 = x·P(x²)/Q(x²) for |x| <= normalRange with an error below 1e-9; the lowest power first. fit.py finds the
// coefficients.
var (
	normalP = []float32{0.398942292, 0.0326524973, 0.00480025215, 0.000169549341, 8.43330145e-06, 5.2505797e-08, -7.46800399e-11}
	normalQ = []float32{1, 0.248514444, 0.0284512844, 0.00193045905, 8.17225373e-05, 1.9919712e-06}
)

// normalRange is where the quotient, computed in float32, is exactly 1/2; it is held there beyond.
const normalRange = 5.48

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
		VMOVUPS(floats("geluQ5", normalQ[5]), q)
		for i := 5; i >= 0; i-- {
			VFMADD213PS(floats("geluP"+strconv.Itoa(i), normalP[i]), square, p)
			if i < 5 {
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
