package gen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zeebo/xxh3"

	"longfirst/mmapfasta"
)

func write(t *testing.T, opt Options) ([]byte, Summary) {
	t.Helper()
	var out bytes.Buffer
	sum, err := Write(context.Background(), &out, opt)
	if err != nil {
		t.Fatal(err)
	}
	if int64(out.Len()) != sum.Bytes {
		t.Fatalf("wrote %d bytes, the summary says %d", out.Len(), sum.Bytes)
	}
	return out.Bytes(), sum
}

// The files are inputs of benchmarks whose results are kept: a change of these sums makes them incomparable.
func TestEqualSeedsGiveTheseBytes(t *testing.T) {
	for _, c := range []struct {
		opt  Options
		want string
	}{
		{Options{Shape: Protein, Seed: 1, Records: 1000}, "5f0a09b3d3dcf134"},
		{Options{Shape: Protein, Seed: 2, Records: 1000}, "b932595ba4a534ce"},
		{Options{Shape: Nucleotide, Seed: 1, Records: 3}, "96a87a53b4b97487"},
		{Options{Shape: Ties, Seed: 1, Records: 100}, "e3b0355a77001d28"},
		{Options{Shape: Reads, Seed: 1, Records: 1000}, "5618dfd67319bb38"},
		{Options{Shape: Fragments, Seed: 1, Records: 1000}, "c52fecf7c96aafa8"},
		{Options{Shape: Duplicates, Seed: 1, Records: 1000}, "799cc191553f08e4"},
		{Options{Shape: Dirty, Seed: 1, Records: 1000}, "31194623629f9376"},
	} {
		text, _ := write(t, c.opt)
		if got := fmt.Sprintf("%016x", xxh3.Hash(text)); got != c.want {
			t.Errorf("%+v: XXH3 of the file is %s, want %s", c.opt, got, c.want)
		}
	}
}

func TestShorterFileIsAPrefix(t *testing.T) {
	long, _ := write(t, Options{Shape: Protein, Seed: 7, Records: 50})
	short, sum := write(t, Options{Shape: Protein, Seed: 7, Records: 20})
	if !bytes.HasPrefix(long, short) {
		t.Error("20 records are not the first of 50")
	}
	upTo, got := write(t, Options{Shape: Protein, Seed: 7, Bytes: sum.Bytes})
	if got != sum || !bytes.Equal(upTo, short) {
		t.Errorf("a limit of %d bytes gives %+v, want %+v", sum.Bytes, got, sum)
	}
}

