package expand

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// FuzzCopy: whatever a file holds gives an error or a text; of gzip it is the text that Go's own package reads.
func FuzzCopy(f *testing.F) {
	for _, s := range samples(f, 300) {
		f.Add(s.content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if bytes.HasPrefix(content, []byte(zstdMagic)) && len(content) > 5 && content[4]&0x20 == 0 && content[5] > 0x90 {
			t.Skip("a window that takes too much memory for a test")
		}
		text, format, err := textOf(content, 2)
		if format != Gzip && format != BGZF || err != nil {
			return
		}
		reader, bad := gzip.NewReader(bytes.NewReader(content))
		if bad != nil {
			t.Fatalf("%v text of %d bytes, and %v", format, len(text), bad)
		}
		want, bad := io.ReadAll(reader)
		if bad != nil || !bytes.Equal(text, want) {
			t.Fatalf("%v text of %d bytes, not %d, %v", format, len(text), len(want), bad)
		}
	})
}
