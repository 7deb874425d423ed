package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// prefixSize is the bytes of the header's length at the start of a file.
const prefixSize = 8

// maxHeader is the header size the reference implementation accepts.
const maxHeader = 100_000_000

// maxRank bounds the number of dimensions, so that a hostile header stays cheap.
const maxRank = 32

// elementSizes are the bytes of one element of each type of the format.
var elementSizes = map[string]int64{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
	"U16": 2, "I16": 2, "F16": 2, "BF16": 2,
	"U32": 4, "I32": 4, "F32": 4,
	"U64": 8, "I64": 8, "F64": 8, "C64": 8,
}

// entry is what the header says about one tensor. Offsets are half-open and count from the end of the header.
type entry struct {
	Name    string
	DType   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

func (e *entry) begin() int64 { return e.Offsets[0] }
func (e *entry) end() int64   { return e.Offsets[1] }

// parseHeader reads the JSON text of a header and checks it against the bytes of data that follow it: every tensor's
// span has the size its type and shape ask for, and the spans cover the data without gap or overlap. The entries come
// in the order of their data.
func parseHeader(text []byte, dataSize int64) ([]entry, map[string]string, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.New("header does not start with '{'")
	}
	entries, metadata, err := decodeHeader(text)
	if err != nil {
		return nil, nil, err
	}
	for i := range entries {
		if err := entries[i].check(dataSize); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", entries[i].Name, err)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin(), b.begin()), cmp.Compare(a.end(), b.end()), cmp.Compare(a.Name, b.Name))
	})
	var covered int64
	for i := range entries {
		e := &entries[i]
		if e.begin() != covered {
			return nil, nil, fmt.Errorf("tensor %q starts at data byte %d where the tensor before it ends at %d: "+
				"the data has an overlap or a gap", e.Name, e.begin(), covered)
		}
		covered = e.end()
	}
	if covered != dataSize {
		return nil, nil, fmt.Errorf("the tensors take %d bytes of data and the file holds %d", covered, dataSize)
	}
	return entries, metadata, nil
}

// decodeHeader walks the top-level object by hand because a map would hide a name that stands there twice.
func decodeHeader(text []byte) (entries []entry, metadata map[string]string, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, nil, fmt.Errorf("header is not JSON: %w", err)
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("header is not JSON: %w", err)
		}
		name := key.(string) // the decoder accepts nothing else as a key
		if seen[name] {
			return nil, nil, fmt.Errorf("header names tensor %q twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := d.Decode(&metadata); err != nil {
				return nil, nil, fmt.Errorf("header metadata: %w", err)
			}
			continue
		}
		e := entry{}
		if err := d.Decode(&e); err != nil {
			return nil, nil, fmt.Errorf("header entry %q: %w", name, err)
		}
		e.Name = name
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, nil, fmt.Errorf("header is not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, fmt.Errorf("header has text after its JSON object, at header byte %d", d.InputOffset())
	}
	return entries, metadata, nil
}

func (e *entry) check(dataSize int64) error {
	size, err := byteSize(e.DType, e.Shape)
	if err != nil {
		return err
	}
	if len(e.Offsets) != 2 {
		return fmt.Errorf("data_offsets has %d numbers, not 2", len(e.Offsets))
	}
	if e.begin() < 0 || e.end() < e.begin() || e.end() > dataSize {
		return fmt.Errorf("data bytes [%d,%d) lie outside the file's %d bytes of data; the file is cut off or damaged",
			e.begin(), e.end(), dataSize)
	}
	if e.end()-e.begin() != size {
		return fmt.Errorf("%s %v takes %d bytes, data_offsets spans %d", e.DType, e.Shape, size, e.end()-e.begin())
	}
	return nil
}

// byteSize returns the bytes of a tensor of that type and shape.
func byteSize(dtype string, shape []int) (int64, error) {
	size, ok := elementSizes[dtype]
	if !ok {
		return 0, fmt.Errorf("unknown dtype %q", dtype)
	}
	if len(shape) > maxRank {
		return 0, fmt.Errorf("%d dimensions, more than %d", len(shape), maxRank)
	}
	for _, n := range shape {
		if n < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if n > 0 && size > math.MaxInt64/int64(n) {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		size *= int64(n)
	}
	return size, nil
}
