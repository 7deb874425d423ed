package mmapfasta

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// proteins writes records the size of UniProt's: lengths around 350 residues, lines of 60, long headers.
func proteins(size int, lineEnd string) []byte {
	const letters = "ALGVESIKRDTPNQFYMHCWALGVESIKRDTPAL"
	random := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	out.Grow(size + 1<<16)
	for n := 0; out.Len() < size; n++ {
		fmt.Fprintf(&out, ">sp|P%05d|NAME%d_HUMAN Protein number %d OS=Homo sapiens OX=9606 GN=G%d PE=1 SV=2%s", n, n, n, n, lineEnd)
		for left := 30 + int(random.ExpFloat64()*320); left > 0; left -= 60 {
			for range min(left, 60) {
				out.WriteByte(letters[random.IntN(len(letters))])
			}
			out.WriteString(lineEnd)
		}
	}
	return out.Bytes()
}

func BenchmarkScan(b *testing.B) {
	none := func(*Batch) error { return nil }
	for _, file := range []struct{ name, lineEnd string }{{"LF", "\n"}, {"CRLF", "\r\n"}} {
		content := proteins(64<<20, file.lineEnd)
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", file.name, threads), func(b *testing.B) {
				b.SetBytes(int64(len(content)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := scanContent(b.Context(), memory(content), chunkSize, Options{Threads: threads}, none); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	content := proteins(64<<20, "\n")
	parts := map[string]func(*chunk){"read and hash": func(*chunk) {}, "read, hash and scan": (*chunk).scan}
	for name, work := range parts {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				err := memory(content).chunks(b.Context(), reading{size: chunkSize}, work, func(*chunk) error { return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
