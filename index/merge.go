package index

import "cmp"

// stream gives entries in index order, up to a page of them at a time; nil at its end. What it gives is valid until the
// next call.
type stream interface {
	block() (*rows, error)
}

// merge returns the entries of all streams in index order, in blocks of pageEntries but for the last. No two streams have
// an entry of the same file and ordinal.
func merge(streams []stream) stream {
	if len(streams) == 1 {
		return streams[0] // all streams give full blocks
	}
	return &merger{sources: streams}
}

// merger keeps a heap of streams by their next entries.
type merger struct {
	sources []stream // not begun
	heap    []*mergeCursor
	rows    rows
}

type mergeCursor struct {
	stream stream
	rows   *rows
	at     int // next entry
	idAt   int // where its id begins
}

// fill reads the next block and tells whether there was one.
func (c *mergeCursor) fill() (ok bool, err error) {
	c.rows, err = c.stream.block()
	c.at, c.idAt = 0, 0
	return c.rows != nil, err
}

func (c *mergeCursor) values() *[columnCount]uint64 { return &c.rows.values[c.at] }

func (c *mergeCursor) before(other *mergeCursor) bool {
	a, b := c.values(), other.values()
	return cmp.Or(
		cmp.Compare(b[columnLength], a[columnLength]),
		cmp.Compare(a[columnFile], b[columnFile]),
		cmp.Compare(a[columnOrdinal], b[columnOrdinal])) < 0
}

func (m *merger) block() (*rows, error) {
	for ; len(m.sources) > 0; m.sources = m.sources[1:] {
		c := &mergeCursor{stream: m.sources[0]}
		if ok, err := c.fill(); err != nil {
			return nil, err
		} else if ok {
			m.heap = append(m.heap, c)
		}
		if len(m.sources) == 1 {
			for i := len(m.heap)/2 - 1; i >= 0; i-- {
				m.sink(i)
			}
		}
	}
	m.rows.reset()
	for len(m.heap) > 0 && m.rows.count < pageEntries {
		c := m.heap[0]
		v := c.values()
		size := int(v[columnIDSize])
		m.rows.add(v, c.rows.ids[c.idAt:c.idAt+size])
		c.at++
		c.idAt += size
		if c.at == c.rows.count {
			ok, err := c.fill()
			if err != nil {
				return nil, err
			}
			if !ok {
				last := len(m.heap) - 1
				m.heap[0] = m.heap[last]
				m.heap = m.heap[:last]
			}
		}
		m.sink(0)
	}
	if m.rows.count == 0 {
		return nil, nil
	}
	return &m.rows, nil
}

// sink moves the stream at i down the heap to where it belongs.
func (m *merger) sink(i int) {
	for {
		least := 2*i + 1
		if least >= len(m.heap) {
			return
		}
		if right := least + 1; right < len(m.heap) && m.heap[right].before(m.heap[least]) {
			least = right
		}
		if !m.heap[least].before(m.heap[i]) {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}
