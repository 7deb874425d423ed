package output

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestEveryFlippedByteIsFound flips each byte of a part, by one bit and by all, and cuts the part at each.
func TestEveryFlippedByteIsFound(t *testing.T) {
	t.Parallel()
	for _, dtype := range []DType{Float32, Float16} {
		d := newDataSet(t, 12, 3, dtype)
		d.writePart(t, 0, 100)
		content := readFile(t, d.partPath(0))
		check := func(content []byte) error {
			return guard("the.parquet", func() error { return checkPart(bytes.NewReader(content), int64(len(content))) })
		}
		if err := check(content); err != nil {
			t.Fatal(err)
		}
		for at := range content {
			for _, flip := range []byte{1 << (at % 8), 0xff} {
				damaged := slices.Clone(content)
				damaged[at] ^= flip
				if err := check(damaged); !errors.Is(err, ErrCorruptPart) {
					t.Errorf("byte %d of %d changed by %#x: %v", at, len(content), flip, err)
				}
			}
			if err := check(content[:at]); !errors.Is(err, ErrCorruptPart) {
				t.Errorf("cut to %d of %d bytes: %v", at, len(content), err)
			}
		}
		if err := check(append(slices.Clone(content), 0)); !errors.Is(err, ErrCorruptPart) {
			t.Errorf("one byte more: %v", err)
		}
	}
}

// TestNoTextPassesForTheChecksum: ids and reasons of skipped records stand in the footer too.
func TestNoTextPassesForTheChecksum(t *testing.T) {
	d := newDataSet(t, 10, 2, Float32)
	w, err := CreatePart(d.dir, PartInfo{PartID: PartID{0, 1, 0}, Items: 1, DType: Float32, Columns: embedding(2)})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat(string(checksumMark)+string(noChecksum), 3)
	if err := w.Publish([]Skip{{ID: text, File: text, Detail: text, Reason: SkipFailed}}); err != nil {
		t.Fatal(err)
	}
	path := d.dir.Part(PartID{0, 1, 0})
	if err := CheckPart(path); err != nil {
		t.Fatal(err)
	}
	info, err := ReadInfo(path)
	if err != nil || info.Skips[0].ID != text {
		t.Fatal(info, err)
	}
}

// TestProveComparesChecksums: a byte that no reader looks at is found too, when asked for.
func TestProveComparesChecksums(t *testing.T) {
	d := newDataSet(t, 40, 4, Float32)
	d.write(t)
	path := d.partPath(1)
	content := readFile(t, path)
	at := bytes.LastIndex(content, []byte("parquet-go")) // in created_by
	content[at] = 'q'
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	if proof := d.prove(t); len(proof.Problems) != 0 {
		t.Fatalf("without checksums: %v", proof.Problems)
	}
	proof, err := Prove(context.Background(), d.dir, d.manifest, d.expected(), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(proof.Problems) != 1 || proof.Problems[0].Path != path || !errors.Is(proof.Problems[0].Err, ErrCorruptPart) {
		t.Fatalf("%v", proof.Problems)
	}
}
