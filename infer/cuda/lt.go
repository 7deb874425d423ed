//go:build cuda

package cuda

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"unsafe"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/cublaslt"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// library multiplies matrices of 16 bits by cublasLt. Which of its algorithms computes a product is found out the first time.
type library struct {
	handle    *cublaslt.Handle
	workspace *device.Memory
	products  map[ltShape]*ltProduct
}

// ltShape is a product with w [n, k], of pitches.
type ltShape struct {
	adds bool
	n, k int
}

type ltProduct struct {
	*cublaslt.Product
	algorithm cublaslt.Algorithm
}

const (
	// workspaceBytes is what NVIDIA recommends for Hopper; all products use it, one after the other.
	workspaceBytes = 32 << 20

	// So many algorithms are tried, the likely best one first.
	mostAlgorithms = 8

	// What is compared of an algorithm's results: so many rows, among fewTokens and among as many as fill the device.
	comparedRows = 64
	fewTokens    = 200
)

// openLibrary opens what the device was said to multiply with.
func (b *Backend) openLibrary() error {
	if b.device.Library == "" || b.element == kernels.F32 {
		return nil
	}
	opened, err := cublaslt.Open(b.device.Library)
	if err != nil {
		return err
	}
	l := &library{products: make(map[ltShape]*ltProduct)}
	b.library = l
	if l.workspace, err = b.allocate("cublasLt's workspace", workspaceBytes); err != nil {
		return err
	}
	return b.compute.With("open cublasLt", func(unsafe.Pointer) (err error) {
		l.handle, err = opened.NewHandle()
		return err
	})
}

func (l *library) close(queue *device.Stream) error {
	if l == nil {
		return nil
	}
	for _, p := range l.products {
		p.Close()
	}
	return errors.Join(queue.With("close cublasLt", func(unsafe.Pointer) error { return l.handle.Close() }), l.workspace.Free())
}

func (l *library) room() cublaslt.Workspace {
	return cublaslt.Workspace{Address: l.workspace.Address(), Bytes: workspaceBytes}
}

// multiply queues out = x·wᵀ, or out += x·wᵀ + bias where it adds.
func (b *Backend) multiply(adds bool, tokens int, out, x device.Slot, w *matrix, bias *vector, n, k int) error {
	o := cublaslt.Operands{W: w.memory.Address(), X: uint64(x), Out: uint64(out), Bias: bias.memory.Address()}
	p, err := b.library.product(b, ltShape{adds, n, k}, o)
	if err != nil {
		return err
	}
	return b.compute.With("multiply by cublasLt", func(stream unsafe.Pointer) error {
		return p.Multiply(&p.algorithm, tokens, o, b.library.room(), stream)
	})
}

func (l *library) product(b *Backend, s ltShape, o cublaslt.Operands) (*ltProduct, error) {
	if p, ok := l.products[s]; ok {
		return p, nil
	}
	element := map[kernels.Element]cublaslt.Type{kernels.BF16: cublaslt.BF16, kernels.F16: cublaslt.F16}[b.element]
	product, err := l.handle.NewProduct(element, s.adds, s.n, s.k)
	if err != nil {
		return nil, err
	}
	p := &ltProduct{Product: product}
	if err := b.tune(p, s, o); err != nil {
		p.Close()
		return nil, fmt.Errorf("%w; %s=off computes without it", err, CublasLtVariable)
	}
	l.products[s] = p
	return p, nil
}

// tune chooses an algorithm: the first that gives rows the same bits whatever the number of tokens. The order is the
// library's own, and the same wherever the library and the device are, so the numeric class needs the library's version
// alone. The fastest one is not looked for: rounded results of a trial can be equal where those of other numbers are not.
func (b *Backend) tune(p *ltProduct, s ltShape, o cublaslt.Operands) error {
	tokens := tileRows * b.device.SMs // one round, as batches are made of
	t := &trial{backend: b, product: p, shape: s, operands: o, tokens: tokens}
	defer t.free()
	if err := t.prepare(); err != nil {
		return err
	}
	all, err := p.Algorithms(tokens, t.operands, b.library.room(), mostAlgorithms)
	if err != nil {
		return err
	}
	for i := range all {
		many, err := t.rows(&all[i], tokens)
		if err != nil {
			continue // what the heuristics offer and the library refuses
		}
		few, err := t.rows(&all[i], min(tokens, fewTokens))
		if err == nil && bytes.Equal(many, few) {
			p.algorithm = all[i]
			return nil
		}
	}
	if b.context.Broken() {
		return fmt.Errorf("%w: an algorithm of cublasLt failed on the device", backend.ErrLost)
	}
	return fmt.Errorf("%w: none of cublasLt's %d algorithms for [%d, %d] gives a row the same bits among %d tokens and among %d",
		backend.ErrUnsupported, len(all), s.n, s.k, fewTokens, tokens)
}

// trial is a product of random activations.
type trial struct {
	backend  *Backend
	product  *ltProduct
	shape    ltShape
	operands cublaslt.Operands
	tokens   int

	x, out *device.Memory
}

func (t *trial) prepare() (err error) {
	b := t.backend
	bytes := 2 * t.tokens * t.shape.k
	if t.x, err = b.allocate("activations to try cublasLt with", bytes); err != nil {
		return err
	}
	if t.out, err = b.allocate("results to try cublasLt with", t.tokens*t.pitch()); err != nil {
		return err
	}
	t.operands.X, t.operands.Out = t.x.Address(), t.out.Address()
	// Numbers between 1/2 and 1, and their negatives: their fractions are random, as the power a GPU draws depends on it.
	random, host := rand.New(rand.NewPCG(1, 2)), b.loading.host.Bytes()
	half, fraction := uint32(0x3f00), uint32(0x807f)
	if b.element == kernels.F16 {
		half, fraction = 0x3800, 0x83ff
	}
	for i := 0; i+4 <= min(len(host), bytes+3); i += 4 {
		bits := random.Uint32()&(fraction|fraction<<16) | half | half<<16
		host[i], host[i+1], host[i+2], host[i+3] = byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24)
	}
	for at := 0; at < bytes; at += len(host) {
		if err := b.compute.CopyIn(t.x.Address()+uint64(at), b.loading.host, 0, min(len(host), bytes-at)); err != nil {
			return err
		}
	}
	return b.compute.Wait()
}

// pitch returns the bytes of a row of results.
func (t *trial) pitch() int {
	if t.shape.adds {
		return 4 * t.shape.n
	}
	return 2 * t.shape.n
}

func (t *trial) run(a *cublaslt.Algorithm, tokens int) error {
	return t.backend.compute.With("try cublasLt", func(stream unsafe.Pointer) error {
		return t.product.Multiply(a, tokens, t.operands, t.backend.library.room(), stream)
	})
}

// rows returns the first rows of a result.
func (t *trial) rows(a *cublaslt.Algorithm, tokens int) ([]byte, error) {
	b := t.backend
	n := min(comparedRows, tokens) * t.pitch()
	n = min(n, len(b.loading.host.Bytes()))
	if err := b.compute.Clear(t.out); err != nil {
		return nil, err
	}
	if err := t.run(a, tokens); err != nil {
		return nil, err
	}
	if err := b.compute.CopyOut(b.loading.host, 0, n, t.out.Address()); err != nil {
		return nil, err
	}
	err := b.compute.Wait()
	return bytes.Clone(b.loading.host.Bytes()[:n]), err
}

func (t *trial) free() {
	for _, m := range []*device.Memory{t.x, t.out} {
		m.Free()
	}
}
