package esm2_test

import (
	"errors"
	"testing"
	"time"

	"longfirst/infer/backend"
	"longfirst/infer/esm2"
)

// TestProfile counts the operations of a pass as Config does, and times every kind of them. A clock that ticks once a
// call shows which times are kept.
func TestProfile(t *testing.T) {
	m := load(t, batchModel)
	b := pack([]uint8{0, 4, 6, 2}, []uint8{0, 5, 2}, []uint8{0, 4, 5, 6, 7, 8, 2})
	r, err := m.NewRunner(len(b.Tokens), b.Sequences())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var now, step time.Duration = 0, 10
	clock := func() time.Duration {
		now += step
		step = max(1, step-1)
		return now
	}
	times, err := r.Profile(b, 3, clock)
	if err != nil {
		t.Fatal(err)
	}
	var flops int64
	for i, o := range times[:len(times)-1] {
		flops += o.FLOPs
		if o.Operation == "" || o.Took != 1 {
			t.Errorf("operation %d: %+v, want the least time, 1", i, o)
		}
	}
	c := m.Config()
	want := c.FLOPs(4) + c.FLOPs(3) + c.FLOPs(7)
	whole := times[len(times)-1]
	if whole.Operation != esm2.WholePass || whole.FLOPs != want || flops != want || whole.Took != 1 {
		t.Errorf("%+v, the operations %d FLOPs, want %d", whole, flops, want)
	}
	if _, err := r.Profile(backend.Batch{CuSeqlens: []int32{0}}, 1, clock); !errors.Is(err, esm2.ErrBatch) {
		t.Errorf("an empty batch: %v", err)
	}
}
