package kernels

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// capabilities are those of A100, RTX 3090, RTX 4090, H100, B200 and RTX 5090.
var capabilities = [][2]int{{8, 0}, {8, 6}, {8, 9}, {9, 0}, {10, 0}, {12, 0}}

// entryPoints are the names of all launches there are.
func entryPoints() (names []string) {
	add := func(l Launch) { names = append(names, l.Name) }
	for _, e := range []Element{BF16, F16, F32} {
		add(Embed(e, 1, 8))
		for _, w := range normWidths {
			add(Norm(e, 1, w))
		}
		add(Rotary(e, 1))
	}
	for _, e := range []Element{BF16, F16} {
		add(GELU(e, 1, 8))
		for op, shapes := range tiles {
			for _, t := range shapes {
				add(GEMM(op, e, t, 1, 8))
			}
		}
		for _, d := range []int{16, 24, 32, 64, 128} {
			add(Attention(e, 1, 1, d))
		}
		add(Gather(e, F32, 1))
		add(Gather(F32, e, 1))
	}
	for _, op := range []Op{Product, FeedUp, Add} {
		add(GEMM(op, F32, Tile{}, 1, 8))
	}
	for _, d := range []int{32, 64, 128} {
		add(Attention(F32, 1, 1, d))
	}
	add(RotaryTable(1, 8))
	add(Mean(1, 8))
	add(Gather(F32, F32, 1))
	add(Nonfinite(1))
	return names
}

// Every launch's kernel is in the images of every device.
func TestEveryKernelIsCompiled(t *testing.T) {
	for _, c := range capabilities {
		t.Run(fmt.Sprintf("%d.%d", c[0], c[1]), func(t *testing.T) {
			all, err := Images(c[0], c[1])
			if err != nil {
				t.Fatal(err)
			}
			var text []byte
			for _, i := range all {
				text = append(append(text, i.Data...), 0)
			}
			for _, name := range entryPoints() {
				// In a cubin the name of a kernel's section, in PTX that of its entry.
				if !bytes.Contains(text, []byte(".text."+name+"\x00")) && !bytes.Contains(text, []byte(".entry "+name+"(")) {
					t.Errorf("there is no %s", name)
				}
			}
		})
	}
}

// The GEMM of Hopper is there for every operation, and for nothing but what it can do.
func TestHopperKernelsAreCompiled(t *testing.T) {
	all, err := HopperImages()
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, i := range all {
		text = append(text, i.Data...)
	}
	for _, op := range []Op{QKV, FeedUp, Add, Product} {
		for _, d := range []int{16, 24, 32, 64, 128} {
			l, ok := HopperGEMM(op, BF16, d, 1000, 1280, 132)
			if want := op != Product && (op != QKV || d >= 64); ok != want {
				t.Fatalf("%s for heads of %d: %v", op, d, ok)
			}
			if ok && !bytes.Contains(text, []byte(".text."+l.Name+"\x00")) {
				t.Errorf("there is no %s", l.Name)
			}
			if ok && (l.Grid[0] != 8*5 || l.Shared > 227<<10) {
				t.Errorf("%v", l)
			}
		}
	}
	for _, e := range []Element{F16, F32} {
		if _, ok := HopperGEMM(Add, e, 64, 1, 1, 1); ok {
			t.Errorf("there is one for %s", e)
		}
	}
}

func TestOldDevicesAreRefused(t *testing.T) {
	if _, err := Images(7, 5); !errors.Is(err, ErrCapability) {
		t.Fatalf("Images(7, 5): %v, want ErrCapability", err)
	}
}

// Every matrix of every published model has a tile; no head is cut by one.
func TestTiles(t *testing.T) {
	for _, model := range []struct{ hidden, headDim int }{{320, 16}, {480, 24}, {640, 32}, {1280, 64}, {2560, 64}, {5120, 128}} {
		for op, n := range map[Op]int{QKV: 3 * model.hidden, FeedUp: 4 * model.hidden, Add: model.hidden} {
			tiles := Tiles(op, n, model.headDim)
			if len(tiles) == 0 {
				t.Fatalf("H=%d: no tile for %s", model.hidden, op)
			}
			for _, tile := range tiles {
				if op == QKV && tile.Columns%model.headDim != 0 {
					t.Errorf("H=%d: %s cuts heads of %d", model.hidden, tile, model.headDim)
				}
				if waste(tile, n) < waste(tiles[0], n) {
					t.Errorf("H=%d %s: %s before %s", model.hidden, op, tiles[0], tile)
				}
			}
			t.Logf("H=%d %s [T, %d]: %v", model.hidden, op, n, tiles)
		}
	}
}

func waste(t Tile, n int) int { return ceil(n, t.Columns)*t.Columns - n }
