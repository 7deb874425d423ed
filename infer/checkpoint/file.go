package checkpoint

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// File is an open checkpoint.
type File struct {
	Root any // what torch.load would return

	path     string
	file     *mapped.File
	view     []byte          // of the whole file
	storages map[string]span // by key
	sizes    map[string]*storage
}

// span is where the bytes [begin, end) of a storage are in the file.
type span struct{ begin, end int64 }

// Open reads the structure of a checkpoint; tensors are read when asked for. Errors: ErrFormat, with the file and the
// reason, and what opening a file gives.
func Open(path string) (*File, error) {
	file, err := mapped.Open(path)
	if err != nil {
		return nil, err
	}
	var f *File
	err = mapped.Guard(func() error {
		view, err := file.View(0, file.Size(), nil)
		if err != nil {
			return err
		}
		f, err = parse(path, view)
		return err
	}, file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.file = file
	return f, nil
}

// parse reads the structure of a checkpoint's bytes.
func parse(path string, view []byte) (*File, error) {
	f := &File{path: path, view: view, storages: map[string]span{}, sizes: map[string]*storage{}}
	read := f.readLegacy
	if bytes.HasPrefix(view, []byte("PK\x03\x04")) {
		read = f.readArchive
	}
	if err := read(view); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Close ends the life of all tensors that are views.
func (f *File) Close() error { return f.file.Close() }

func (f *File) readArchive(view []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(view), int64(len(view)))
	if err != nil {
		return fmt.Errorf("%w: damaged or cut off: %v", ErrFormat, err)
	}
	var content *zip.File
	for _, entry := range archive.File {
		// The names start with that of the file as it was saved.
		_, name, _ := strings.Cut(entry.Name, "/")
		switch {
		case name == "data.pkl":
			content = entry
		case name == "byteorder":
			if text, err := readEntry(entry); err != nil || string(text) != "little" {
				return fmt.Errorf("%w: byte order is %q, only little is read", ErrFormat, text)
			}
		case path.Dir(name) == "data":
			if entry.Method != zip.Store {
				return fmt.Errorf("%w: storage %s is compressed: save it with torch.save, not with a zip program", ErrFormat, entry.Name)
			}
			begin, err := entry.DataOffset()
			size := int64(entry.UncompressedSize64)
			if err != nil || size < 0 || begin > int64(len(view))-size {
				return fmt.Errorf("%w: storage %s lies outside the file", ErrFormat, entry.Name)
			}
			f.storages[path.Base(name)] = span{begin, begin + size}
		}
	}
	if content == nil {
		return fmt.Errorf("%w: a zip archive without data.pkl", ErrFormat)
	}
	text, err := readEntry(content)
	if err != nil {
		return err
	}
	m := &machine{data: text, persistent: f.storage}
	if f.Root, err = m.run(); err != nil {
		return err
	}
	return f.checkStorages()
}

// maxPickle bounds the structure of a checkpoint, which is names and shapes.
const maxPickle = 1 << 28

func readEntry(entry *zip.File) ([]byte, error) {
	if entry.UncompressedSize64 > maxPickle {
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrFormat, entry.Name, entry.UncompressedSize64)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrFormat, entry.Name, err)
	}
	defer r.Close()
	text, err := io.ReadAll(r) // checks the CRC
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrFormat, entry.Name, err)
	}
	return text, nil
}

// legacyMagic is 0x1950a86a20f9469cfc6c as a pickle holds it.
var legacyMagic = []byte{0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}

