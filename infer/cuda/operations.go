//go:build cuda

package cuda

import (
	"fmt"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// run queues an operation unless an earlier one of the batch failed. The format says what it is and its shapes.
func (s *stream) run(queue func() error, format string, args ...any) {
	if s.failed != nil {
		return
	}
	err := queue()
	if err == nil && s.backend.check {
		err = s.backend.compute.Wait()
	}
	if err != nil {
		s.failed = fmt.Errorf(format+": %w", append(args, err)...)
	}
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrArgument}, args...)...)
}

func (s *stream) launch(l kernels.Launch, arguments ...device.Slot) error {
	return s.backend.launch(l, arguments...)
}

// as returns the address of an activation's content in a type. The forward pass asks for the type it is in; elsewhere it is
// converted into memory of its own.
func (s *stream) as(e kernels.Element, a *activation) (device.Slot, error) {
	switch a.element {
	case e:
		return device.Slot(a.memory.Address()), nil
	case "":
		return 0, refuse("a source that nothing was written to")
	}
	memory, ok := s.scratch[a.width]
	if !ok {
		var err error
		if memory, err = s.backend.allocate("a converted activation", 4*s.maxTokens*a.pitch); err != nil {
			return 0, err
		}
		s.scratch[a.width] = memory
	}
	tokens := len(s.batch.Tokens)
	return device.Slot(memory.Address()), s.launch(kernels.Gather(a.element, e, tokens), device.Slot(memory.Address()), device.Slot(a.memory.Address()), 0,
		device.Slot(tokens), device.Slot(a.width), device.Slot(a.pitch), device.Slot(a.pitch))
}

// to makes a type that of an activation's content from now on.
func (a *activation) to(e kernels.Element) device.Slot {
	a.element = e
	return device.Slot(a.memory.Address())
}

func (v *vector) slot() device.Slot { return device.Slot(v.memory.Address()) }

func (m *matrix) slot() device.Slot { return device.Slot(m.memory.Address()) }

// Embed takes rows of a table by token.
func (s *stream) Embed(dst backend.Activation, table backend.Matrix, scale float32) {
	a, m := dst.(*activation), table.(*matrix)
	tokens := len(s.batch.Tokens)
	s.run(func() error {
		if a.width != m.k {
			return refuse("destination of width %d", a.width)
		}
		for _, token := range s.batch.Tokens {
			if int(token) >= m.n {
				return refuse("token %d", token)
			}
		}
		return s.launch(kernels.Embed(s.backend.element, tokens, a.pitch), a.to(kernels.F32), m.slot(), s.input.slot(s.input.tokens),
			device.Slot(tokens), device.Slot(a.pitch), device.Real(float64(scale)))
	}, "embedding of %d tokens from a table [%d, %d]", tokens, m.n, m.k)
}

// LayerNorm normalises rows. In place it keeps float32, as the last norm of a model needs it; else it writes what a
// product takes.
func (s *stream) LayerNorm(dst, src backend.Activation, gain, bias backend.Vector, eps float32) {
	to, from := dst.(*activation), src.(*activation)
	tokens := len(s.batch.Tokens)
	s.run(func() error {
		if to.width != from.width || gain.Len() != from.width || bias.Len() != from.width {
			return refuse("gain [%d], bias [%d], destination of width %d", gain.Len(), bias.Len(), to.width)
		}
		if from.width > kernels.MaxWidth {
			return fmt.Errorf("%w: a hidden size of %d, and there are norms up to %d; --device cpu computes any", backend.ErrUnsupported, from.width, kernels.MaxWidth)
		}
		x, err := s.as(kernels.F32, from)
		if err != nil {
			return err
		}
		element := s.backend.element
		if to == from {
			element = kernels.F32
		}
		return s.launch(kernels.Norm(element, tokens, to.width), to.to(element), x, gain.(*vector).slot(), bias.(*vector).slot(),
			device.Slot(tokens), device.Slot(to.width), device.Slot(to.pitch), device.Real(float64(eps)))
	}, "layer norm of [%d, %d]", tokens, from.width)
}

