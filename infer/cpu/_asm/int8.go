package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The int8 kernels work on panels of quads: [depth/4][panel][4], the four bytes of 32 bits being four depths of one
// token. Activations are unsigned, 128 for zero, weights signed; see package cpu for what keeps 16 bits from overflowing.

// octet is how many depths a step of the products takes: two quads.
const octet = 8

// products names a way to multiply quads.
type products struct {
	name string
	rows int // of a tile
	doc  string
	step func(p *productTile, x reg.Register, step int, left func(row, quad int) Mem)
}

// productTile is a tile of 32-bit sums and what its steps keep in registers.
type productTile struct {
	tile
	ones reg.VecVirtual
}

// madd multiplies without VNNI: bytes to sums of two in 16 bits, the sums of two quads added, pairs of these to 32 bits.
func madd(rows int) products {
	return products{
		name: "products", rows: rows, doc: "",
		step: func(p *productTile, x reg.Register, step int, left func(row, quad int) Mem) {
			weights := vectors(2 * p.rows)
			for i, w := range weights {
				VPBROADCASTD(left(i/2, i%2), w)
			}
			for j := range t.vectors {
				first, second := t.vector(), t.vector()
				loadQuads(x, 2*step, j, first)
				loadQuads(x, 2*step+1, j, second)
				for i := range p.rows {
					a, b := t.vector(), t.vector()
					VPMADDUBSW(weights[2*i], first, a)
					VPMADDUBSW(weights[2*i+1], second, b)
					VPADDW(b, a, a)
					VPMADDWD(p.ones, a, a)
					sum := p.sums[i*t.vectors+j]
					VPADDD(a, sum, sum)
				}
			}
		},
	}
}

// dot multiplies with the dot product of quads that VNNI has.
func dot(rows int) products {
	return products{
		name: "productsVNNI", rows: rows, doc: " It needs VNNI.",
		step: func(p *productTile, x reg.Register, step int, left func(row, quad int) Mem) {
			for quad := range 2 {
				tokens := vectors(t.vectors)
				for j, v := range tokens {
					loadQuads(x, 2*step+quad, j, v)
				}
				weight := t.vector()
				for i := range p.rows {
					VPBROADCASTD(left(i, quad), weight)
					for j, v := range tokens {
						VPDPBUSD(weight, v, p.sums[i*t.vectors+j])
					}
				}
			}
		},
	}
}

func loadQuads(x reg.Register, row, j int, to reg.VecVirtual) { loadInts(at(x, row, j), to) }

func loadInts(from Mem, to reg.VecVirtual) {
	if t.width == 64 {
		VMOVDQU32(from, to)
	} else {
		VMOVDQU(from, to)
	}
}

func storeInts(from reg.VecVirtual, to Mem) {
	if t.width == 64 {
		VMOVDQU32(from, to)
	} else {
		VMOVDQU(from, to)
	}
}

