package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sample = []Tensor{
	{Name: "b", DType: "F32", Shape: []int{2, 1}, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
	{Name: "a \"quoted\"", DType: "F16", Shape: []int{3}, Data: []byte{9, 10, 11, 12, 13, 14}},
	{Name: "scalar", DType: "I64", Shape: []int{}, Data: []byte{1, 0, 0, 0, 0, 0, 0, 0}},
	{Name: "empty", DType: "BF16", Shape: []int{0, 4}, Data: []byte{}},
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func encode(t *testing.T, tensors ...Tensor) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := Write(&file, tensors, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// raw is a file with that header text and that many bytes of data.
func raw(header string, data int) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), make([]byte, data)...)
}

func TestWriteOpen(t *testing.T) {
	file := encode(t, sample...)
	if again := encode(t, sample[2], sample[0], sample[3], sample[1]); !bytes.Equal(file, again) {
		t.Error("the order of the arguments changes the file")
	}
	if n := binary.LittleEndian.Uint64(file); n%8 != 0 {
		t.Errorf("header of %d bytes leaves the data unaligned", n)
	}
	s, err := Open(write(t, t.TempDir(), "x.safetensors", file))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, want := s.Names(), []string{"a \"quoted\"", "b", "empty", "scalar"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
	for _, want := range sample {
		got, ok := s.Tensor(want.Name)
		if !ok {
			t.Fatalf("tensor %q is missing", want.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tensor %q (-want +got):\n%s", want.Name, diff)
		}
	}
	if _, ok := s.Tensor("c"); ok {
		t.Error("found a tensor that was not written")
	}
}

func TestWriteRefuses(t *testing.T) {
	for what, tensors := range map[string][]Tensor{
		"short data": {{Name: "a", DType: "F32", Shape: []int{2}, Data: make([]byte, 4)}},
		"dtype":      {{Name: "a", DType: "F80", Shape: []int{1}, Data: make([]byte, 10)}},
		"twice":      {{Name: "a", DType: "U8", Shape: []int{0}}, {Name: "a", DType: "U8", Shape: []int{0}}},
		"reserved":   {{Name: "__metadata__", DType: "U8", Shape: []int{0}}},
	} {
		if err := Write(&bytes.Buffer{}, tensors, nil); err == nil {
			t.Errorf("%s: written", what)
		}
	}
	w, err := NewWriter(&bytes.Buffer{}, []Tensor{{Name: "a", DType: "F32", Shape: []int{2}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil {
		t.Error("closed with half of the data")
	}
	if _, err := w.Write(make([]byte, 5)); err == nil {
		t.Error("took more data than there are tensors")
	}
}

// bad are headers that must be refused; data is the bytes that follow, want a part of the message.
var bad = []struct {
	what, header string
	data         int
	want         string
}{
	{"empty", "", 0, "does not start"},
	{"list", "[]", 0, "does not start"},
	{"cut off", `{"a":{"dtype":"F32","shape":[1],`, 4, `"a"`},
	{"trailing text", `{} x`, 0, "after its JSON object"},
	{"unknown dtype", `{"a":{"dtype":"F80","shape":[1],"data_offsets":[0,10]}}`, 10, `unknown dtype "F80"`},
	{"twice", `{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0, "twice"},
	{"one offset", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1, "data_offsets"},
	{"no offsets", `{"a":{"dtype":"U8","shape":[1]}}`, 1, "data_offsets"},
	{"wrong size", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4, "takes 8 bytes"},
	{"outside", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4, "cut off"},
	{"negative", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 4, "outside"},
	{"backwards", `{"a":{"dtype":"U8","shape":[0],"data_offsets":[3,1]}}`, 4, "outside"},
	{"negative shape", `{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4, "negative"},
	{"huge shape", `{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,0]}}`, 0, "too large"},
	{"many dimensions", `{"a":{"dtype":"U8","shape":[` + strings.Repeat("1,", 40) + `1],"data_offsets":[0,1]}}`, 1, "dimensions"},
	{"overlap", `{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}`, 4, "overlap"},
	{"gap", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3, "gap"},
	{"data behind", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2, "holds 2"},
	{"metadata", `{"__metadata__":{"a":1}}`, 0, "metadata"},
	{"not an object", `{"a":3}`, 0, `"a"`},
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, test := range bad {
		path := write(t, dir, "bad.safetensors", raw(test.header, test.data))
		_, err := Open(path)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q and the file's name", test.what, err, test.want)
		}
	}
	for what, content := range map[string][]byte{
		"empty file":      {},
		"seven bytes":     make([]byte, 7),
		"header too long": binary.LittleEndian.AppendUint64(nil, 1),
		"header negative": binary.LittleEndian.AppendUint64(nil, 1<<63),
		"header past 2^63": append(binary.LittleEndian.AppendUint64(nil, 1<<64-1),
			"{}"...),
		"git-lfs pointer": []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
	} {
		if _, err := Open(write(t, dir, "bad.safetensors", content)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent file: got %v", err)
	}
}

// TestTruncatedFile cuts a file at every size.
func TestTruncatedFile(t *testing.T) {
	file := encode(t, sample...)
	dir := t.TempDir()
	for n := range file {
		if s, err := Open(write(t, dir, "cut.safetensors", file[:n])); !errors.Is(err, ErrFormat) {
			t.Errorf("%d of %d bytes: got %v", n, len(file), err)
			s.Close()
		}
	}
}

func FuzzHeader(f *testing.F) {
	for _, test := range bad {
		f.Add([]byte(test.header), int64(test.data))
	}
	f.Add([]byte(`{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}  `), int64(8))
	f.Fuzz(func(t *testing.T, header []byte, dataSize int64) {
		entries, _, err := parseHeader(header, dataSize)
		if err != nil {
			return
		}
		var covered int64
		for _, e := range entries {
			size, err := byteSize(e.DType, e.Shape)
			if err != nil || e.begin() != covered || e.end() != covered+size {
				t.Fatalf("accepted %+v at byte %d (%v)", e, covered, err)
			}
			covered = e.end()
		}
		if covered != dataSize {
			t.Fatalf("accepted %d bytes of tensors in %d bytes of data", covered, dataSize)
		}
	})
}
