package expand

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// proteins returns a FASTA text of size bytes.
func proteins(size int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	text := make([]byte, 0, size+100)
	for len(text) < size {
		text = append(text, ">record of a test\n"...)
		for range 5 {
			for range 60 {
				text = append(text, "ACDEFGHIKLMNPQRSTVWY"[random.IntN(20)])
			}
			text = append(text, '\n')
		}
	}
	return text[:size]
}

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name, w.Comment = "a name.fa", "a comment"
	w.Write(text)
	w.Close()
	return b.Bytes()
}

func bgzipped(text []byte) []byte {
	var out []byte
	for len(text) > 0 {
		n := min(len(text), 0xff00)
		out = append(out, bgzfBlock(text[:n])...)
		text = text[n:]
	}
	return append(out, bgzfBlock(nil)...)
}

func bgzfBlock(text []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	w.Write(text)
	w.Close()
	block := []byte("\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00BC\x02\x00")
	block = binary.LittleEndian.AppendUint16(block, uint16(blockHeader+b.Len()+blockTrailer-1))
	block = append(block, b.Bytes()...)
	block = binary.LittleEndian.AppendUint32(block, crc32.ChecksumIEEE(text))
	return binary.LittleEndian.AppendUint32(block, uint32(len(text)))
}

func zstdOf(t testing.TB, text []byte, options ...zstd.EOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, append(options, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstd.MinWindowSize))...)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func skippable(content string) []byte {
	frame := []byte("\x5a" + zstdSkippable)
	return append(binary.LittleEndian.AppendUint32(frame, uint32(len(content))), content...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
