// Package cpu is the backend that runs everywhere: plain Go over all cores. It is the reference other backends are
// tested against and the fallback where there is none.
//
// # Arithmetic
//
// Activations and weights are float32, as in transformers' fp32. Inside an operation everything is float64: the product
// of two float32 is exact there, so it makes no difference whether a compiler fuses it with the addition that follows
// (Go does on arm64 and with GOAMD64=v3), and a sum of thousands of products is right to the last bit or so of the float32
// it is rounded to. Where a product is not exact (exp, GELU, softmax, norms, rotation) it is wrapped in a float64
// conversion, which forbids fusing. The results are therefore the same bits on every platform, and a scalar float64
// multiplication costs what a float32 one does.
//
// # One fixed order
//
// An output element adds its products in an order that depends on nothing but the shapes of the weights and the length
// of its own sequence. There is one micro-kernel; tiles at an edge are filled up with zeros and run through the same one.
// Tiles and tasks decide who computes an element and when, never how. So an embedding has the same bits alone, in any
// batch and with any number of threads.
package cpu

import (
	"fmt"
	"runtime"
	"sync"

	"longfirst/infer/backend"
)

// Backend computes on a fixed number of threads, which all its streams share.
type Backend struct {
	level   level
	threads int
	pool    *pool // of the pure Go kernels
	crew    *crew // of the vector kernels

	mu     sync.Mutex
	rotary map[*vector]*rotaryTable // by frequencies
}

var (
	_ backend.Backend = (*Backend)(nil)
	_ backend.Stepper = (*Backend)(nil)
)

// New starts a backend with that many worker goroutines; 0 takes one for each processor Go may use. It computes with the
// best kernels that the machine has, or with those that the environment variable LONGFIRST_CPU names.
func New(threads int) (*Backend, error) {
	l, err := chooseLevel()
	if err != nil {
		return nil, err
	}
	return newAt(l, threads)
}

func newAt(l level, threads int) (*Backend, error) {
	if threads < 0 {
		return nil, fmt.Errorf("%w: %d threads", ErrArgument, threads)
	}
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	b := &Backend{level: l, threads: threads, rotary: map[*vector]*rotaryTable{}}
	if l == pureGo {
		b.pool = newPool(threads)
	} else {
		b.crew = newCrew(threads)
	}
	return b, nil
}

// Class returns the name of the numerics: the level of the kernels and their version.
func (b *Backend) Class() string { return traits[b.level].class }

// Threads returns the number of worker goroutines.
func (b *Backend) Threads() int { return b.threads }

// FLOPS returns the floating-point operations a second that the threads about reach with a model.
func (b *Backend) FLOPS() float64 { return traits[b.level].flops * float64(b.threads) }

// Steps returns how often a tile or a task was done.
func (b *Backend) Steps() uint64 {
	if b.level == pureGo {
		return b.pool.steps.Load()
	}
	return b.crew.steps.Load()
}

// NewStream starts a stream.
func (b *Backend) NewStream(maxTokens, maxSequences int) (backend.Stream, error) {
	c, err := newChecks(maxTokens, maxSequences)
	if err != nil {
		return nil, err
	}
	if b.level == pureGo {
		return b.newPlainStream(c), nil
	}
	return b.newPanelStream(c), nil
}

// Close ends the workers. Streams must be closed before.
func (b *Backend) Close() error {
	if b.pool != nil {
		b.pool.close()
	}
	if b.crew != nil {
		b.crew.close()
	}
	return nil
}
