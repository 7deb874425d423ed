package mmapfasta

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

type bodyFound struct {
	size, lineFeeds, low int
	found                bool
}

type headerFound struct {
	end, idEnd, controls int
	found                bool
}

// slowBody and slowHeader say what is meant, byte by byte.
func slowBody(p []byte) (f bodyFound) {
	previous := byte('\n')
	for _, c := range p {
		if c == '>' && previous == '\n' {
			f.found = true
			return f
		}
		f.size++
		if c == '\n' {
			f.lineFeeds++
		}
		if c <= ' ' {
			f.low++
		}
		previous = c
	}
	return f
}

func slowHeader(p []byte) headerFound {
	end := bytes.IndexByte(p, '\n')
	f := headerFound{end: end, found: end >= 0}
	if end < 0 {
		f.end = len(p)
	}
	f.idEnd = bytes.IndexFunc(p[:min(f.end+1, len(p))], func(r rune) bool { return r <= ' ' })
	for _, c := range p[:f.end] {
		if c < ' ' {
			f.controls++
		}
	}
	return f
}

func compareKernels(t *testing.T, p []byte) {
	t.Helper()
	body, header := slowBody(p), slowHeader(p)
	var b bodyFound
	var h headerFound
	if b.size, b.lineFeeds, b.low, b.found = scanBody(p); b != body {
		t.Fatalf("scanBody(%q) = %+v, not %+v", p, b, body)
	}
	if b.size, b.lineFeeds, b.low, b.found = scanBodyGo(p, true); b != body {
		t.Fatalf("scanBodyGo(%q) = %+v, not %+v", p, b, body)
	}
	if h.end, h.idEnd, h.controls, h.found = scanHeader(p); h != header {
		t.Fatalf("scanHeader(%q) = %+v, not %+v", p, h, header)
	}
	if h.end, h.idEnd, h.controls, h.found = scanHeaderGo(p); h != header {
		t.Fatalf("scanHeaderGo(%q) = %+v, not %+v", p, h, header)
	}
}

// TestKernelsAtEverySizeAndPlace puts each telling byte, or two, at every place of a piece of every small size.
func TestKernelsAtEverySizeAndPlace(t *testing.T) {
	telling := []string{"", "\n", ">", "\n>", ">\n", " ", "\t", "\r\n", "\x00", "\x01", "\x1f", "!", "\x7f", "\x80", "\xff", "\n\n>", "> \n>"}
	for size := range 140 {
		for _, what := range telling {
			for at := 0; at+len(what) <= size; at++ {
				p := bytes.Repeat([]byte("A"), size)
				copy(p[at:], what)
				compareKernels(t, p)
			}
		}
	}
}

func TestKernelsOnRandomText(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAA\xff!\n\n> \r\x01")
	for range 20000 {
		memory := make([]byte, random.IntN(400)+70)
		for i := range memory {
			memory[i] = letters[random.IntN(len(letters)-random.IntN(8))]
		}
		at := random.IntN(70)
		compareKernels(t, memory[at:])
	}
}
