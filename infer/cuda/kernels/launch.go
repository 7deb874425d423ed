package kernels

import "fmt"

// Element is the type E of weights and activations.
type Element string

const (
	BF16 Element = "bf16"
	F16  Element = "f16"
	F32  Element = "f32"
)

// Launch is the geometry of one kernel call.
type Launch struct {
	Name    string // entry point
	Grid    [2]int // blocks
	Threads int    // of a block
	Shared  int    // bytes of dynamic shared memory
}

// Pitch returns the row pitch, in elements, of a matrix of that width.
func Pitch(width int) int { return (width + 7) &^ 7 }

// QueryTile is how many queries a work item of attention covers.
const QueryTile = 64

// Embed is embed_E.
func Embed(e Element, tokens, pitch int) Launch {
	return Launch{"embed_" + string(e), [2]int{ceil(tokens*pitch/4, 256), 1}, 256, 0}
}

// normWidths are the widest rows that each norm kernel holds in registers.
var normWidths = []int{512, 1280, 2560, MaxWidth}

// MaxWidth is the widest row that there is a norm for: that of ESM-2 15B.
const MaxWidth = 5120

// Norm is norm_E_WIDTH; width is at most MaxWidth. e is the type that is written.
func Norm(e Element, tokens, width int) Launch {
	for _, w := range normWidths {
		if width > w {
			continue
		}
		rows, shared := 8, 0 // of a block
		if w == MaxWidth {
			rows, shared = 4, 2*8*4 // two warps a row
		}
		return Launch{fmt.Sprintf("norm_%s_%d", e, w), [2]int{ceil(tokens, rows), 1}, 256, shared}
	}
	panic(fmt.Sprintf("kernels: a norm of rows of %d, the widest are %d", width, MaxWidth))
}

// RotaryTable is rotary_table.
func RotaryTable(positions, half int) Launch {
	return Launch{"rotary_table", [2]int{ceil(positions*half, 256), 1}, 256, 0}
}

// Rotary is rotary_E.
func Rotary(e Element, tokens int) Launch {
	return Launch{"rotary_" + string(e), [2]int{tokens, 1}, 256, 0}
}

// GELU is gelu_E.
func GELU(e Element, tokens, n int) Launch {
	return Launch{"gelu_" + string(e), [2]int{ceil(tokens*n/8, 256), 1}, 256, 0}
}

// Attention is attention_E_D, or attention_f32 for heads up to 128.
func Attention(e Element, items, heads, headDim int) Launch {
	l := Launch{Grid: [2]int{items, heads}, Threads: 128}
	if e != F32 {
		rowBytes := 2 * headDim
		if headDim == 24 {
			rowBytes = 64
		}
		l.Name, l.Shared = fmt.Sprintf("attention_%s_%d", e, headDim), 5*QueryTile*rowBytes // queries, two tiles each of keys and values
		return l
	}
	for _, d := range []int{32, 64, 128} {
		if headDim <= d {
			const keys = 32 // of a tile
			l.Name, l.Threads = fmt.Sprintf("attention_f32_%d", d), 256
			l.Shared = 4 * ((QueryTile+keys)*(d+1) + keys*d + QueryTile*(keys+1))
			return l
		}
	}
	panic(fmt.Sprintf("kernels: attention over heads of %d, the widest are 128", headDim))
}

// Mean is mean_f32.
func Mean(sequences, pitch int) Launch {
	return Launch{"mean_f32", [2]int{sequences, ceil(pitch, 128)}, 256, 8 * 128 * 4}
}

// Gather is gather_FROM_TO.
func Gather(from, to Element, rows int) Launch {
	return Launch{fmt.Sprintf("gather_%s_%s", from, to), [2]int{ceil(rows, 8), 1}, 256, 0}
}

// Nonfinite is nonfinite_f32.
func Nonfinite(rows int) Launch { return Launch{"nonfinite_f32", [2]int{ceil(rows, 8), 1}, 256, 0} }

// ceil returns n/d rounded up.
func ceil(n, d int) int { return (n + d - 1) / d }
