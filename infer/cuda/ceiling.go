//go:build cuda

package cuda

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// Ceiling measures what the visible GPU does at best: products of bf16 matrices, and copies from pinned memory. It is not
// safe for concurrent use.
type Ceiling struct {
	backend    *Backend
	stream     backend.Stream
	batch      backend.Batch
	operations float64 // of a product
	product    func()  // queues one; start has queued what it reads
	start      func()

	queue *device.Stream
	host  *device.Pinned
	to    *device.Memory
}

// The sizes of a Ceiling for measuring: as many numbers a token as a kernel takes, and more bytes than a GPU's caches hold.
const (
	CeilingWidth = kernels.MaxWidth
	CeilingBytes = 256 << 20
)

// NewCeiling opens the GPU. Products are [tokens, width] x [width, width], of two rounds of tiles of its multiprocessors;
// copies are of that many bytes.
//
// Errors: those of New.
func NewCeiling(width, bytes int) (_ *Ceiling, err error) {
	opened, err := New(BF16)
	if err != nil {
		return nil, err
	}
	c := &Ceiling{backend: opened.(*Backend)}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err = c.prepareProduct(width); err != nil {
		return nil, err
	}
	context := c.backend.context
	if c.queue, err = context.NewStream(); err != nil {
		return nil, err
	}
	if c.host, err = context.AllocatePinned(bytes); err != nil {
		return nil, err
	}
	c.to, err = context.Allocate("a copy", int64(bytes))
	return c, err
}

func (c *Ceiling) prepareProduct(width int) (err error) {
	const vocabulary, rounds = 32, 2
	tokens := rounds * 128 * c.backend.device.SMs
	c.operations = 2 * float64(tokens) * float64(width) * float64(width)
	c.batch = backend.Batch{Tokens: make([]uint8, tokens), CuSeqlens: []int32{0, int32(tokens)}}
	for i := range c.batch.Tokens {
		c.batch.Tokens[i] = uint8(i % vocabulary)
	}
	if c.stream, err = c.backend.NewStream(tokens, 1); err != nil {
		return err
	}
	from, err := c.stream.Activation(width)
	if err != nil {
		return err
	}
	to, err := c.stream.Activation(width)
	if err != nil {
		return err
	}
	table, err := c.backend.Matrix(random(vocabulary, width))
	if err != nil {
		return err
	}
	w, err := c.backend.Matrix(random(width, width))
	if err != nil {
		return err
	}
	bias, err := c.backend.Vector(random(width))
	if err != nil {
		return err
	}
	c.start = func() {
		c.stream.Embed(to, table, 1)
		c.stream.LayerNorm(from, to, bias, bias, 1e-5)
	}
	c.product = func() { c.stream.LinearAdd(to, from, w, bias) }
	return nil
}

// random returns numbers between -1/2 and 1/2: a GPU that multiplies zeros draws less power and is faster.
func random(shape ...int) backend.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	t := backend.Tensor{Name: "random", DType: backend.F32, Shape: shape, Data: make([]byte, 0, 4*n)}
	for i := range n {
		v := float32((uint32(i)*2654435761)>>8)/(1<<24) - 0.5
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
	}
	return t
}

// Multiply returns operations a second.
func (c *Ceiling) Multiply(duration time.Duration) (float64, error) {
	for n := 1; ; n *= 2 {
		took, err := c.multiply(n)
		if err != nil {
			return 0, err
		}
		if took >= duration/2 {
			return c.operations * float64(n) / took.Seconds(), nil
		}
	}
}

// multiply times n products, with what goes before them.
func (c *Ceiling) multiply(n int) (time.Duration, error) {
	begin := time.Now()
	if err := c.stream.Begin(c.batch); err != nil {
		return 0, err
	}
	c.start()
	for range n {
		c.product()
	}
	err := c.stream.Finish()
	return time.Since(begin), err
}

// Copy returns bytes a second.
func (c *Ceiling) Copy(duration time.Duration) (float64, error) {
	size := len(c.host.Bytes())
	begin := time.Now()
	for n := 1; ; n++ {
		if err := c.queue.CopyIn(c.to.Address(), c.host, 0, size); err != nil {
			return 0, err
		}
		if err := c.queue.Wait(); err != nil {
			return 0, err
		}
		if took := time.Since(begin); took >= duration {
			return float64(n) * float64(size) / took.Seconds(), nil
		}
	}
}

// String names the GPU and what multiplies.
func (c *Ceiling) String() string {
	return fmt.Sprintf("%s, %s", c.backend.device.Name, c.backend.Class())
}

// Close gives everything back.
func (c *Ceiling) Close() error {
	errs := []error{c.to.Free(), c.host.Free(), c.queue.Close()}
	if c.stream != nil {
		errs = append(errs, c.stream.Close())
	}
	return errors.Join(append(errs, c.backend.Close())...)
}
