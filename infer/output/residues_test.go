package output

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func (d *dataSet) arrayPath(i, column int) string {
	return d.dir.Array(d.infos[i].PartID, d.infos[i].Columns.InArrays()[column])
}

func TestArraysReadBack(t *testing.T) {
	for _, dtype := range []DType{Float32, Float16} {
		d := newDataSetOf(t, 60, manyColumns(5), dtype)
		d.write(t)
		var rows []Row
		for i := range d.blocks {
			got, err := readRows(d.partPath(i))
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, got...)
		}
		slices.SortFunc(rows, func(a, b Row) int { return int(a.Ordinal - b.Ordinal) })
		mustEqual(t, rows, d.embedded())
		if proof := d.prove(t); !proof.Complete() {
			t.Fatal(proof.Err())
		}
		// The array is a file that NumPy maps: a header of 128 bytes, then rows of residues in the order of the part's rows.
		var residues int64
		for _, r := range d.embedded() {
			residues += r.Residues
		}
		var bytes int64
		for i := range d.blocks {
			content := readFile(t, d.arrayPath(i, 1))
			if !strings.Contains(string(content[:residueHeaderBytes]), "'fortran_order': False") || content[residueHeaderBytes-1] != '\n' {
				t.Errorf("header %q", content[:residueHeaderBytes])
			}
			bytes += int64(len(content) - residueHeaderBytes)
		}
		if want := residues * int64(5*dtype.Size()); bytes != want {
			t.Errorf("arrays of %d bytes, want %d", bytes, want)
		}
		mustEqual(t, names(t, d.dir.Tmp()), []string{})
	}
}

// The header takes its place whatever the shape is.
func TestArrayHeader(t *testing.T) {
	for _, rows := range []int64{0, 1, 1 << 20, 1 << 52} {
		for _, width := range []int{1, 5120, 1 << 24} {
			if n := len(npyHeader(Float32, rows, width)); n != residueHeaderBytes {
				t.Errorf("header of [%d, %d] takes %d bytes", rows, width, n)
			}
		}
	}
}

// A part without one of its array files is missing, whichever it is.
func TestPartWithoutItsArrayIsMissing(t *testing.T) {
	for column := range 2 {
		d := newDataSetOf(t, 60, manyColumns(5), Float32)
		d.write(t)
		if err := os.Remove(d.arrayPath(1, column)); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, d.prove(t).Missing, []PartID{d.infos[1].PartID})
		// Written again it is whole.
		d.writePart(t, 1, 3)
		if proof := d.prove(t); !proof.Complete() {
			t.Fatal(proof.Err())
		}
	}
}

// Damage is found: by the size always, in an element by the checksum.
func TestDamagedArray(t *testing.T) {
	for name, c := range map[string]struct {
		damage   func(content []byte) []byte
		checksum bool
	}{
		"cut":     {func(b []byte) []byte { return b[:len(b)-4] }, false},
		"longer":  {func(b []byte) []byte { return append(b, 0) }, false},
		"header":  {func(b []byte) []byte { return bytes.Replace(b, []byte("False"), []byte("True "), 1) }, false},
		"first":   {func(b []byte) []byte { b[residueHeaderBytes] ^= 1; return b }, true},
		"last":    {func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b }, true},
		"nothing": {func(b []byte) []byte { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDataSetOf(t, 60, manyColumns(5), Float32)
			d.write(t)
			path := d.arrayPath(2, 1)
			if err := os.WriteFile(path, c.damage(readFile(t, path)), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, checksum := range []bool{false, true} {
				proof, err := Prove(t.Context(), d.dir, d.manifest, d.expected(), checksum)
				if err != nil {
					t.Fatal(err)
				}
				if c.checksum && !checksum {
					continue
				}
				if len(proof.Problems) != 1 || !errors.Is(proof.Problems[0].Err, ErrCorruptPart) || !strings.Contains(proof.Problems[0].Err.Error(), path) {
					t.Fatalf("checksums %v: %v", checksum, proof.Problems)
				}
			}
		})
	}
}

