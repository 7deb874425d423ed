//go:build amd64 && !purego

package cpu

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// int8Scratch is the memory that one goroutine needs for products of int8.
type int8Scratch struct {
	bytes  []float32 // of the activations of a tile, four to an element: [panel][depth/4][columns]
	scales []float32 // [panel][columns]
	sums   []float32 // of a group of rows and a panel; 32-bit integers
}

// hasVNNI tells that four products of bytes are added in one instruction.
var hasVNNI = cpu.X86.HasAVX512VNNI

// products multiplies rows of weights by a panel of bytes.
func (l level) products(weights *byte, stride int, x *float32, octets, rows int, sums *int32) {
	signed, quads := (*int8)(unsafe.Pointer(weights)), (*uint8)(unsafe.Pointer(x))
	switch {
	case l == avx512 && hasVNNI:
		productsVNNIAVX512(signed, stride, quads, octets, rows, sums)
	case l == avx512:
		productsAVX512(signed, stride, quads, octets, rows, sums)
	default:
		productsAVX2(signed, stride, quads, octets, rows, sums)
	}
}

func (l level) quantize(x *float32, rows, quads int, out, scale *float32) {
	bytes := (*uint8)(unsafe.Pointer(out))
	if l == avx512 {
		quantizeAVX512(x, rows, quads, smallestActivation, bytes, scale)
		return
	}
	quantizeAVX2(x, rows, quads, smallestActivation, bytes, scale)
}

func (l level) scale(sums *int32, rows int, corrections *int32, rowScales, tokenScales, bias, residual, out *float32) {
	if l == avx512 {
		scaleAVX512(sums, rows, corrections, rowScales, tokenScales, bias, residual, out)
		return
	}
	scaleAVX2(sums, rows, corrections, rowScales, tokenScales, bias, residual, out)
}

// quantizePanel writes a panel of activations [width][columns] as quads [depth/4][columns] and the scales of its tokens. The
// depths behind width have weights of 0.
func (l level) quantizePanel(x []float32, width, depth int, out, scales []float32) {
	columns := l.geometry().panel
	quads := width / 4
	l.quantize(&x[0], width, quads, &out[0], &scales[0])
	if width == depth {
		return
	}
	bytes := unsafe.Slice((*uint8)(unsafe.Pointer(&out[0])), depth*columns)[4*quads*columns:]
	clear(bytes)
	for k := 4 * quads; k < width; k++ {
		for c, v := range x[k*columns:][:columns] {
			bytes[4*c+k%4] = quantizeActivation(v, 1/scales[c])
		}
	}
}

// runInt8 computes a tile of a linear layer with weights of int8. A sum is whole before it is scaled.
func (l *panelLinear) runInt8(t tile, w *scratch) {
	q, level, columns := l.weight.quantized, l.backend.level, l.geometry.panel
	panels, size := t.to-t.from, q.depth/4*columns
	x := growAligned(&w.int8.bytes, panels*size)
	scales := growAligned(&w.int8.scales, panels*columns)
	for i := range panels {
		level.quantizePanel(l.src.rows(t.from+i, 0, l.src.width), l.src.width, q.depth, x[i*size:], scales[i*columns:])
	}
	group := l.group * max(1, groupRows/l.group)
	sums := (*int32)(unsafe.Pointer(&growAligned(&w.int8.sums, group*columns)[0]))
	row := 0
	for _, part := range q.parts {
		n := len(part.Scales)
		for first := 0; first < n; first += group {
			rows := min(group, n-first)
			for i := range panels {
				out := l.dst.at(t.from+i, row)
				var residual *float32
				if l.add {
					residual = out
				}
				level.products(&part.Values[first*q.depth], q.depth, &x[i*size], q.depth/8, rows, sums)
				level.scale(sums, rows, &q.corrections[row], &q.scales[row], &scales[i*columns], &l.bias[row], residual, out)
				if l.finish != nil {
					l.finish(t.from+i, row, rows)
				}
			}
			row += rows
		}
	}
}
