package mapped

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"golang.org/x/exp/mmap"
)

// TestModuleShape fails when golang.org/x/exp/mmap no longer keeps its bytes where viewOf looks: files would then be
// read instead of mapped, slowly and without a word.
func TestModuleShape(t *testing.T) {
	switch runtime.GOOS {
	case "linux", "darwin", "windows":
	default:
		t.Skip("the module does not map on", runtime.GOOS)
	}
	content := []byte(">a\nACGT\n")
	reader, err := mmap.Open(write(t, content))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	view, ok := viewOf(reader)
	if !ok || !bytes.Equal(view, content) {
		t.Fatalf("no view of the mapping: %q, %v", view, ok)
	}
	if f := openTest(t, write(t, content), true); !f.Mapped() {
		t.Error("Open does not map")
	}
}

func TestDataOfRefusesOtherShapes(t *testing.T) {
	type named []byte
	for name, reader := range map[string]any{
		"no field":     &struct{ bytes []byte }{[]byte("ACGT")},
		"a string":     &struct{ data string }{"ACGT"},
		"another type": &struct{ data named }{named("ACGT")},
		"a pointer":    &struct{ data *[]byte }{&[]byte{1, 2, 3, 4}},
		"shorter":      &struct{ data []byte }{[]byte("ACG")},
		"longer":       &struct{ data []byte }{[]byte("ACGTA")},
		"closed":       &struct{ data []byte }{nil},
		"a descriptor": &struct {
			f   *os.File
			len int
		}{nil, 4},
	} {
		if view, ok := dataOf(reader, 4); ok {
			t.Errorf("%s: %q", name, view)
		}
	}
	if view, ok := dataOf(&struct{ data []byte }{[]byte("ACGT")}, 4); !ok || string(view) != "ACGT" {
		t.Errorf("the right shape: %q, %v", view, ok)
	}
}
