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

// class names the numerics; it changes whenever the bits of a result may.
const class = "cpu-fp32-go-1"

// Backend computes on a fixed number of threads, which all its streams share.
type Backend struct {
	pool *pool

	mu     sync.Mutex
	rotary map[*vector]*rotaryTable // by frequencies
}

var _ backend.Backend = (*Backend)(nil)

// New starts a backend with that many worker goroutines; 0 takes one for each processor Go may use.
func New(threads int) (*Backend, error) {
	if threads < 0 {
		return nil, fmt.Errorf("%w: %d threads", ErrArgument, threads)
	}
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return &Backend{pool: newPool(threads), rotary: map[*vector]*rotaryTable{}}, nil
}

// Class returns the name of the numerics.
func (b *Backend) Class() string { return class }

// Threads returns the number of worker goroutines.
func (b *Backend) Threads() int { return b.pool.threads }

// Close ends the workers. Streams must be closed before.
func (b *Backend) Close() error {
	b.pool.close()
	return nil
}
