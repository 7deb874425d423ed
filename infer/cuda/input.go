//go:build cuda

package cuda

import (
	"cmp"
	"errors"
	"slices"

	"longfirst/infer/backend"
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// input is what the kernels are told of a batch: pinned memory and its copy on the device, one region after the other.
type input struct {
	host   *device.Pinned
	memory *device.Memory
	items  int // of attention in the batch

	tokens, positions, cumulative, work region // u8[T], i32[T], i32[B+1], i32[items, 4]
	order                               []int32
}

// region is where a part begins in the input, and how many bytes it has at most.
type region struct{ at, bytes int }

func (b *Backend) newInput(maxTokens, maxSequences int) (*input, error) {
	in := &input{order: make([]int32, 0, maxSequences)}
	end := 0
	take := func(bytes int) region {
		r := region{end, bytes}
		end = (end + bytes + 15) &^ 15
		return r
	}
	in.tokens = take(maxTokens)
	in.positions = take(4 * maxTokens)
	in.cumulative = take(4 * (maxSequences + 1))
	in.work = take(16 * (maxTokens/kernels.QueryTile + maxSequences))
	var err error
	if in.host, err = b.context.AllocatePinned(end); err != nil {
		return nil, err
	}
	if in.memory, err = b.allocate("a batch's tokens", end); err != nil {
		return nil, errors.Join(err, in.free())
	}
	return in, nil
}

func (in *input) free() error { return errors.Join(in.host.Free(), in.memory.Free()) }

// slot is a region's address on the device.
func (in *input) slot(r region) device.Slot { return device.Slot(in.memory.Address() + uint64(r.at)) }

// send fills the pinned memory with a batch, which is not needed any more then, and queues its copy.
func (in *input) send(q *device.Stream, b backend.Batch) error {
	copy(in.host.Bytes()[in.tokens.at:], b.Tokens)
	copy(in.host.Integers(in.cumulative.at, len(b.CuSeqlens)), b.CuSeqlens)
	positions := in.host.Integers(in.positions.at, len(b.Tokens))
	in.order = in.order[:0]
	for i := range b.Sequences() {
		in.order = append(in.order, int32(i))
		own := positions[b.CuSeqlens[i]:b.CuSeqlens[i+1]]
		for p := range own {
			own[p] = int32(p)
		}
	}
	in.plan(b)
	for _, part := range []struct {
		region
		bytes int
	}{{in.tokens, len(b.Tokens)}, {in.positions, 4 * len(b.Tokens)}, {in.cumulative, 4 * len(b.CuSeqlens)}, {in.work, 16 * in.items}} {
		if err := q.CopyIn(uint64(in.slot(part.region)), in.host, part.at, part.bytes); err != nil {
			return err
		}
	}
	return nil
}

// plan writes attention's work items, those of the longest sequences first: what starts last should end soon.
func (in *input) plan(b backend.Batch) {
	length := func(i int32) int32 { return b.CuSeqlens[i+1] - b.CuSeqlens[i] }
	slices.SortStableFunc(in.order, func(x, y int32) int { return cmp.Compare(length(y), length(x)) })
	work := in.host.Integers(in.work.at, in.work.bytes/4)
	in.items = 0
	for _, i := range in.order {
		for query := int32(0); query < length(i); query += kernels.QueryTile {
			copy(work[4*in.items:], []int32{b.CuSeqlens[i], length(i), query, 0})
			in.items++
		}
	}
}
