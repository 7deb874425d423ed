package checkpoint

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func floats(data []byte) (values []float32) {
	for i := 0; i < len(data); i += 4 {
		values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(data[i:])))
	}
	return values
}

func TestTensorsAsTorchHasThem(t *testing.T) {
	for _, file := range []string{"odd.pt", "odd-legacy.pt"} {
		f, err := Open(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		root := f.Root.(*Dict)
		data := func(name string) []byte {
			t.Helper()
			b, err := f.Data(root, name)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		var transposed []float32
		for i := range 6 {
			for j := range 4 {
				transposed = append(transposed, float32(6*j+i))
			}
		}
		for name, want := range map[string][]float32{
			"transposed": transposed, "columns": {1, 2, 7, 8, 13, 14, 19, 20}, "row": {12, 13, 14, 15, 16, 17},
			"scalar": {3.5}, "empty": nil, "parameter": {7},
		} {
			if got := floats(data(name)); !slices.Equal(got, want) {
				t.Errorf("%s: %s is %v, want %v", file, name, got, want)
			}
		}
		for name, want := range map[string]string{
			"half": "\x00\x3c\x00\xc1\xff\x7b", "bfloat": "\x80\x3f\x20\xc0\x62\x7f",
			"double": "\x9a\x99\x99\x99\x99\x99\xb9\x3f", "long": "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff", "bool": "\x01\x00",
		} {
			if got := string(data(name)); got != want {
				t.Errorf("%s: %s is %q, want %q", file, name, got, want)
			}
		}
		types := map[string]string{}
		for _, tensor := range Tensors(root) {
			types[tensor.Name] = tensor.DType
		}
		if len(types) != 11 || types["half"] != "F16" || types["bfloat"] != "BF16" || types["double"] != "F64" || types["long"] != "I64" || types["bool"] != "BOOL" {
			t.Errorf("%s: %v", file, types)
		}
		if root.Get("number") != int64(5) || root.Get("text") != "no tensor" {
			t.Errorf("%s: %v and %v", file, root.Get("number"), root.Get("text"))
		}
		if _, err := f.Data(root, "text"); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: the data of a text: %v", file, err)
		}
	}
}

// A pickle that names os.system gets an object that says so, and nothing is run.
func TestNothingIsExecuted(t *testing.T) {
	path, err := filepath.Abs("testdata/hostile.pt")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	payload, ok := f.Root.(*Dict).Get("model").(*Object)
	if !ok || payload.Class.Name != "system" || !slices.Equal(payload.Args.(Tuple), Tuple{"touch executed"}) {
		t.Errorf("the payload is %#v", f.Root.(*Dict).Get("model"))
	}
	if left, _ := os.ReadDir("."); len(left) > 0 {
		t.Errorf("it was executed: %v", left)
	}
}

// However a checkpoint is cut or changed, it is read or refused with an error; no element outside of it is read.
func TestDamage(t *testing.T) {
	for _, file := range []string{"odd.pt", "odd-legacy.pt", "fairesm-contact-regression.pt"} {
		whole, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		try := func(content []byte) error {
			t.Helper()
			f, err := parse(file, content)
			if err != nil {
				if !errors.Is(err, ErrFormat) {
					t.Fatalf("%s: %v", file, err)
				}
				return err
			}
			readAll(t, f)
			return nil
		}
		for size := range len(whole) {
			if err := try(whole[:size]); err == nil {
				t.Errorf("%s cut to %d of %d bytes passes", file, size, len(whole))
			}
		}
		for i := range whole {
			changed := slices.Clone(whole)
			changed[i] ^= 0xff
			try(changed)
			changed[i] = whole[i] + 1
			try(changed)
		}
	}
}

func readAll(t *testing.T, f *File) {
	t.Helper()
	root, ok := f.Root.(*Dict)
	if !ok {
		return
	}
	for _, tensor := range Tensors(root) {
		if _, err := f.Data(root, tensor.Name); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzPickle(f *testing.F) {
	for _, file := range []string{"odd-legacy.pt", "odd.pt"} {
		content, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte("\x80\x02}(X\x01\x00\x00\x00aK\x01u."))
	f.Add([]byte("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R."))
	f.Fuzz(func(t *testing.T, content []byte) {
		if f, err := parse("fuzz", content); err == nil {
			readAll(t, f)
		} else if !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
		view := File{storages: map[string]span{}, sizes: map[string]*storage{}}
		m := machine{data: content, persistent: view.storage}
		if _, err := m.run(); err != nil && !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
	})
}
