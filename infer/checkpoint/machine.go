package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
)

// machine runs one pickle. It reads from data at pos and never beyond it.
type machine struct {
	data  []byte
	pos   int
	stack []any
	marks []int // heights of the stack
	memo  map[int]any

	// persistent resolves what the pickle says lies outside of it.
	persistent func(id any) (any, error)
}

// run executes opcodes until the pickle's end and returns its value.
func (m *machine) run() (any, error) {
	m.memo = map[int]any{}
	for {
		at := m.pos
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == opStop {
			value, err := m.pop()
			if err != nil {
				return nil, m.errorf(at, "%v", err)
			}
			return value, nil
		}
		if err := m.step(op[0]); err != nil {
			return nil, m.errorf(at, "%v", err)
		}
	}
}

func (m *machine) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("%w: pickle byte %d: %s", ErrFormat, at, fmt.Sprintf(format, args...))
}

// take returns the next n bytes.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.pos) {
		return nil, m.errorf(m.pos, "it ends where %d bytes should follow", n)
	}
	m.pos += int(n)
	return m.data[m.pos-int(n) : m.pos], nil
}

// number returns the next little-endian unsigned number of n bytes.
func (m *machine) number(n int) (uint64, error) {
	b, err := m.take(uint64(n))
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), nil
}

// counted returns bytes that a number of n bytes precedes.
func (m *machine) counted(n int) ([]byte, error) {
	size, err := m.number(n)
	if err != nil {
		return nil, err
	}
	return m.take(size)
}

// line returns the bytes before the next line feed.
func (m *machine) line() (string, error) {
	for i := m.pos; i < len(m.data); i++ {
		if m.data[i] == '\n' {
			text := string(m.data[m.pos:i])
			m.pos = i + 1
			return text, nil
		}
	}
	return "", m.errorf(m.pos, "it ends inside a line")
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

func (m *machine) pop() (any, error) {
	floor := 0
	if len(m.marks) > 0 {
		floor = m.marks[len(m.marks)-1]
	}
	if len(m.stack) <= floor {
		return nil, fmt.Errorf("the stack is empty")
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// popMark takes everything above the last mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, fmt.Errorf("there is no mark on the stack")
	}
	begin := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	items := append([]any(nil), m.stack[begin:]...)
	m.stack = m.stack[:begin]
	return items, nil
}

func (m *machine) top() (any, error) {
	v, err := m.pop()
	if err == nil {
		m.push(v)
	}
	return v, err
}

func (m *machine) get(i uint64) error {
	v, ok := m.memo[int(i)]
	if !ok {
		return fmt.Errorf("memo %d was never put", i)
	}
	m.push(v)
	return nil
}

func (m *machine) put(i uint64) error {
	v, err := m.top()
	if err == nil {
		m.memo[int(i)] = v
	}
	return err
}

// integer reads a two's complement number of up to 8 bytes.
func integer(b []byte) (any, error) {
	if len(b) > 8 {
		return append([]byte(nil), b...), nil // a magic number; nothing else in a checkpoint is that large
	}
	var wide [8]byte
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
		for i := range wide {
			wide[i] = 0xff
		}
	}
	copy(wide[:], b)
	return int64(binary.LittleEndian.Uint64(wide[:])), nil
}

func float(b []byte) float64 { return math.Float64frombits(binary.BigEndian.Uint64(b)) }
