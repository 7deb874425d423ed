// Command _asm writes the vector kernels of package cpu: one generator, run once for each width of the registers.
//
//	sh generate.sh            writes ../kernels_*_amd64.{s,go}
//	sh generate.sh --check    fails where they are not what it would write
//
// Every kernel works on token panels: columns are the tokens of a panel, a fixed number of vectors side by side, and a
// row is one feature (or one key) of all of them. No kernel adds across the lanes of a vector, so that what a token gets
// does not depend on its place in the panel.
package main

import (
	"flag"
	"log"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// target is a width and the tile of sums that its registers hold. Rows times vectors sums, one row of the panel and one
// broadcast value are all registers of AVX2.
type target struct {
	suffix  string // of function names
	width   int    // bytes of a vector
	rows    int    // of a tile
	vectors int    // of a panel
	vector  func() reg.VecVirtual
}

var targets = map[string]target{
	"avx2":   {"AVX2", 32, 4, 3, YMM},
	"avx512": {"AVX512", 64, 8, 3, ZMM},
}

// t is the target in hand.
var t target

func main() {
	level := flag.String("level", "", "avx2 or avx512")
	flag.Parse()
	var ok bool
	if t, ok = targets[*level]; !ok {
		log.Fatalf("-level %q: want avx2 or avx512", *level)
	}
	ConstraintExpr("amd64,!purego")
	linear()
	scores()
	values()
	softmax()
	gelu()
	norm()
	rotate()
	widenF16()
	widenBF16()
	quantize()
	if t.width == 64 {
		int8Products(madd(4))
		int8Products(dot(8))
	} else {
		int8Products(madd(2))
	}
	scaleProducts()
	Generate()
}

// panel returns the bytes of a panel's row.
func (t target) panel() int { return t.width * t.vectors }

// function begins a kernel.
func function(name, signature, doc string) {
	TEXT(name+t.suffix, NOSPLIT, signature)
	Pragma("noescape")
	Doc(strings.Split(name+t.suffix+" "+doc, "\n")...)
}

// param loads an argument of a word.
func param(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// argument addresses an argument.
func argument(name string) Mem {
	address, err := Param(name).Resolve()
	if err != nil {
		log.Fatal(err)
	}
	return address.Addr
}

// broadcast returns a vector of an argument float32 in every lane.
func broadcast(name string) reg.VecVirtual {
	v := t.vector()
	VBROADCASTSS(argument(name), v)
	return v
}

func vectors(n int) []reg.VecVirtual {
	list := make([]reg.VecVirtual, n)
	for i := range list {
		list[i] = t.vector()
	}
	return list
}

// zero clears vectors.
func zero(list []reg.VecVirtual) {
	for _, v := range list {
		if t.width == 64 {
			VPXORD(v, v, v)
		} else {
			VXORPS(v, v, v)
		}
	}
}

// at addresses vector i of a panel's row that starts at base + row rows.
func at(base reg.Register, row, i int) Mem {
	return Mem{Base: base, Disp: row*t.panel() + i*t.width}
}

// imm is an immediate of 32 bits.
func imm(n int) Op { return U32(uint32(n)) }

var constants = map[uint32]Mem{}

// constant returns the address of a vector with the same 32 bits in every lane.
func constant(name string, bits uint32) Mem {
	if m, ok := constants[bits]; ok {
		return m
	}
	m := GLOBL(name+t.suffix, RODATA|NOPTR)
	for i := 0; i < t.width/4; i++ {
		DATA(4*i, U32(bits))
	}
	constants[bits] = m
	return m
}
