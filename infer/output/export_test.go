package output

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestExportNPY(t *testing.T) {
	for _, dtype := range []DType{Float32, Float16} {
		t.Run(string(dtype), func(t *testing.T) {
			d := newDataSet(t, 100, 12, dtype)
			d.write(t)
			out := filepath.Join(t.TempDir(), "new", "folder")
			e, err := ExportNPY(context.Background(), d.dir, "", out)
			if err != nil {
				t.Fatal(err)
			}
			want := d.embedded()
			mustEqual(t, e, Export{Rows: int64(len(want)), Records: 100, Column: embedding(12)[0], DType: dtype,
				Files: []string{filepath.Join(out, "embeddings.npy"), filepath.Join(out, IDsFile)}})
			mustEqual(t, names(t, out), []string{"embeddings.npy", IDsFile})

			array := readFile(t, filepath.Join(out, "embeddings.npy"))
			header := npyHeader(dtype, int64(len(want)), 12)
			if !bytes.HasPrefix(array, header) || len(header)%64 != 0 || len(array) != len(header)+len(want)*12*dtype.Size() {
				t.Fatalf("%d bytes, header %q", len(array), array[:64])
			}
			r := bytes.NewReader(array[len(header):])
			ids := readTSV(t, readFile(t, filepath.Join(out, IDsFile)))
			mustEqual(t, ids[0], ExportedColumns)
			mustEqual(t, len(ids)-1, len(want))
			row, buffer := make([]float32, 12), make([]byte, 12*dtype.Size())
			for i, w := range want {
				if _, err := io.ReadFull(r, buffer); err != nil {
					t.Fatal(err)
				}
				dtype.decode(row, buffer)
				if diff := cmp.Diff(w.Values, row); diff != "" {
					t.Fatalf("row %d\n%s", i, diff)
				}
				number := func(n int64) string { return strconv.FormatInt(n, 10) }
				mustEqual(t, ids[i+1], []string{w.ID, number(w.Ordinal), w.File, number(w.ByteOffset), number(w.Length), number(w.Residues),
					number(w.Unknown), number(w.Truncated), w.MD5, strings.ReplaceAll(w.Description, "\t", `\t`)})
			}
		})
	}
}

// readTSV reads as the programs do that know CSV: quotes count at the start of a field.
func readTSV(t *testing.T, content []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(content))
	r.Comma, r.LazyQuotes = '\t', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestNPYHeader(t *testing.T) {
	want := "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1280), }" + strings.Repeat(" ", 55) + "\n"
	mustEqual(t, string(npyHeader(Float32, 3, 1280)), want)
	mustEqual(t, len(want), 128)
}

func TestExportTSV(t *testing.T) {
	d := newDataSet(t, 60, 5, Float32)
	d.write(t)
	var b bytes.Buffer
	e, err := ExportTSV(context.Background(), d.dir, "", &b)
	if err != nil {
		t.Fatal(err)
	}
	lines, want := readTSV(t, b.Bytes()), d.embedded()
	mustEqual(t, e.Rows, int64(len(want)))
	mustEqual(t, len(lines)-1, len(want))
	mustEqual(t, lines[0][len(lines[0])-5:], []string{"e0", "e1", "e2", "e3", "e4"})
	for i, w := range want {
		mustEqual(t, lines[i+1][0], w.ID)
		for j, v := range w.Values {
			got, err := strconv.ParseFloat(lines[i+1][len(ExportedColumns)+j], 32)
			if err != nil || float32(got) != v {
				t.Fatalf("row %d value %d: %v, want %v (%v)", i, j, got, v, err)
			}
		}
	}
	mustEqual(t, names(t, d.dir.Tmp()), []string{})
}

func TestExportOfNoRows(t *testing.T) {
	d := newDataSet(t, 10, 5, Float32)
	if _, _, err := CreateManifest(d.dir, d.manifest); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	e, err := ExportNPY(context.Background(), d.dir, "", out)
	if err != nil || e.Rows != 0 {
		t.Fatal(e, err)
	}
	if array := readFile(t, e.Files[0]); !strings.Contains(string(array), "'shape': (0, 5)") || len(array) != len(npyHeader(Float32, 0, 5)) {
		t.Fatalf("%q", array)
	}
	mustEqual(t, string(readFile(t, e.Files[1])), string(headerLine(ExportedColumns)))
}

func TestExportRefusesPartsThatDoNotBelongTogether(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, d *dataSet)
		want  error
	}{
		{"twice", func(t *testing.T, d *dataSet) { d.infos[0].Block = 50; d.writePart(t, 0, 9) }, ErrDuplicateRow},
		{"ordinal beyond the index", func(t *testing.T, d *dataSet) { d.rows[99].Ordinal = 100; d.writePart(t, 0, 9) }, ErrMixedParts},
		{"negative ordinal", func(t *testing.T, d *dataSet) { d.rows[99].Ordinal = -1; d.writePart(t, 0, 9) }, ErrMixedParts},
		{"element type", func(t *testing.T, d *dataSet) { d.infos[0].DType = Float16; d.writePart(t, 0, 9) }, ErrMixedParts},
		{"corrupt", func(t *testing.T, d *dataSet) { os.Truncate(d.partPath(0), 500) }, ErrCorruptPart},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDataSet(t, 100, 4, Float32)
			d.write(t)
			c.spoil(t, d)
			out := t.TempDir()
			if _, err := ExportNPY(context.Background(), d.dir, "", out); !errors.Is(err, c.want) {
				t.Fatal(err)
			}
			mustEqual(t, names(t, out), []string{})
		})
	}
}

func TestLineSorter(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const n = 3*minBucketLines + 5
	s, err := newLineSorter(folder, n)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if len(s.buckets) != 4 {
		t.Fatalf("%d buckets", len(s.buckets))
	}
	var want bytes.Buffer
	want.WriteString("head\n")
	for i := range int64(n) {
		rank := i * 77777 % n
		if err := s.add(rank, fmt.Appendf(nil, "%d\n", rank)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "%d\n", i)
	}
	path := filepath.Join(folder, "sorted")
	if err := s.writeTo(context.Background(), path, []byte("head\n")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(readFile(t, path), want.Bytes()) {
		t.Fatal("not in order")
	}
}

func TestOrdinalSetRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.Int64Range(1, 2000).Draw(t, "records")
		members := rapid.SliceOfDistinct(rapid.Int64Range(0, records-1), rapid.ID[int64]).Draw(t, "members")
		s := newOrdinalSet(records)
		for _, n := range members {
			if !s.add(n) || s.add(n) {
				t.Fatalf("adding %d", n)
			}
		}
		s.seal()
		for _, n := range members {
			rank := int64(0)
			for _, m := range members {
				if m < n {
					rank++
				}
			}
			if s.rank(n) != rank {
				t.Fatalf("rank of %d is %d, want %d", n, s.rank(n), rank)
			}
		}
	})
}
