package mmapfasta

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longfirst/mmapfasta/mapped"
)

func ignore(*Record) error { return nil }

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.fa")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestScanFile(t *testing.T) {
	content := proteins(6*chunkSize, "\n")
	path := write(t, content)
	want, _ := referenceScan(content)
	var got []found
	sum, err := Scan(t.Context(), path, func(r *Record) error {
		got = append(got, found{string(r.ID), r.Offset, r.BodyOffset, r.BodyEnd, r.Length, r.LineResidues, r.LineBytes})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if err := checkRecords(content, got, sum); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Stamp != mapped.StampOf(info) {
		t.Errorf("stamp %v, want %v", sum.Stamp, mapped.StampOf(info))
	}
	hashed, err := Hash(t.Context(), path, 2)
	if err != nil {
		t.Fatal(err)
	}
	if hashed != sum.Content {
		t.Errorf("Hash gives %v, Scan %v", hashed, sum.Content)
	}
}

func TestHashTakesAnyFile(t *testing.T) {
	for _, content := range []string{"", "\x00not FASTA", "\x1f\x8bgzip"} {
		hashed, err := Hash(t.Context(), write(t, []byte(content)), 1)
		if err != nil || hashed.Stamp.Size != int64(len(content)) {
			t.Errorf("Hash of %q: %v, %v", content, hashed, err)
		}
	}
}

func TestScanRefusesDirectory(t *testing.T) {
	directory := t.TempDir()
	_, err := Scan(t.Context(), directory, ignore)
	if !errors.Is(err, ErrDirectory) || !strings.Contains(err.Error(), directory) {
		t.Errorf("Scan: %v", err)
	}
	if _, err := Hash(t.Context(), directory, 1); !errors.Is(err, ErrDirectory) {
		t.Errorf("Hash: %v", err)
	}
	if _, err := Scan(t.Context(), filepath.Join(directory, "none.fa"), ignore); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestScanRefusalNamesFileAndLine(t *testing.T) {
	path := write(t, []byte(strings.Repeat(">a\nACGT\n", 1<<18)+">b\nAC\x00\n"))
	_, err := Scan(t.Context(), path, ignore)
	var refusal *ParseError
	if !errors.As(err, &refusal) || !errors.Is(err, ErrNUL) {
		t.Fatal(err)
	}
	if refusal.Path != path || refusal.Offset != 8<<18+5 || refusal.Line != 2<<18+2 || refusal.Hint == "" {
		t.Errorf("%+v", refusal)
	}
}

func TestScanRefusesEndlessID(t *testing.T) {
	first := ">a\nAC\n"
	_, err := Scan(t.Context(), write(t, []byte(first+">"+strings.Repeat("A", 3<<20)+"\nAC\n")), ignore)
	var refusal *ParseError
	if !errors.As(err, &refusal) || !errors.Is(err, ErrLongID) || refusal.Offset != int64(len(first)) || refusal.Line != 3 {
		t.Error(err)
	}
	long := strings.Repeat("A", 700_000)
	_, err = Scan(t.Context(), write(t, []byte(first+">"+long+" "+strings.Repeat(long, 3)+"\nAC\n")), func(r *Record) error {
		if r.Offset > 0 && string(r.ID) != long {
			t.Errorf("id of %d bytes", len(r.ID))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFASTQIsNotFASTA(t *testing.T) {
	_, err := Scan(t.Context(), write(t, []byte("@r\nA\n")), ignore)
	if !errors.Is(err, ErrFASTQ) || !errors.Is(err, ErrNotFASTA) || !strings.Contains(err.Error(), "looks like FASTQ") {
		t.Error(err)
	}
}

func TestScanReturnsErrorOfYield(t *testing.T) {
	stop := errors.New("stop")
	calls := 0
	_, err := Scan(t.Context(), write(t, []byte(">a\nA\n>b\nA\n>c\nA\n")), func(*Record) error {
		calls++
		if calls == 2 {
			return stop
		}
		return nil
	})
	if err != stop || calls != 2 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestScanStopsWhenCancelled(t *testing.T) {
	path := write(t, proteins(8<<10, "\n"))
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	calls := 0
	_, err := scanFile(ctx, path, 1<<10, Options{}, func(*Batch) error {
		calls++
		cancel(reason)
		return nil
	})
	if !errors.Is(err, reason) || calls > 10 {
		t.Errorf("%v after %d batches", err, calls)
	}
	if _, err := Hash(ctx, path, 1); !errors.Is(err, reason) {
		t.Errorf("Hash: %v", err)
	}
}

// A file whose size says less than it holds, as those of /proc do, must not pass for a shorter one.
func TestScanSeesContentBeyondSize(t *testing.T) {
	content := []byte(">a\nACGT\n")
	_, err := scanContent(t.Context(), source{bytes.NewReader(content), "some.fa", 4}, chunkSize, Options{}, ignoreBatch)
	if !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
}

func TestScanNamesFailedRead(t *testing.T) {
	content := []byte(">a\nACGT\n")
	failing := source{io.NewSectionReader(failAfter{bytes.NewReader(content), 4}, 0, 8), "some.fa", 8}
	_, err := scanContent(t.Context(), failing, 2, Options{}, ignoreBatch)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "some.fa: byte 3") {
		t.Error(err)
	}
}

type failAfter struct {
	io.ReaderAt
	good int64
}

func (f failAfter) ReadAt(p []byte, offset int64) (int, error) {
	if offset+int64(len(p)) > f.good && len(p) < headSize {
		return 0, io.ErrUnexpectedEOF
	}
	return f.ReaderAt.ReadAt(p, offset)
}

// repeated is a file of one record with one long line.
type repeated struct{ size int64 }

func (r repeated) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= r.size {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'A'
	}
	if offset == 0 {
		copy(p, ">a b\n")
	}
	return len(p), nil
}

func TestScanMemoryDoesNotGrowWithRecord(t *testing.T) {
	const size = 48 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var length int64
	_, err := scanContent(t.Context(), source{repeated{size}, "long.fa", size}, chunkSize, Options{}, func(b *Batch) error {
		length = b.Spans[0].Length
		return nil
	})
	runtime.ReadMemStats(&after)
	if err != nil || length != size-5 {
		t.Fatalf("%d residues, %v", length, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 3*chunkSize {
		t.Errorf("%d bytes allocated for a record of %d", used, length)
	}
}

func TestScanDoesNotAllocatePerRecord(t *testing.T) {
	content := []byte(strings.Repeat(">a\nACGT\n", 50_000))
	used := testing.AllocsPerRun(3, func() {
		if _, err := scanContent(t.Context(), memory(content), chunkSize, Options{}, ignoreBatch); err != nil {
			t.Fatal(err)
		}
	})
	if used > 100 {
		t.Errorf("%v allocations for 50000 records", used)
	}
}

func ignoreBatch(*Batch) error { return nil }