// scan reads a generated file back with the project's own parser.
func scan(t *testing.T, opt Options) (Summary, []mmapfasta.Record, []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.fa")
	wrote, err := WriteFile(context.Background(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	var records []mmapfasta.Record
	var ids []string
	sum, err := mmapfasta.Scan(context.Background(), path, func(r *mmapfasta.Record) error {
		records = append(records, *r)
		ids = append(ids, string(r.ID))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := (Summary{sum.Records, sum.Residues, sum.Longest, sum.Stamp.Size}); got != wrote {
		t.Errorf("the file holds %+v, the summary says %+v", got, wrote)
	}
	return wrote, records, ids
}

func TestProteinLengths(t *testing.T) {
	const n = 20_000
	sum, records, ids := scan(t, Options{Shape: Protein, Seed: 1, Records: n})
	var logs, squares float64
	for _, r := range records {
		l := math.Log(float64(r.Length))
		logs += l
		squares += l * l
		if r.Length < 12 || r.Length > 36_000 {
			t.Fatalf("a record of %d residues", r.Length)
		}
		if r.Length > 60 && (r.LineResidues != 60 || r.LineBytes != 61) {
			t.Fatalf("a record of %d residues has lines of %d residues, %d bytes", r.Length, r.LineResidues, r.LineBytes)
		}
	}
	mean, deviation := logs/n, math.Sqrt(squares/n-logs/n*logs/n)
	if math.Abs(mean-5.6) > 0.02 || math.Abs(deviation-0.72) > 0.02 {
		t.Errorf("logarithms of the lengths: mean %.3f, deviation %.3f; want 5.6 and 0.72", mean, deviation)
	}
	if mean := float64(sum.Residues) / n; mean < 335 || mean > 365 {
		t.Errorf("mean length %.1f, want about 350", mean)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != n {
		t.Error("ids repeat")
	}
}

func TestComposition(t *testing.T) {
	for _, c := range []struct {
		shape   Shape
		letters string
		percent []float64
	}{
		{Protein, "LAWC", []float64{9.65, 8.25, 1.10, 1.38}},
		{Nucleotide, "ACGT", []float64{25, 25, 25, 25}},
	} {
		text, sum := write(t, Options{Shape: c.shape, Seed: 3, Bytes: 2 << 20})
		var counts [256]int64
		for line := range bytes.Lines(text) {
			if line[0] != '>' {
				for _, letter := range line[:len(line)-1] {
					counts[letter]++
				}
			}
		}
		for i, letter := range []byte(c.letters) {
			got := 100 * float64(counts[letter]) / float64(sum.Residues)
			if math.Abs(got-c.percent[i]) > 0.15 {
				t.Errorf("%s: %.2f %% are %c, want %.2f", c.shape, got, letter, c.percent[i])
			}
		}
	}
}

func TestOtherShapes(t *testing.T) {
	_, records, _ := scan(t, Options{Shape: Ties, Seed: 1, Records: 100})
	for _, r := range records {
		if r.Length != 350 {
			t.Fatalf("a record of %d residues among ties", r.Length)
		}
	}
	_, records, _ = scan(t, Options{Shape: Nucleotide, Seed: 1, Records: 4})
	for _, r := range records {
		if r.Length < 2000 || r.LineResidues != 80 {
			t.Errorf("a contig of %d in lines of %d", r.Length, r.LineResidues)
		}
	}
}

func TestRecordsOfOneLength(t *testing.T) {
	sum, records, _ := scan(t, Options{Shape: Fragments, Seed: 1, Records: 40, Length: 1234})
	for _, r := range records {
		if r.Length != 1234 || r.LineResidues != 70 {
			t.Fatalf("%+v", r)
		}
	}
	if sum.Residues != 40*1234 {
		t.Errorf("%+v", sum)
	}
}

func TestShortShapes(t *testing.T) {
	_, records, _ := scan(t, Options{Shape: Reads, Seed: 1, Records: 5000})
	whole := 0
	for _, r := range records {
		if r.Length < 20 || r.Length > 51 {
			t.Fatalf("a read of %d residues", r.Length)
		}
		if r.Length == 51 {
			whole++
		}
	}
	if whole < 3900 || whole > 4100 {
		t.Errorf("%d of 5000 reads are whole, want four in five", whole)
	}
	sum, _, ids := scan(t, Options{Shape: Fragments, Seed: 1, Records: 5000})
	if mean := float64(sum.Residues) / 5000; mean < 150 || mean > 162 {
		t.Errorf("fragments have %.1f residues on average, want about 156", mean)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 5000 {
		t.Error("ids of fragments repeat")
	}
}

func TestGiant(t *testing.T) {
	_, records, _ := scan(t, Options{Shape: Giant, Seed: 1, Records: 3})
	if records[0].Length != 20_000_000 || records[1].Length > 36_000 || records[2].Length > 36_000 {
		t.Errorf("lengths %d, %d, %d", records[0].Length, records[1].Length, records[2].Length)
	}
}

func TestDuplicates(t *testing.T) {
	text, _ := write(t, Options{Shape: Duplicates, Seed: 1, Records: 8})
	records := bytes.Split(text[1:], []byte("\n>"))
	for i, r := range records {
		if same := bytes.Equal(bytes.TrimSpace(r), bytes.TrimSpace(records[i/4*4])); !same {
			t.Errorf("record %d is not a copy of %d", i, i/4*4)
		}
	}
	if len(records) != 8 || bytes.Equal(records[0], records[4]) {
		t.Errorf("%d records, or all of them equal", len(records))
	}
}

func TestDirty(t *testing.T) {
	_, records, _ := scan(t, Options{Shape: Dirty, Seed: 1, Records: 2000})
	empty := 0
	for _, r := range records {
		if r.Length == 0 {
			empty++
		}
	}
	if empty < 15 || empty > 50 {
		t.Errorf("%d of 2000 records are empty, want one in 64", empty)
	}
	text, _ := write(t, Options{Shape: Dirty, Seed: 1, Records: 200})
	for _, part := range []string{"\r\n\r\n", " \r\n", "a", "-", ".", "*", "#", "\xff", "X"} {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("there is no %q", part)
		}
	}
}

// Batches of records are an affair of the machine, not of the file.
func TestManyBatches(t *testing.T) {
	long, _ := write(t, Options{Shape: Reads, Seed: 3, Records: 3*manyRecords + 7})
	upTo, sum := write(t, Options{Shape: Reads, Seed: 3, Bytes: int64(len(long)) - 10})
	if !bytes.Equal(long, upTo) || sum.Records != 3*manyRecords+7 {
		t.Errorf("%d records, %d bytes of %d", sum.Records, len(upTo), len(long))
	}
}

func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.fa")
	if err := os.WriteFile(path, []byte("kept"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, opt := range []Options{
		{Shape: "circle", Records: 1},
		{Shape: Protein},
		{Shape: Protein, Records: -1, Bytes: 5},
		{Shape: Protein, Records: 5, Bytes: -1},
		{Shape: Protein, Records: 5, Length: -1},
	} {
		if _, err := Write(context.Background(), new(bytes.Buffer), opt); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: %v, want ErrOption", opt, err)
		}
		if _, err := WriteFile(context.Background(), path, opt); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: %v, want ErrOption", opt, err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "kept" {
		t.Errorf("the file that stood there is now %q, %v", text, err)
	}
}

func TestInterruptedFileIsRemoved(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	cancel(stop)
	path := filepath.Join(t.TempDir(), "a.fa")
	if _, err := WriteFile(ctx, path, Options{Shape: Protein, Records: 1 << 40}); !errors.Is(err, stop) {
		t.Errorf("%v, want the context's cause", err)
	}
	if left, _ := filepath.Glob(path); len(left) != 0 {
		t.Errorf("%s is left behind", path)
	}
}
