package limits

import (
	"bytes"
	"fmt"
)

// step does a small piece of work of a kind and returns how much it was, in operations or bytes.
func (m *Meter) step(k Kind, w *worker) (int64, error) {
	switch k {
	case FMA:
		m.loop.run(stepTurns, w.sums[:m.loop.width])
		return stepTurns * m.loop.flopsPerTurn(), nil
	case MemoryRead:
		// The standard library searches with vector instructions on every platform this program is made for.
		begin, end := w.advance(k, int64(len(w.read)))
		if at := bytes.IndexByte(w.read[begin:end], ^pattern); at >= 0 {
			return 0, fmt.Errorf("memory of the meter was overwritten at byte %d", begin+int64(at))
		}
		return end - begin, nil
	case MemoryCopy:
		begin, end := w.advance(k, int64(len(w.from)))
		return 2 * int64(copy(w.to[begin:end], w.from[begin:end])), nil
	case DiskRead:
		begin, end := w.advance(k, m.size)
		evict(m.disk, begin, end-begin) // no page is there where reads are direct
		n, err := m.disk.ReadAt(w.buffer[:end-begin], begin)
		return int64(n), err
	default:
		begin, end := w.advance(k, m.size)
		n, err := m.file.ReadAt(w.buffer[:end-begin], begin)
		return int64(n), err
	}
}

// advance returns the next step of a walk round size bytes.
func (w *worker) advance(k Kind, size int64) (begin, end int64) {
	begin = w.cursor[k]
	end = min(begin+stepBytes, size)
	w.cursor[k] = end % size
	return begin, end
}
