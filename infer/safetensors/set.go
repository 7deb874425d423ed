// Package safetensors reads and writes the safetensors format (https://github.com/huggingface/safetensors): named
// tensors in one file or in shards.
//
//	byte 0        8   header length n, little-endian
//	byte 8      8+n   JSON: {"__metadata__": {...}, name: {"dtype", "shape", "data_offsets": [begin, end)}, ...}
//	byte 8+n    end   data; offsets count from 8+n, the tensors cover it without gap or overlap
//
// Files are mapped, tensors are views of the mapping: opening costs the header alone. A file is checked before a view
// of it is given out; sizes and offsets that contradict each other are refused.
package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"longfirst/mmapfasta/mapped"
)

// Tensor is a named tensor. Data is little-endian and row-major; read from a Set it is a view of the mapped file, valid
// until Close of the Set, not to be written to and possibly unaligned.
type Tensor struct {
	Name  string
	DType string // F32, F16, BF16, I64, ...
	Shape []int
	Data  []byte
}

// Set is the tensors of one or several files.
type Set struct {
	path    string
	files   []*mapped.File
	tensors map[string]Tensor
	owners  map[string]*mapped.File
}

// Open maps the files, which must not hold a tensor of the same name. Errors: ErrFormat, with the file and the reason,
// and what opening a file gives.
func Open(paths ...string) (*Set, error) {
	if len(paths) == 0 {
		return nil, errors.New("no safetensors file given")
	}
	s := &Set{path: paths[0], tensors: map[string]Tensor{}, owners: map[string]*mapped.File{}}
	for _, path := range paths {
		if err := s.add(path); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

func (s *Set) add(path string) error {
	f, err := mapped.Open(path)
	if err != nil {
		return err
	}
	s.files = append(s.files, f)
	return mapped.Guard(func() error { return s.read(f) }, f)
}

func (s *Set) read(f *mapped.File) error {
	entries, dataStart, err := readHeader(f)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if other, twice := s.owners[e.Name]; twice {
			return fmt.Errorf("%s: %w: tensor %q is in %s as well", f.Path(), ErrFormat, e.Name, other.Path())
		}
		// Where the platform does not map, every tensor is read into memory of its own.
		var memory []byte
		data, err := f.View(dataStart+e.begin(), dataStart+e.end(), &memory)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", e.Name, err)
		}
		s.tensors[e.Name] = Tensor{Name: e.Name, DType: e.DType, Shape: e.Shape, Data: data}
		s.owners[e.Name] = f
	}
	return nil
}

// readHeader returns the entries of a file and the byte its data starts at.
func readHeader(f *mapped.File) ([]entry, int64, error) {
	const remedy = "download the file again"
	var memory []byte
	if f.Size() < prefixSize {
		return nil, 0, fmt.Errorf("%s: %w: %d bytes are too few for a header; %s", f.Path(), ErrFormat, f.Size(), remedy)
	}
	prefix, err := f.View(0, prefixSize, &memory)
	if err != nil {
		return nil, 0, err
	}
	length := binary.LittleEndian.Uint64(prefix)
	if length > maxHeader || int64(length) > f.Size()-prefixSize {
		return nil, 0, fmt.Errorf("%s: %w: header of %d bytes in a file of %d (a git-lfs pointer, another format or a cut-off download); %s",
			f.Path(), ErrFormat, length, f.Size(), remedy)
	}
	dataStart := prefixSize + int64(length)
	text, err := f.View(prefixSize, dataStart, &memory)
	if err != nil {
		return nil, 0, err
	}
	entries, _, err := parseHeader(text, f.Size()-dataStart)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w: %w; %s", f.Path(), ErrFormat, err, remedy)
	}
	return entries, dataStart, nil
}

// Path names the set in messages: its first file, or the index of its shards.
func (s *Set) Path() string { return s.path }

// Tensor returns the tensor of that name.
func (s *Set) Tensor(name string) (Tensor, bool) {
	t, ok := s.tensors[name]
	return t, ok
}

// Names returns the names of all tensors, sorted.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.tensors))
	for name := range s.tensors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Files returns the mapped files, in the order they were opened.
func (s *Set) Files() []*mapped.File { return s.files }

// Close ends the life of all tensors.
func (s *Set) Close() error {
	var failed error
	for _, f := range s.files {
		failed = errors.Join(failed, f.Close())
	}
	return failed
}
