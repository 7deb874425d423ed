package mmapfasta

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestHashingIsTheHashOfAFile: the same bytes, written in whatever pieces.
func TestHashingIsTheHashOfAFile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 5} {
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(random.Uint32())
		}
		path := t.TempDir() + "/file"
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		want, err := Hash(context.Background(), path, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, longest := range []int{chunkSize / 3, chunkSize, 4 * chunkSize} {
			hash := NewHashing()
			for rest := content; len(rest) > 0; {
				n := min(1+random.IntN(longest), len(rest))
				hash.Write(rest[:n])
				rest = rest[n:]
			}
			if hash.Hash() != want.Hash || hash.Size() != int64(size) {
				t.Errorf("%d bytes in pieces of up to %d: another hash", size, longest)
			}
		}
	}
}

func TestCheckStart(t *testing.T) {
	for text, want := range map[string]error{
		"": nil, ">a\nMK": nil, ">a": nil, ">a b\r": nil, "\n>a\nMKV": nil, ">a\nMK\r\n": nil,
		"@r\nACGT\n": ErrFASTQ, "text": ErrNotFASTA, "\x1f\x8b\x08\x00": ErrCompressed, ">a\nM\x00": ErrNUL,
	} {
		err := CheckStart("name", bytes.Clone([]byte(text)))
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "name: byte ") {
			t.Error(err)
		}
	}
}