// LinearGELU is a product with bias and GELU.
func (s *stream) LinearGELU(dst, src backend.Activation, w backend.Matrix, bias backend.Vector) {
	s.linear(kernels.FeedUp, dst.(*activation), src.(*activation), w.(*matrix), bias.(*vector))
}

// LinearAdd adds a product with bias to what is there.
func (s *stream) LinearAdd(dst, src backend.Activation, w backend.Matrix, bias backend.Vector) {
	s.linear(kernels.Add, dst.(*activation), src.(*activation), w.(*matrix), bias.(*vector))
}

func (s *stream) linear(op kernels.Op, to, from *activation, w *matrix, bias *vector) {
	tokens := len(s.batch.Tokens)
	s.run(func() error {
		if from.width != w.k || to.width != w.n || bias.n != w.n || to == from {
			return refuse("source of width %d, bias [%d], destination of width %d", from.width, bias.n, to.width)
		}
		x, err := s.as(s.backend.element, from)
		if err != nil {
			return err
		}
		element := s.backend.element
		if op == kernels.Add {
			if element = kernels.F32; to.element != kernels.F32 {
				return refuse("added to what is no residual stream")
			}
		}
		return s.product(op, to.to(element), x, w, bias, to.pitch, from.pitch)
	}, "product (%s) of [%d, %d] and [%d, %d]", op, tokens, from.width, w.n, w.k)
}

// LinearQKV is a product with bias whose first third is scaled and whose first two thirds are rotated.
func (s *stream) LinearQKV(dst, src backend.Activation, weight backend.Matrix, biases, frequencies backend.Vector, heads int) {
	to, from, w, bias, f := dst.(*activation), src.(*activation), weight.(*matrix), biases.(*vector), frequencies.(*vector)
	tokens, d := len(s.batch.Tokens), 2*f.n
	s.run(func() error {
		if from.width != w.k || to.width != w.n || bias.n != w.n || w.n != 3*heads*d {
			return refuse("source of width %d, bias [%d], %d frequencies, destination of width %d", from.width, bias.n, f.n, to.width)
		}
		if !s.headSize(d) {
			return s.noHeads(d)
		}
		x, err := s.as(s.backend.element, from)
		if err != nil {
			return err
		}
		table, err := s.backend.rotaryTable(f, s.longest)
		if err != nil {
			return err
		}
		element, positions := s.backend.element, s.input.slot(s.input.positions)
		return s.productQKV(to.to(element), x, w, bias, table, positions, to.pitch, from.pitch, d)
	}, "product (qkv) of [%d, %d] and [%d, %d] for %d heads", tokens, from.width, w.n, w.k, heads)
}

// headSize says whether there are kernels for heads of that size.
func (s *stream) headSize(d int) bool {
	switch d {
	case 16, 24, 32, 64, 128:
		return true
	}
	return s.backend.element == kernels.F32 && d <= 128
}

func (s *stream) noHeads(d int) error {
	return fmt.Errorf("%w: heads of %d; %s computes those of 16, 24, 32, 64 and 128, and --compute %s any", backend.ErrUnsupported, d, s.backend.precision, FP32)
}

// Attention is softmax(q·kᵀ)·v over each sequence.
func (s *stream) Attention(dst, qkv backend.Activation, heads int) {
	to, from := dst.(*activation), qkv.(*activation)
	tokens := len(s.batch.Tokens)
	s.run(func() error {
		if heads < 1 || to.width%heads != 0 || from.width != 3*to.width || to == from {
			return refuse("destination of width %d", to.width)
		}
		d := to.width / heads
		if !s.headSize(d) {
			return s.noHeads(d)
		}
		element := s.backend.element
		x, err := s.as(element, from)
		if err != nil {
			return err
		}
		work, l := s.input.slot(s.input.work), kernels.Attention(element, s.input.items, heads, d)
		if element == kernels.F32 {
			return s.launch(l, to.to(element), x, work, device.Slot(to.width), device.Slot(d), device.Slot(to.pitch), device.Slot(from.pitch))
		}
		return s.launch(l, to.to(element), x, work, device.Slot(to.width))
	}, "attention over [%d, %d] with %d heads in %d sequences, the longest of %d", tokens, from.width, heads, s.batch.Sequences(), s.longest)
}
