//go:build cuda

package cuda

import (
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// product queues op for out [T, n] = x [T, k]·wᵀ; n and k are pitches.
func (s *stream) product(op kernels.Op, out, x device.Slot, w *matrix, bias *vector, n, k int) error {
	tokens, b := len(s.batch.Tokens), s.backend
	if l, ok := b.hopperLaunch(op, tokens, n, 0); ok {
		maps, err := s.maps.maps(b, operands{x, w.slot(), out}, s.maxTokens, n, k)
		if err != nil {
			return err
		}
		arguments := []device.Slot{maps, out, bias.slot(), device.Slot(tokens), device.Slot(n), device.Slot(k)}
		if op != kernels.Add { // the result goes by its map
			arguments = append(arguments[:1], arguments[2:]...)
		}
		return s.launch(l, arguments...)
	}
	if b.library != nil {
		if err := b.multiply(op == kernels.Add, tokens, out, x, w, bias, n, k); err != nil || op == kernels.Add {
			return err
		}
		return s.launch(kernels.GELU(b.element, tokens, n), out, bias.slot(), device.Slot(tokens), device.Slot(n))
	}
	return s.launch(kernels.GEMM(op, b.element, b.tile(op, n, 0), tokens, n), out, x, w.slot(), bias.slot(),
		device.Slot(tokens), device.Slot(n), device.Slot(k))
}

// productQKV queues the product for queries, keys and values, in heads of that size. cublasLt has no part in it: its products
// are rounded before bias and rotation, which takes peaked attention over heads of 128 beyond the tolerance.
func (s *stream) productQKV(out, x device.Slot, w *matrix, bias *vector, table, positions device.Slot, n, k, headDim int) error {
	tokens, b := len(s.batch.Tokens), s.backend
	if l, ok := b.hopperLaunch(kernels.QKV, tokens, n, headDim); ok {
		maps, err := s.maps.maps(b, operands{x, w.slot(), out}, s.maxTokens, n, k)
		if err != nil {
			return err
		}
		return s.launch(l, maps, bias.slot(), table, positions, device.Slot(tokens), device.Slot(n), device.Slot(k))
	}
	if b.element != kernels.F32 {
		return s.launch(kernels.GEMM(kernels.QKV, b.element, b.tile(kernels.QKV, n, headDim), tokens, n), out, x, w.slot(), bias.slot(), table, positions,
			device.Slot(tokens), device.Slot(n), device.Slot(k), device.Slot(headDim))
	}
	if err := s.launch(kernels.GEMM(kernels.Product, b.element, kernels.Tile{}, tokens, n), out, x, w.slot(), bias.slot(),
		device.Slot(tokens), device.Slot(n), device.Slot(k)); err != nil {
		return err
	}
	return s.rotate(out, w, bias, table, positions, n, headDim)
}

// rotate queues what is left of productQKV where the product came without it.
func (s *stream) rotate(out device.Slot, w *matrix, bias *vector, table, positions device.Slot, n, headDim int) error {
	tokens := len(s.batch.Tokens)
	return s.launch(kernels.Rotary(s.backend.element, tokens), out, bias.slot(), table, positions,
		device.Slot(tokens), device.Slot(w.n/3), device.Slot(n), device.Slot(headDim))
}

// tile is the likely best one of a product with n columns, of heads of that size.
func (b *Backend) tile(op kernels.Op, n, headDim int) kernels.Tile {
	if b.element == kernels.F32 {
		return kernels.Tile{}
	}
	return kernels.Tiles(op, n, headDim)[0]
}
