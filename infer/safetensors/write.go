package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// headerAlignment is what the data's first byte is aligned to.
const headerAlignment = 8

// Writer writes a file whose tensors are too large to be in memory at once: the header first, then the data.
type Writer struct {
	w       io.Writer
	pending int64 // bytes of data still to come
}

// NewWriter writes the header for the tensors, whose Data is ignored: their data is to follow through Write, in this
// order. Equal arguments give equal bytes.
func NewWriter(w io.Writer, tensors []Tensor, metadata map[string]string) (*Writer, error) {
	text, size, err := encodeHeader(tensors, metadata)
	if err != nil {
		return nil, err
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	if _, err := w.Write(append(file, text...)); err != nil {
		return nil, err
	}
	return &Writer{w, size}, nil
}

// Write appends data of the tensors.
func (w *Writer) Write(data []byte) (int, error) {
	if int64(len(data)) > w.pending {
		return 0, fmt.Errorf("%d bytes of data after the last tensor", int64(len(data))-w.pending)
	}
	n, err := w.w.Write(data)
	w.pending -= int64(n)
	return n, err
}

// Close checks that the data of every tensor was written. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.pending != 0 {
		return fmt.Errorf("%d bytes of tensor data are missing", w.pending)
	}
	return nil
}

// Write writes the tensors in the order of their names. Equal arguments give equal bytes.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	for _, t := range tensors {
		if size, err := byteSize(t.DType, t.Shape); err != nil || size != int64(len(t.Data)) {
			return fmt.Errorf("tensor %q: %d bytes of data for %s %v: %w", t.Name, len(t.Data), t.DType, t.Shape, ErrFormat)
		}
	}
	sw, err := NewWriter(w, tensors, metadata)
	if err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := sw.Write(t.Data); err != nil {
			return err
		}
	}
	return sw.Close()
}

// encodeHeader lays the tensors out end to end and returns the padded JSON text and the bytes of data.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, int64, error) {
	var text bytes.Buffer
	text.WriteByte('{')
	separate := func() {
		if text.Len() > 1 {
			text.WriteByte(',')
		}
	}
	if len(metadata) > 0 {
		object, err := json.Marshal(metadata) // sorts the keys
		if err != nil {
			return nil, 0, err
		}
		fmt.Fprintf(&text, `"__metadata__":%s`, object)
	}
	var offset int64
	seen := map[string]bool{}
	for _, t := range tensors {
		size, err := byteSize(t.DType, t.Shape)
		if err != nil {
			return nil, 0, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if seen[t.Name] || t.Name == "__metadata__" {
			return nil, 0, fmt.Errorf("tensor %q: the name is taken", t.Name)
		}
		seen[t.Name] = true
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, 0, err
		}
		shape := slices.Clone(t.Shape)
		if shape == nil {
			shape = []int{} // a scalar; null is not in the format
		}
		object, err := json.Marshal(struct {
			DType   string   `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{t.DType, shape, [2]int64{offset, offset + size}})
		if err != nil {
			return nil, 0, err
		}
		separate()
		fmt.Fprintf(&text, "%s:%s", name, object)
		offset += size
	}
	text.WriteByte('}')
	for text.Len()%headerAlignment != 0 {
		text.WriteByte(' ')
	}
	return text.Bytes(), offset, nil
}
