package kernels

import "fmt"

// The GEMM of gemm90.cuh, for compute capability 9.0 alone. It has not run on a GPU yet: it is chosen by an explicit switch.

// HopperTile is what a block of it computes at a time.
var HopperTile = Tile{128, 256}

// HopperBoxes are the boxes of the tensor maps of x, w and out, in rows and columns.
var HopperBoxes = [3]Tile{{128, 64}, {256, 64}, {64, 64}}

// HopperImages returns its modules.
func HopperImages() ([]Image, error) { return images("sm_90a") }

// HopperGEMM is gemm90_OP_E for an output [tokens, n], in heads of that size where op is QKV, on a device of so many
// multiprocessors. It says false where there is none: for heads but of 64 and 128, and for types but BF16.
func HopperGEMM(op Op, e Element, headDim, tokens, n, multiprocessors int) (Launch, bool) {
	name := string(op)
	switch {
	case e != BF16 || op == Product || op == QKV && headDim != 64 && headDim != 128:
		return Launch{}, false
	case op == QKV:
		name = fmt.Sprintf("%s%d", op, headDim)
	}
	const (
		stages   = 4 * (128 + 256) * 64 * 2
		stores   = 2 * 64 * 64 * 2
		barriers = 2 * 4 * 8
		align    = 1024
	)
	blocks := min(multiprocessors, ceil(tokens, HopperTile.Rows)*ceil(n, HopperTile.Columns))
	return Launch{fmt.Sprintf("gemm90_%s_%s", name, e), [2]int{blocks, 1}, 384, stages + stores + barriers + align}, true
}
