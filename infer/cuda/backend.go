//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// Backend computes on one GPU. Weights are converted to its precision and kept there.
//
// All streams compute on one queue of the GPU, one batch after the other, while the next batch is copied in and the
// previous one's results are copied out on queues of their own. Nothing waits inside a batch, and nothing is allocated
// once a stream has run its first.
type Backend struct {
	device    Device
	precision Precision
	element   kernels.Element
	context   *device.Context
	program   *device.Program
	check     bool // wait for every kernel, to name the one that fails

	copyIn, compute, copyOut *device.Stream

	library *library // nil: our own kernels multiply
	loading *staging // of weights
	weights []*device.Memory

	mu     sync.Mutex
	rotary map[*vector]*rotaryTable // by frequencies
}

var (
	_ backend.Backend = (*Backend)(nil)
	_ backend.Sizer   = (*Backend)(nil)
)

// checkVariable is the environment variable that makes the backend wait for every kernel.
const checkVariable = "LONGFIRST_CUDA_CHECK"

// New opens the one GPU that is visible, and proves that it is the one that CUDA_VISIBLE_DEVICES names.
//
// Errors: ErrIsolation, ErrUnusable, those of package device and of driver.Load.
func New(precision Precision) (backend.Backend, error) {
	d, err := only(os.Getenv(VisibleVariable))
	if err != nil {
		return nil, err
	}
	if err := d.Usable(); err != nil {
		return nil, err
	}
	modules, err := images(d)
	if err != nil {
		return nil, err
	}
	b := &Backend{device: d, precision: precision, element: precision.element(), check: os.Getenv(checkVariable) != "",
		rotary: make(map[*vector]*rotaryTable)}
	if b.context, err = device.Open(0); err != nil {
		return nil, err
	}
	if err := b.open(modules); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// only returns the one visible device.
func only(visible string) (Device, error) {
	n, err := device.Count()
	if err != nil {
		return Device{}, err
	}
	if n != 1 {
		return Device{}, fmt.Errorf("%w: %d GPUs are visible with %s=%q", ErrIsolation, n, VisibleVariable, visible)
	}
	d, err := describe(0)
	if err != nil {
		return d, err
	}
	d.chooseProducts(0, false)
	// An index, a name of the older form (MIG-GPU-…/…) and the whole GPU of a part can't be compared with what the driver tells.
	comparable := len(visible) > 4 && strings.HasPrefix(d.Visible, visible[:4]) && !strings.HasPrefix(visible, "MIG-GPU-")
	if comparable && !strings.HasPrefix(strings.ToLower(d.Visible), strings.ToLower(visible)) {
		return d, fmt.Errorf("%w: %s is visible with %s=%q", ErrIsolation, d.Visible, VisibleVariable, visible)
	}
	return d, nil
}

func (b *Backend) open(modules map[string]string) (err error) {
	if b.program, err = b.context.Load(modules); err != nil {
		return err
	}
	for _, s := range []**device.Stream{&b.copyIn, &b.compute, &b.copyOut} {
		if *s, err = b.context.NewStream(); err != nil {
			return err
		}
	}
	if b.loading, err = b.newStaging(); err != nil {
		return err
	}
	return b.openLibrary()
}

// Class names the numerics: precision, compute capability, version of the kernels.
func (b *Backend) Class() string { return b.device.Class(b.precision) }

// FLOPS returns the floating-point operations a second that the device about reaches with a model.
func (b *Backend) FLOPS() float64 { return b.device.FLOPS(b.precision) }

const (
	// Batches are so many rows of tiles for each multiprocessor: the tiles of every product then fill whole rounds.
	tileRows     = 128
	roundsWanted = 2

	// usableMemory is the share of the free memory that is planned with: the driver and fragments take some as well.
	usableMemory = 0.85
)

// BatchTokens returns how many tokens batches had best have, of streams with activations of that width in all.
func (b *Backend) BatchTokens(width, streams int) (int, error) {
	free, err := b.context.FreeMemory()
	if err != nil {
		return 0, err
	}
	round := tileRows * b.device.SMs
	fit := int(usableMemory*float64(free)) / streams / bytesOfToken(width)
	if fit >= round {
		return min(fit/round, roundsWanted) * round, nil
	}
	return max(tileRows, fit/tileRows*tileRows), nil
}

// classify adds what an error means to whoever runs batches.
func (b *Backend) classify(err error) error {
	switch {
	case err == nil:
		return nil
	case b.context.Broken():
		return fmt.Errorf("%w: %w", backend.ErrLost, err)
	case errors.Is(err, device.ErrNoKernel):
		return fmt.Errorf("%w: %w", backend.ErrUnsupported, err)
	}
	return err
}

// Close frees everything. Streams must be closed before.
func (b *Backend) Close() (err error) {
	err = errors.Join(b.library.close(b.compute), b.loading.free())
	for _, m := range b.weights {
		err = errors.Join(err, m.Free())
	}
	for _, t := range b.rotary {
		err = errors.Join(err, t.memory.Free())
	}
	for _, s := range []*device.Stream{b.copyIn, b.compute, b.copyOut} {
		err = errors.Join(err, s.Close())
	}
	if b.program != nil {
		err = errors.Join(err, b.program.Close())
	}
	return errors.Join(err, b.context.Close())
}

// element returns what the kernels call it.
func (p Precision) element() kernels.Element {
	return map[Precision]kernels.Element{BF16: kernels.BF16, FP16: kernels.F16, FP32: kernels.F32}[p]
}
