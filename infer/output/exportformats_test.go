package output

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/infer/checkpoint"
	"longfirst/infer/safetensors"
)

func elementsOf(dtype DType, row []float32) []byte {
	var b []byte
	for _, v := range row {
		if dtype == Float16 {
			b = binary.LittleEndian.AppendUint16(b, toFloat16(v))
		} else {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b
}

func TestExportSafetensors(t *testing.T) {
	for dtype, name := range map[DType]string{Float32: "F32", Float16: "F16"} {
		d := newDataSet(t, 50, 7, dtype)
		d.write(t)
		e, err := ExportSafetensors(t.Context(), d.dir, "", filepath.Join(t.TempDir(), "new"))
		if err != nil {
			t.Fatal(err)
		}
		set, err := safetensors.Open(e.Files[0])
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		tensor, _ := set.Tensor("embeddings")
		want := d.embedded()
		mustEqual(t, tensor.DType, name)
		mustEqual(t, tensor.Shape, []int{len(want), 7})
		for i, w := range want {
			size := 7 * dtype.Size()
			mustEqual(t, tensor.Data[i*size:][:size], elementsOf(dtype, w.Values))
		}
		mustEqual(t, len(readTSV(t, readFile(t, e.Files[1])))-1, len(want))
	}
}

func TestExportNPZ(t *testing.T) {
	d := newDataSet(t, 50, 7, Float16)
	d.write(t)
	out := filepath.Join(t.TempDir(), "new")
	e, err := ExportNPZ(t.Context(), d.dir, "", out)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, names(t, out), []string{"embeddings.npz"})
	mustEqual(t, names(t, d.dir.Tmp()), []string{})
	archive, err := zip.OpenReader(e.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	arrays := map[string][]byte{}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if arrays[file.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	want := d.embedded()
	var embeddings, ids, ordinals, lengths []byte
	longest := 0
	for _, w := range want {
		longest = max(longest, len([]rune(w.ID)))
	}
	for _, w := range want {
		embeddings = append(embeddings, elementsOf(Float16, w.Values)...)
		text := make([]byte, 4*longest)
		for i, r := range []rune(w.ID) {
			binary.LittleEndian.PutUint32(text[4*i:], uint32(r))
		}
		ids = append(ids, text...)
		ordinals = binary.LittleEndian.AppendUint64(ordinals, uint64(w.Ordinal))
		lengths = binary.LittleEndian.AppendUint64(lengths, uint64(w.Length))
	}
	for name, want := range map[string][]byte{"embeddings.npy": embeddings, "id.npy": ids, "ordinal.npy": ordinals, "length.npy": lengths} {
		header := 10 + int(binary.LittleEndian.Uint16(arrays[name][8:]))
		if header%64 != 0 || !bytes.Equal(arrays[name][header:], want) {
			t.Errorf("%s is %q", name, arrays[name])
		}
	}
	mustEqual(t, len(arrays), 4)
}

func TestExportESMExtract(t *testing.T) {
	d := newDataSet(t, 50, 7, Float32)
	d.write(t)
	out := filepath.Join(t.TempDir(), "new")
	e, err := ExportESMExtract(t.Context(), d.dir, "", out)
	if err != nil {
		t.Fatal(err)
	}
	want := d.embedded()
	mustEqual(t, e.Rows, int64(len(want)))
	mustEqual(t, len(names(t, out)), len(want)+1)
	lines := readTSV(t, readFile(t, filepath.Join(out, FilesFile)))
	for i, w := range want {
		f, err := checkpoint.Open(filepath.Join(out, lines[i+1][2]))
		if err != nil {
			t.Fatal(err)
		}
		root := f.Root.(*checkpoint.Dict)
		mustEqual(t, root.Get("label"), any(w.ID))
		mustEqual(t, lines[i+1][0], w.ID)
		layers := root.Get("mean_representations").(*checkpoint.Dict)
		mustEqual(t, layers.Keys, []any{int64(6)})
		f.Close()
		content := readFile(t, filepath.Join(out, lines[i+1][2]))
		if !bytes.Contains(content, elementsOf(Float32, w.Values)) {
			t.Errorf("%s lacks its embedding", lines[i+1][2])
		}
	}
}

func TestFileNamesAreDistinctAndPortable(t *testing.T) {
	n := fileNames{}
	for _, c := range []struct{ id, ordinal, want string }{
		{"P12345", "0", "P12345"},
		{"sp|P12345|NAME_HUMAN", "1", "sp%7CP12345%7CNAME_HUMAN"},
		{"a/b", "2", "a%2Fb"},
		{"../../etc/passwd", "3", "%2E.%2F..%2Fetc%2Fpasswd"},
		{"p12345", "4", "p12345~4"},
		{"P12345", "5", "P12345~5"},
		{"p6~6", "9", "p6~6"},
		{"p6", "7", "p6"},
		{"P6", "6", "P6~6~"},
		{"50%", "8", "50%25"},
	} {
		mustEqual(t, n.next(c.id, c.ordinal), c.want)
	}
	long := strings.Repeat("é", 300)
	name := n.next(long, "12")
	if len(name) > 255 || !strings.HasSuffix(name, "~12") {
		t.Errorf("%d bytes: %s", len(name), name)
	}
	if err := os.WriteFile(filepath.Join(t.TempDir(), name), nil, 0o666); err != nil {
		t.Error(err)
	}
}
