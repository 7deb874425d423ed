package index

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// proteome writes about 100 MB of FASTA as UniProt has it: 20-byte ids, headers of about 100 bytes, lines of 60.
func proteome(b *testing.B) (path string, records int64, bytes int64) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "proteome.fa")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	out := bufio.NewWriterSize(file, 1<<20)
	random := rand.New(rand.NewPCG(1, 1))
	line := []byte("MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVK")
	for bytes < 100<<20 {
		n, _ := fmt.Fprintf(out, ">sp|P%06d|NAMEX_HUMAN Some protein of a length and name OS=Homo sapiens OX=9606 GN=ABC PE=1 SV=2\n", records)
		bytes += int64(n)
		for left := 30 + int(random.ExpFloat64()*330); left > 0; left -= 60 {
			n := min(left, 60)
			out.Write(line[:n])
			out.WriteByte('\n')
			bytes += int64(n) + 1
		}
		records++
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, hourAgo, hourAgo); err != nil {
		b.Fatal(err)
	}
	return path, records, bytes
}

// BenchmarkBuild shows what the first use of a FASTA file costs.
func BenchmarkBuild(b *testing.B) {
	path, records, bytes := proteome(b)
	b.SetBytes(bytes)
	for b.Loop() {
		os.Remove(path + Extension)
		x, outcome, err := Ensure(context.Background(), []string{path}, Options{})
		if err != nil || outcome != Created {
			b.Fatal(outcome, err)
		}
		b.ReportMetric(float64(x.Size())/float64(records), "B/record")
		x.Close()
	}
}

// BenchmarkReuse shows what every further use costs.
func BenchmarkReuse(b *testing.B) {
	x := benchmarkIndex(b)
	for b.Loop() {
		y, outcome, err := Ensure(context.Background(), []string{x.Files()[0].Path}, Options{})
		if err != nil || outcome != Reused {
			b.Fatal(outcome, err)
		}
		y.Close()
	}
}

// BenchmarkOpenFirst shows when a child has its first entry.
func BenchmarkOpenFirst(b *testing.B) {
	x := benchmarkIndex(b)
	for b.Loop() {
		y, err := Open(x.Path())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := y.At(y.Len() / 2); err != nil {
			b.Fatal(err)
		}
		y.Close()
	}
}

// BenchmarkStride shows what a record of a share costs its rank, which passes over the pages of all ranks.
func BenchmarkStride(b *testing.B) {
	x := benchmarkIndex(b)
	for _, world := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("world=%d", world), func(b *testing.B) {
			r := Share(x.Len(), 0, world)
			for b.Loop() {
				for _, err := range x.Entries(r) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(r.Len()), "ns/record")
		})
	}
}

// BenchmarkDistribution shows the pass over all lengths that a plan needs.
func BenchmarkDistribution(b *testing.B) {
	x := benchmarkIndex(b)
	for b.Loop() {
		if _, err := Distribution(x, 8); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(x.Len()), "ns/record")
}

func benchmarkIndex(b *testing.B) *Index {
	path, _, _ := proteome(b)
	x, _, err := Ensure(context.Background(), []string{path}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	return x
}
