package kernels

import "fmt"

// Op is what a GEMM does with its products.
type Op string

const (
	QKV     Op = "qkv"     // bias, rotary positions, query scale
	FeedUp  Op = "gelu"    // bias, GELU
	Add     Op = "add"     // bias, added to what is there
	Product Op = "product" // nothing; f32 only
)

// Tile is the part of the output that a block of a tensor-core GEMM computes. All tiles give the same bits.
type Tile struct{ Rows, Columns int }

func (t Tile) String() string { return fmt.Sprintf("%dx%d", t.Rows, t.Columns) }

// gemmStages is how many tiles of gemmDepth products are in shared memory.
const (
	gemmStages = 3
	gemmDepth  = 32
)

// tiles are those that an operation is compiled for.
var tiles = map[Op][]Tile{
	QKV:    {{128, 256}, {128, 128}, {128, 96}},
	FeedUp: {{128, 256}, {128, 128}},
	Add:    {{128, 256}, {128, 160}, {128, 128}},
}

// Tiles returns the tiles that serve an output [T, n] of heads of that size (0 but for QKV), the likely best one first:
// that which covers n with the least waste, of equal ones the widest. At least one serves every model.
func Tiles(op Op, n, headDim int) []Tile {
	var serve []Tile
	for _, t := range tiles[op] {
		if op == QKV && t.Columns%headDim != 0 {
			continue
		}
		at := len(serve)
		for at > 0 && ceil(n, t.Columns)*t.Columns < ceil(n, serve[at-1].Columns)*serve[at-1].Columns {
			at--
		}
		serve = append(serve[:at], append([]Tile{t}, serve[at:]...)...)
	}
	return serve
}

// GEMM is gemm_OP_E_TILE, or gemm_OP_f32, which has one tile and ignores t.
func GEMM(op Op, e Element, t Tile, tokens, n int) Launch {
	if e == F32 {
		const tile, depth, pitch = 128, 16, 132
		return Launch{fmt.Sprintf("gemm_%s_f32", op), [2]int{ceil(tokens, tile) * ceil(n, tile), 1}, 256, 4 * 2 * 2 * depth * pitch}
	}
	threads := 128
	if t.Columns == 256 {
		threads = 256
	}
	return Launch{fmt.Sprintf("gemm_%s_%s_%s", op, e, t), [2]int{ceil(tokens, t.Rows) * ceil(n, t.Columns), 1},
		threads, gemmStages * gemmDepth * 2 * (t.Rows + t.Columns)}
}