// int8Products writes sums of products.
func int8Products(p products) {
	function(p.name, "func(weights *int8, stride int, x *uint8, octets, rows int, sums *int32)",
		"multiplies rows of weights, stride bytes apart, by octets of depths of a panel x and writes the sums\n"+
			"[rows][panel]."+p.doc)
	weights, stride, x, rows, sums := param("weights"), param("stride"), param("x"), param("rows"), param("sums")
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
		count := param("octets")
		acc := &productTile{tile: newTile(n), ones: t.vector()}
		if p.name == "products" {
			loadInts(constant("ones", 0x0001_0001), acc.ones)
		}
		depths(label, count, func(step int) {
			p.step(acc, right, step, func(row, quad int) Mem {
				m := Mem{Base: bases[row/4], Disp: octet*step + 4*quad}
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
				ADDQ(imm(octet*steps), base)
			}
			ADDQ(imm(2*steps*t.panel()), right)
		})
		acc.each(sums, storeInts)
		ADDQ(imm(n*t.panel()), sums)
	}

	SUBQ(imm(p.rows), rows)
	JL(LabelRef("rest"))
	Label("tiles")
	block("tile", p.rows)
	for range p.rows / 2 {
		LEAQ(Mem{Base: weights, Index: stride, Scale: 2}, weights)
	}
	SUBQ(imm(p.rows), rows)
	JGE(LabelRef("tiles"))
	Label("rest")
	ADDQ(imm(p.rows), rows)
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

// quantize turns numbers into bytes.
func quantize() {
	function("quantize", "func(x *float32, rows, quads int, smallest float32, out *uint8, scale *float32)",
		"quantizes the columns of x [rows][panel]: it writes scale [panel], the largest absolute value of a\n"+
			"column, at least smallest, divided by 127, and the first quads of four rows, multiplied by its inverse, rounded and\n"+
			"raised by 128. A column that holds NaN has the scale NaN.")
	x, rows := param("x"), param("rows")
	sign := t.vector()
	loadInts(constant("magnitude", 0x7fff_ffff), sign)
	// Bits of absolute values are in the order of the values, and NaN comes last.
	largest := vectors(t.vectors)
	for _, m := range largest {
		move(broadcast("smallest"), m)
	}
	Label("largest")
	for j, m := range largest {
		v := t.vector()
		if t.width == 64 {
			VPANDD(at(x, 0, j), sign, v)
		} else {
			VPAND(at(x, 0, j), sign, v)
		}
		VPMAXSD(v, m, m)
	}
	ADDQ(imm(t.panel()), x)
	DECQ(rows)
	JNZ(LabelRef("largest"))

	scale, most, one, inverse := param("scale"), t.vector(), t.vector(), vectors(t.vectors)
	VMOVUPS(floats("most", 127), most)
	VMOVUPS(floats("one", 1), one)
	for j, m := range largest {
		VDIVPS(most, m, m)
		VMOVUPS(m, at(scale, 0, j))
		VDIVPS(m, one, inverse[j])
	}

	from, quads, out := param("x"), param("quads"), param("out")
	zero := t.vector()
	loadInts(constant("zeroes", 0x8080_8080), zero)
	TESTQ(quads, quads)
	JZ(LabelRef("end"))
	Label("quads")
	for j := range t.vectors {
		quad := t.vector()
		for i := 3; i >= 0; i-- {
			v := t.vector()
			VMULPS(at(from, i, j), inverse[j], v)
			VCVTPS2DQ(v, v)
			if i == 3 {
				quad = v
				continue
			}
			VPSLLD(Imm(8), quad, quad)
			VPADDD(v, quad, quad)
		}
		VPADDD(zero, quad, quad)
		storeInts(quad, at(out, 0, j))
	}
	ADDQ(imm(4*t.panel()), from)
	ADDQ(imm(t.panel()), out)
	DECQ(quads)
	JNZ(LabelRef("quads"))
	Label("end")
	VZEROUPPER()
	RET()
}

// scaleProducts turns sums into numbers.
func scaleProducts() {
	function("scale", "func(sums *int32, rows int, corrections *int32, rowScales, tokenScales, bias, residual, out *float32)",
		"writes out [rows][panel] = (sums + corrections) · (rowScales · tokenScales) + bias, plus residual where it\n"+
			"is not nil. sums and residual are [rows][panel], tokenScales [panel] and the others [rows]. Every operation rounds.")
	sums, rows, corrections := param("sums"), param("rows"), param("corrections")
	rowScales, bias, residual, out := param("rowScales"), param("bias"), param("residual"), param("out")
	tokens := vectors(t.vectors)
	tokenScales := param("tokenScales")
	for j, v := range tokens {
		VMOVUPS(at(tokenScales, 0, j), v)
	}
	Label("loop")
	correction, rowScale, b := t.vector(), t.vector(), t.vector()
	VPBROADCASTD(Mem{Base: corrections}, correction)
	VBROADCASTSS(Mem{Base: rowScales}, rowScale)
	VBROADCASTSS(Mem{Base: bias}, b)
	values := vectors(t.vectors)
	for j, v := range values {
		factor := t.vector()
		VPADDD(at(sums, 0, j), correction, v)
		VCVTDQ2PS(v, v)
		VMULPS(rowScale, tokens[j], factor)
		VMULPS(factor, v, v)
		VADDPS(b, v, v)
	}
	optional("residual", residual, func() {
		for j, v := range values {
			VADDPS(at(residual, 0, j), v, v)
		}
		ADDQ(imm(t.panel()), residual)
	})
	for j, v := range values {
		VMOVUPS(v, at(out, 0, j))
	}
	ADDQ(imm(t.panel()), sums)
	ADDQ(imm(t.panel()), out)
	ADDQ(imm(4), corrections)
	ADDQ(imm(4), rowScales)
	ADDQ(imm(4), bias)
	DECQ(rows)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