func (f *File) readLegacy(view []byte) error {
	m := &machine{data: view, persistent: f.storage}
	var values [5]any // magic number, protocol version, machine, content, keys
	for i := range values {
		v, err := m.run()
		if err != nil {
			if i == 0 {
				return fmt.Errorf("%w: neither a zip archive nor torch's older format", ErrFormat)
			}
			return err
		}
		values[i] = v
		if magic, ok := v.([]byte); i == 0 && (!ok || !bytes.Equal(magic, legacyMagic)) {
			return fmt.Errorf("%w: neither a zip archive nor torch's older format", ErrFormat)
		}
	}
	if info, ok := values[2].(*Dict); !ok || info.Get("little_endian") != true {
		return fmt.Errorf("%w: written on a big-endian machine", ErrFormat)
	}
	f.Root = values[3]
	keys, ok := values[4].(*List)
	if !ok {
		return fmt.Errorf("%w: the list of storages is a %T", ErrFormat, values[4])
	}
	at := int64(m.pos)
	for _, key := range keys.Items {
		name, ok := key.(string)
		s := f.sizes[name]
		if !ok || s == nil {
			return fmt.Errorf("%w: storage %v belongs to no tensor", ErrFormat, key)
		}
		if at > int64(len(view))-8 {
			return fmt.Errorf("%w: cut off before storage %s", ErrFormat, name)
		}
		count := binary.LittleEndian.Uint64(view[at:])
		at += 8
		if count > uint64(int64(len(view))-at)/uint64(s.dtype.size) {
			return fmt.Errorf("%w: cut off inside storage %s, from byte %d on", ErrFormat, name, at)
		}
		end := at + int64(count)*s.dtype.size
		f.storages[name] = span{at, end}
		at = end
	}
	return f.checkStorages()
}

// storage resolves a persistent id: ("storage", class, key, location, number of elements, …).
func (f *File) storage(id any) (any, error) {
	parts, ok := id.(Tuple)
	if !ok || len(parts) < 5 || parts[0] != "storage" {
		return nil, fmt.Errorf("something outside the pickle that is no storage")
	}
	class, isClass := parts[1].(Class)
	key, isKey := parts[2].(string)
	count, isCount := parts[4].(int64)
	if !isClass || !isKey || !isCount || count < 0 || count > maxElements {
		return nil, fmt.Errorf("a storage of a %T, %T and %T", parts[1], parts[2], parts[4])
	}
	kind, ok := dtypes[class.Name]
	if !ok || class.Module != "torch" {
		return nil, fmt.Errorf("storage class %s.%s is not supported", class.Module, class.Name)
	}
	if len(parts) > 5 && parts[5] != nil {
		return nil, errors.New("a storage that is a view of another one")
	}
	s := f.sizes[key]
	if s == nil {
		s = &storage{key, kind, count}
		f.sizes[key] = s
	}
	if s.dtype != kind || s.count != count {
		return nil, fmt.Errorf("storage %s is once %d %s and once %d %s", key, s.count, s.dtype.name, count, kind.name)
	}
	return s, nil
}

// checkStorages makes sure that each storage is in the file with all its elements.
func (f *File) checkStorages() error {
	for key, s := range f.sizes {
		where, ok := f.storages[key]
		if !ok {
			return fmt.Errorf("%w: storage %s is missing", ErrFormat, key)
		}
		if where.end-where.begin < s.count*s.dtype.size {
			return fmt.Errorf("%w: storage %s has %d bytes for %d elements of %d", ErrFormat, key, where.end-where.begin, s.count, s.dtype.size)
		}
	}
	return nil
}

// Tensors returns the tensors of a dictionary in its order, without their data.
func Tensors(d *Dict) []safetensors.Tensor {
	var list []safetensors.Tensor
	for i, key := range d.Keys {
		name, isName := key.(string)
		t, isTensor := d.Values[i].(*tensor)
		if isName && isTensor {
			list = append(list, safetensors.Tensor{Name: name, DType: t.storage.dtype.name, Shape: t.shape})
		}
	}
	return list
}

// Data returns the elements of a tensor of a dictionary, little-endian and row-major: a view, valid until Close, where
// they are stored so. To be used inside a mapped.Guard.
func (f *File) Data(d *Dict, name string) ([]byte, error) {
	t, ok := d.Get(name).(*tensor)
	if !ok {
		return nil, fmt.Errorf("%s: %w: %s is no tensor", f.path, ErrFormat, name)
	}
	where := f.storages[t.storage.key]
	return t.bytes(f.view[where.begin : where.begin+t.storage.count*t.storage.dtype.size]), nil
}
