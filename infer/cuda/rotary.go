//go:build cuda

package cuda

import (
	"longfirst/infer/cuda/device"
	"longfirst/infer/cuda/kernels"
)

// rotaryTable holds cosine and sine of position·frequency: float32 [positions, D/2, 2].
type rotaryTable struct {
	positions int
	memory    *device.Memory
}

// leastPositions is how many positions a table has at least: the default --max-length, BOS and EOS included.
const leastPositions = 1026

// rotaryTable returns the address of a table for those frequencies with that many positions at least. All streams use it,
// in the order of the one queue they compute on.
func (b *Backend) rotaryTable(f *vector, positions int) (device.Slot, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.rotary[f]
	if t != nil && t.positions >= positions {
		return device.Slot(t.memory.Address()), nil
	}
	wanted := &rotaryTable{positions: max(positions, leastPositions)}
	var err error
	if wanted.memory, err = b.allocate("the table of rotations", wanted.positions*f.n*8); err != nil {
		return 0, err
	}
	b.rotary[f] = wanted
	if t != nil {
		if err := t.memory.Free(); err != nil {
			return 0, err
		}
	}
	address := device.Slot(wanted.memory.Address())
	return address, b.launch(kernels.RotaryTable(wanted.positions, f.n), address, f.slot(), device.Slot(wanted.positions), device.Slot(f.n))
}
