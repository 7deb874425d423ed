//go:build amd64 && !purego

package cpu

import "unsafe"

// panels is an activation [tokens, width] of the vector kernels, in memory [panel][width][columns]: column c of panel p
// is token p·columns + c. A panel's rows lie end to end, so the features of a head are one run of memory, and a vector
// holds one feature of several tokens.
type panels struct {
	width   int
	columns int
	values  []float32
}

func (p *panels) Width() int { return p.width }

// at returns the address of a row of a panel.
func (p *panels) at(panel, row int) *float32 {
	return &p.values[(panel*p.width+row)*p.columns]
}

// rows returns n rows of a panel, from row on.
func (p *panels) rows(panel, row, n int) []float32 {
	from := (panel*p.width + row) * p.columns
	return p.values[from : from+n*p.columns : from+n*p.columns]
}

// stride returns the bytes from a panel to the next.
func (p *panels) stride() int { return 4 * p.width * p.columns }

// vectorBytes is the alignment of every buffer, a cache line: a vector never spans two.
const vectorBytes = 64

// aligned returns n zeros at an address that is a multiple of vectorBytes.
func aligned(n int) []float32 {
	values := make([]float32, n+vectorBytes/4)
	skip := 0
	for uintptr(unsafe.Pointer(&values[skip]))%vectorBytes != 0 {
		skip++
	}
	return values[skip : skip+n : skip+n]
}

// growAligned returns the first n elements of an aligned buffer, of unspecified content.
func growAligned(buffer *[]float32, n int) []float32 {
	if cap(*buffer) < n {
		*buffer = aligned(n)
	}
	return (*buffer)[:n]
}

// asBytes returns the address of numbers as that of their bytes.
func asBytes(values []float32) *byte { return (*byte)(unsafe.Pointer(&values[0])) }
