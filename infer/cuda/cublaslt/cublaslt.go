//go:build cuda

// Package cublaslt calls NVIDIA's cublasLt where it is installed. It is opened while the program runs: nothing is linked to it,
// and no header of it is needed.
//
// Functions that take a stream or a handle are called on a thread that has the device's context.
package cublaslt

/*
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "library.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

var (
	// ErrAbsent: no library can be opened.
	ErrAbsent = errors.New("no cublasLt")
	// ErrFailed: the library refused a call.
	ErrFailed = errors.New("cublasLt failed")
	// ErrVersion: the library is of a version that is not known to work.
	ErrVersion = errors.New("this version of cublasLt is not supported")
)

// Library is a cublasLt that was opened. It is never closed.
type Library struct {
	Path    string
	Version int // 120405 is 12.4.5, 130100 is 13.1.0
	library *C.lt_library
}

// Versions that are supported: [oldest, tooNew).
const oldest, tooNew = 110000, 140000

// Open opens a library. Errors: ErrAbsent, ErrVersion.
func Open(path string) (*Library, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var why [512]C.char
	l := &Library{Path: path, library: C.lt_open(name, &why[0], C.size_t(len(why)))}
	if l.library == nil {
		return nil, fmt.Errorf("%w: %s", ErrAbsent, C.GoString(&why[0]))
	}
	l.Version = int(C.lt_version(l.library))
	if l.Version < oldest || l.Version >= tooNew {
		return nil, fmt.Errorf("%s: %w: %d", path, ErrVersion, l.Version)
	}
	return l, nil
}

// Handle is the library with a device. It is safe for concurrent use.
type Handle struct {
	library *Library
	handle  unsafe.Pointer
	mu      sync.Mutex // descriptions are changed with every call
}

// NewHandle returns a handle for the device whose context the thread has.
func (l *Library) NewHandle() (*Handle, error) {
	h := &Handle{library: l}
	return h, l.failed("create a handle", C.lt_create(l.library, &h.handle))
}

// Close gives the handle back, after what is queued. Closing nil does nothing.
func (h *Handle) Close() error {
	if h == nil {
		return nil
	}
	return h.library.failed("destroy a handle", C.lt_destroy(h.library.library, h.handle))
}

// Type is the element type of weights and activations.
type Type int

const (
	F16  Type = 2
	BF16 Type = 14
)

// Product is out [T, N] = x [T, K]·wᵀ with w [N, K], all rows without gaps; or, where it adds, float32 out += x·wᵀ + bias.
type Product struct {
	handle  *Handle
	product C.lt_product
	adds    bool
}

// NewProduct describes a product.
func (h *Handle) NewProduct(t Type, adds bool, n, k int) (*Product, error) {
	p := &Product{handle: h, adds: adds}
	code := C.lt_describe(h.library.library, &p.product, C.int(t), C.int(map[bool]int{true: 1}[adds]), C.uint64_t(n), C.uint64_t(k), 1)
	if code != 0 {
		p.Close()
	}
	return p, h.library.failed(fmt.Sprintf("describe a product with [%d, %d]", n, k), code)
}

// Close frees the description. Closing nil does nothing.
func (p *Product) Close() {
	if p != nil {
		C.lt_forget(p.handle.library.library, &p.product)
		p.product = C.lt_product{}
	}
}

// Algorithm is a way to compute a product.
type Algorithm struct{ choice C.lt_choice }

// Operands are where a product's matrices are on the device. Bias counts where the product adds.
type Operands struct{ W, X, Out, Bias uint64 }

// Workspace is memory on the device that a product may use, for one stream at a time.
type Workspace struct {
	Address uint64
	Bytes   int
}

// Algorithms returns up to most ways to compute the product for t tokens, the likely best one first. None splits the sums.
func (p *Product) Algorithms(t int, o Operands, ws Workspace, most int) ([]Algorithm, error) {
	p.handle.mu.Lock()
	defer p.handle.mu.Unlock()
	l := p.handle.library
	choices, found := make([]C.lt_choice, most), C.int(0)
	if err := l.failed("set the number of tokens", C.lt_columns(l.library, &p.product, C.uint64_t(t))); err != nil {
		return nil, err
	}
	err := l.failed("ask for algorithms", C.lt_choose(l.library, p.handle.handle, &p.product, C.size_t(ws.Bytes), C.uint64_t(p.bias(o)), &choices[0], C.int(most), &found))
	var usable []Algorithm
	for _, c := range choices[:found] {
		if c.state == 0 && int(c.workspace) <= ws.Bytes {
			usable = append(usable, Algorithm{c})
		}
	}
	return usable, err
}

// bias returns what stands for a bias: 0 where none is added.
func (p *Product) bias(o Operands) uint64 {
	if p.adds {
		return o.Bias
	}
	return 0
}

// Multiply queues the product for t tokens.
func (p *Product) Multiply(a *Algorithm, t int, o Operands, ws Workspace, stream unsafe.Pointer) error {
	p.handle.mu.Lock()
	defer p.handle.mu.Unlock()
	l := p.handle.library
	return l.failed(fmt.Sprintf("multiply %d tokens", t), C.lt_multiply(l.library, p.handle.handle, &p.product, &a.choice, C.uint64_t(t),
		C.uint64_t(o.W), C.uint64_t(o.X), C.uint64_t(o.Out), C.uint64_t(p.bias(o)), C.uint64_t(ws.Address), C.size_t(ws.Bytes), stream))
}

func (l *Library) failed(what string, code C.int) error {
	if code == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s: %w: status %d", l.Path, what, ErrFailed, int(code))
}
