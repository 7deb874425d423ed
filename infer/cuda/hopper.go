//go:build cuda

package cuda

import (
	"errors"

	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// hopper holds the tensor maps of a stream, which the GEMM of Hopper reads its matrices by: three for each product of a model.
type hopper struct {
	slabs []*slab
	at    map[operands]device.Slot
}

// operands are the addresses of a product's matrices.
type operands struct{ x, w, out device.Slot }

// slab is memory for maps: pinned, and on the device. What is written there stays.
type slab struct {
	host   *device.Pinned
	memory *device.Memory
	used   int // bytes
}

const (
	mapsOfProduct = 3 * device.TensorMapBytes
	slabBytes     = 64 * mapsOfProduct
)

// maps returns the address of the maps of a product [T, k]·[n, k]ᵀ of a stream for up to so many tokens. They are encoded and
// queued to be copied the first time.
func (h *hopper) maps(b *Backend, o operands, maxTokens, n, k int) (device.Slot, error) {
	if slot, ok := h.at[o]; ok {
		return slot, nil
	}
	s, err := h.room(b)
	if err != nil {
		return 0, err
	}
	at := s.used
	boxes := kernels.HopperBoxes
	for i, m := range []device.TensorMap{
		{Address: uint64(o.x), Rows: maxTokens, Columns: k, BoxRows: boxes[0].Rows, BoxColumns: boxes[0].Columns},
		{Address: uint64(o.w), Rows: n, Columns: k, BoxRows: boxes[1].Rows, BoxColumns: boxes[1].Columns},
		{Address: uint64(o.out), Rows: maxTokens, Columns: n, BoxRows: boxes[2].Rows, BoxColumns: boxes[2].Columns},
	} {
		to := s.host.Bytes()[at+i*device.TensorMapBytes:]
		if err := b.context.Encode(m, (*[device.TensorMapBytes]byte)(to)); err != nil {
			return 0, err
		}
	}
	slot := device.Slot(s.memory.Address() + uint64(at))
	if err := b.compute.CopyIn(uint64(slot), s.host, at, mapsOfProduct); err != nil {
		return 0, err
	}
	s.used += mapsOfProduct
	if h.at == nil {
		h.at = make(map[operands]device.Slot)
	}
	h.at[o] = slot
	return slot, nil
}

// room returns a slab with room for the maps of a product.
func (h *hopper) room(b *Backend) (*slab, error) {
	if n := len(h.slabs); n > 0 && h.slabs[n-1].used < slabBytes {
		return h.slabs[n-1], nil
	}
	s := &slab{}
	var err error
	if s.host, err = b.context.AllocatePinned(slabBytes); err != nil {
		return nil, err
	}
	if s.memory, err = b.allocate("tensor maps", slabBytes); err != nil {
		return nil, errors.Join(err, s.host.Free())
	}
	h.slabs = append(h.slabs, s)
	return s, nil
}

func (h *hopper) free() (err error) {
	for _, s := range h.slabs {
		err = errors.Join(err, s.host.Free(), s.memory.Free())
	}
	return err
}

// hopperLaunch returns the launch of a product by wgmma, and false where another kernel serves it better: where more than an
// eighth of the tiles' columns would be waste. It must not depend on the number of tokens, as the sums' bits do on the kernel.
func (b *Backend) hopperLaunch(op kernels.Op, tokens, n, headDim int) (kernels.Launch, bool) {
	columns := kernels.HopperTile.Columns
	covered := (n + columns - 1) / columns * columns
	if b.device.Products != ProductsWgmma && b.device.Products != productsWgmmaAll || b.device.Products == ProductsWgmma && 8*n < 7*covered {
		return kernels.Launch{}, false
	}
	return kernels.HopperGEMM(op, b.element, headDim, tokens, n, b.device.SMs)
}