// A row that does not fit its columns, or holds what is no number in an array, is refused and leaves no file.
func TestAppendRefusesArrays(t *testing.T) {
	for name, spoil := range map[string]func(*Row){
		"short":   func(r *Row) { r.PerResidue[1] = r.PerResidue[1][:5] },
		"missing": func(r *Row) { r.PerResidue = r.PerResidue[:1] },
		"half":    func(r *Row) { r.PerResidue[1][7] = 65520 },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDataSetOf(t, 60, manyColumns(5), Float16)
			w, err := CreatePart(d.dir, d.infos[0])
			if err != nil {
				t.Fatal(err)
			}
			spoil(&d.rows[3])
			if err := w.Append(d.rows[3:4]); !errors.Is(err, ErrInvalidRow) {
				t.Fatal(err)
			}
			if err := w.Publish(nil); !errors.Is(err, ErrInvalidRow) {
				t.Fatal(err)
			}
			for _, folder := range []string{d.dir.Tmp(), d.dir.Embeddings(), filepath.Dir(d.arrayPath(0, 0))} {
				mustEqual(t, names(t, folder), []string{})
			}
		})
	}
}

func TestClearRemovesArrays(t *testing.T) {
	d := newDataSetOf(t, 60, manyColumns(5), Float32)
	d.write(t)
	other := filepath.Join(filepath.Dir(d.arrayPath(0, 1)), "mine.npy")
	if err := os.WriteFile(other, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := d.dir.Clear(); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, names(t, string(d.dir)), []string{"embeddings", "logs", "per_residue_l0", "tmp"})
	mustEqual(t, names(t, filepath.Dir(other)), []string{"mine.npy"})
}

// Each column is exported by its name, and one per residue as an array for each record, in input order.
func TestExportOfColumns(t *testing.T) {
	d := newDataSetOf(t, 60, manyColumns(5), Float16)
	d.write(t)
	want := d.embedded()
	out := t.TempDir()
	if _, err := ExportNPY(t.Context(), d.dir, "cls_l3", out); err != nil {
		t.Fatal(err)
	}
	content := readFile(t, filepath.Join(out, "cls_l3.npy"))
	for i, r := range want {
		from := len(content) - (len(want)-i)*10
		mustEqual(t, content[from:from+10], elementsOf(Float16, r.Values[5:10]))
	}
	if _, err := ExportNPY(t.Context(), d.dir, "pseudo_perplexity", out); err != nil {
		t.Fatal(err)
	}
	content = readFile(t, filepath.Join(out, "pseudo_perplexity.npy"))
	for i, r := range want { // float32 whatever the others are
		mustEqual(t, content[len(content)-(len(want)-i)*4:][:4], elementsOf(Float32, r.Values[10:]))
	}
	for _, export := range []func() error{
		func() error { _, err := ExportTSV(t.Context(), d.dir, "per_residue", io.Discard); return err },
		func() error { _, err := ExportSafetensors(t.Context(), d.dir, "per_residue", out); return err },
		func() error { _, err := ExportESMExtract(t.Context(), d.dir, "cls_l3", out); return err },
	} {
		if err := export(); !errors.Is(err, ErrColumns) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := ExportNPY(t.Context(), d.dir, "nothing", out); !errors.Is(err, ErrNoColumn) {
		t.Error(err)
	}

	files := t.TempDir()
	if _, err := ExportNPY(t.Context(), d.dir, "per_residue_l0", files); err != nil {
		t.Fatal(err)
	}
	archive := t.TempDir()
	if _, err := ExportNPZ(t.Context(), d.dir, "per_residue_l0", archive); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join(archive, "per_residue_l0.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	lines := strings.Split(string(readFile(t, filepath.Join(files, FilesFile))), "\n")[1:]
	for i, r := range want {
		fields := strings.Split(lines[i], "\t")
		if fields[1] != strconv.FormatInt(r.Ordinal, 10) || fields[3] != strconv.FormatInt(r.Residues, 10) {
			t.Fatalf("line %q of record %d with %d residues", lines[i], r.Ordinal, r.Residues)
		}
		array := append(npyHeader(Float16, r.Residues, 5), elementsOf(Float16, r.PerResidue[1])...)
		mustEqual(t, readFile(t, filepath.Join(files, fields[2])), array)
		entry, err := z.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(entry)
		if err != nil || z.File[i].Name != fields[2] || !bytes.Equal(got, array) {
			t.Fatalf("entry %s: %v", z.File[i].Name, err)
		}
	}
	mustEqual(t, names(t, d.dir.Tmp()), []string{})
}
