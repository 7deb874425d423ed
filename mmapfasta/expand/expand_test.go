package expand

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// textOf expands content and returns its text.
func textOf(content []byte, threads int) ([]byte, Format, error) {
	var text bytes.Buffer
	format, err := Copy(context.Background(), &text, bytes.NewReader(content), "a.fa.x", Options{Threads: threads})
	return text.Bytes(), format, err
}

// samples are compressed files, each with its text.
func samples(t testing.TB, size int) map[string]struct {
	content, text []byte
	format        Format
} {
	a, b := proteins(size, 1), proteins(size/3, 2)
	ab := join(a, b)
	unchecked := zstd.WithEncoderCRC(false)
	return map[string]struct {
		content, text []byte
		format        Format
	}{
		"gzip":                       {gzipped(a), a, Gzip},
		"gzip members":               {join(gzipped(a), gzipped(nil), gzipped(b)), ab, Gzip},
		"gzip of nothing":            {gzipped(nil), nil, Gzip},
		"bgzip":                      {bgzipped(a), a, BGZF},
		"bgzip of nothing":           {bgzipped(nil), nil, BGZF},
		"bgzip files joined":         {join(bgzipped(a), bgzipped(b)), ab, BGZF},
		"bgzip, then gzip":           {join(bgzipped(a), gzipped(b)), ab, BGZF},
		"gzip, then bgzip":           {join(gzipped(a), bgzipped(b)), ab, Gzip},
		"zstd":                       {zstdOf(t, a), a, Zstd},
		"zstd without checksum":      {zstdOf(t, a, unchecked), a, Zstd},
		"zstd of nothing":            {zstdOf(t, nil, zstd.WithZeroFrames(true)), nil, Zstd},
		"zstd frames":                {join(zstdOf(t, a), zstdOf(t, b, unchecked)), ab, Zstd},
		"zstd with skippable frames": {join(skippable("x"), zstdOf(t, a), skippable(""), zstdOf(t, b), skippable("abcdef")), ab, Zstd},
		"zstd, stored":               {zstdOf(t, a, zstd.WithSingleSegment(true)), a, Zstd},
		"plain":                      {a, a, Plain},
	}
}

func TestText(t *testing.T) {
	for _, size := range []int{1, 90, 0xff00, 0xff00 + 1, StartSize, StartSize + 1, 1<<19 + 17} {
		for name, s := range samples(t, size) {
			for _, threads := range []int{0, 1, 4} {
				text, format, err := textOf(s.content, threads)
				if err != nil || format != s.format || !bytes.Equal(text, s.text) {
					t.Errorf("%s of %d on %d: %v, %d bytes of %d, %v", name, size, threads, format, len(text), len(s.text), err)
				}
			}
		}
	}
}

// TestCutAnywhere: what is left of a compressed file is an error wherever it is cut, except where whole members or
// frames are left.
func TestCutAnywhere(t *testing.T) {
	for name, s := range samples(t, 300) {
		if s.format == Plain {
			continue
		}
		for size := 4; size < len(s.content); size++ {
			text, _, err := textOf(s.content[:size], 2)
			whole := err == nil && bytes.HasPrefix(s.text, text) && wholeUpTo(t, name, size)
			if !whole && !errors.Is(err, ErrTruncated) {
				t.Errorf("%s cut to %d of %d: %d bytes, %v", name, size, len(s.content), len(text), err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "a.fa.x: byte ") {
				t.Errorf("%s cut to %d: %v", name, size, err)
			}
		}
	}
}

// wholeUpTo tells whether a sample of 300 bytes consists of whole parts up to size.
func wholeUpTo(t *testing.T, name string, size int) bool {
	a, b := proteins(300, 1), proteins(300/3, 2)
	ends := map[string][][]byte{
		"gzip members":               {gzipped(a), gzipped(nil), gzipped(b)},
		"bgzip files joined":         {bgzipped(a), bgzipped(b)},
		"bgzip, then gzip":           {bgzipped(a), gzipped(b)},
		"gzip, then bgzip":           {gzipped(a), bgzfBlock(b), bgzfBlock(nil)},
		"zstd frames":                {zstdOf(t, a), zstdOf(t, b, zstd.WithEncoderCRC(false))},
		"zstd with skippable frames": {skippable("x"), zstdOf(t, a), skippable(""), zstdOf(t, b), skippable("abcdef")},
	}
	end := 0
	for _, part := range ends[name] {
		if end += len(part); end == size {
			return true
		}
	}
	return false
}

// TestCutBetweenBlocks: a bgzip file that ends between two blocks is one that lacks its mark.
func TestCutBetweenBlocks(t *testing.T) {
	text := proteins(3*0xff00, 1)
	whole := bgzipped(text)
	for _, blocks := range []int{1, 2, 3} {
		size := len(bgzipped(text[:blocks*0xff00])) - len(bgzfBlock(nil))
		if _, _, err := textOf(whole[:size], 2); !errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), "empty block") {
			t.Errorf("after %d blocks: %v", blocks, err)
		}
	}
}

// TestFlippedBytes: a byte that is damaged is an error, or one that is of no meaning for the text.
func TestFlippedBytes(t *testing.T) {
	for name, s := range samples(t, 250) {
		if s.format == Plain || name == "zstd without checksum" || name == "zstd frames" {
			continue // these have bytes that nothing guards
		}
		for i := 4; i < len(s.content); i++ {
			for _, flip := range []byte{0xff, 0x04} {
				damaged := bytes.Clone(s.content)
				damaged[i] ^= flip
				text, _, err := textOf(damaged, 2)
				if err == nil && !bytes.Equal(text, s.text) {
					t.Errorf("%s, byte %d: %d bytes of other text", name, i, len(text))
				}
				if err != nil && !strings.HasPrefix(err.Error(), "a.fa.x: byte ") {
					t.Errorf("%s, byte %d: %v", name, i, err)
				}
			}
		}
	}
}

func TestRefused(t *testing.T) {
	a := proteins(400, 1)
	frame := zstdOf(t, a)
	for name, test := range map[string]struct {
		content []byte
		want    error
		says    string
	}{
		"text behind gzip":       {join(gzipped(a), []byte("garbage")), ErrTrailing, `"ga"`},
		"zeros behind gzip":      {join(gzipped(a), make([]byte, 512)), ErrTrailing, "head -c"},
		"a byte behind gzip":     {join(gzipped(a), []byte("\x1f")), ErrTruncated, ""},
		"zeros behind bgzip":     {join(bgzipped(a), make([]byte, 512)), ErrTrailing, ""},
		"text behind zstd":       {join(frame, []byte("garbage")), ErrTrailing, `"garb"`},
		"bytes behind zstd":      {join(frame, []byte("\x00")), ErrTruncated, ""},
		"gzip behind zstd":       {join(frame, gzipped(a)), ErrTrailing, ""},
		"zstd with dictionary":   {[]byte(zstdMagic + "\x23\x07\x00\x00\x00\x00"), ErrDictionary, "-D DICTIONARY"},
		"zstd of a huge window":  {[]byte(zstdMagic + "\x00\xff\x01\x00\x00"), ErrWindow, "--long"},
		"bgzip lengths that lie": {join(bgzfBlock(a)[:16], []byte{40, 0}, make([]byte, 60)), ErrDamaged, ""},
	} {
		if _, _, err := textOf(test.content, 2); !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStartIsShownBeforeAnythingIsWritten(t *testing.T) {
	no := errors.New("no")
	for _, size := range []int{0, 1, StartSize - 1, StartSize, StartSize + 1, 2 << 20} {
		a := proteins(size, 3)
		for name, content := range map[string][]byte{"gzip": gzipped(a), "bgzip": bgzipped(a), "zstd": zstdOf(t, a, zstd.WithZeroFrames(true)), "plain": a} {
			var text bytes.Buffer
			calls := 0
			_, err := Copy(context.Background(), &text, bytes.NewReader(content), "a.fa", Options{Threads: 2, Start: func(head []byte) error {
				if calls++; !bytes.Equal(head, a[:min(size, StartSize)]) || text.Len() > 0 {
					t.Errorf("%s of %d: shown %d bytes, %d written", name, size, len(head), text.Len())
				}
				return no
			}})
			if err != no || calls != 1 || text.Len() > 0 {
				t.Errorf("%s of %d: %v, %d calls, %d bytes", name, size, err, calls, text.Len())
			}
			if _, err = Copy(context.Background(), &text, bytes.NewReader(content), "a.fa", Options{Start: func([]byte) error { return nil }}); err != nil || !bytes.Equal(text.Bytes(), a) {
				t.Errorf("%s of %d: %v, %d bytes", name, size, err, text.Len())
			}
		}
	}
}

// failing fails after some bytes.
type failing struct{ left int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func (f *failing) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errFull
	}
	n := min(len(p), f.left)
	f.left -= n
	clear(p[:n])
	return n, nil
}

// calling is an empty reader that calls a function.
type calling func()

func (c calling) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}

func TestErrorsOfOthersAreReturned(t *testing.T) {
	for name, s := range samples(t, 3<<19) {
		if len(s.text) == 0 {
			continue
		}
		if _, err := Copy(context.Background(), &failing{1 << 20}, bytes.NewReader(s.content), "a.fa", Options{Threads: 2}); !errors.Is(err, errFull) {
			t.Errorf("%s, writing: %v", name, err)
		}
		cut := io.MultiReader(bytes.NewReader(s.content[:len(s.content)/2]), &failing{})
		if _, err := Copy(context.Background(), io.Discard, cut, "a.fa", Options{Threads: 2}); !errors.Is(err, errFull) || !strings.Contains(err.Error(), "a.fa: byte ") {
			t.Errorf("%s, reading: %v", name, err)
		}
		ctx, cancel := context.WithCancelCause(context.Background())
		half := len(s.content) / 2
		ending := io.MultiReader(bytes.NewReader(s.content[:half]), calling(func() { cancel(errFull) }), bytes.NewReader(s.content[half:]))
		_, err := Copy(ctx, io.Discard, ending, "a.fa", Options{Threads: 2})
		if err != errFull {
			t.Errorf("%s, ended: %v", name, err)
		}
		cancel(nil)
	}
}

func TestProgressEndsAtTheSize(t *testing.T) {
	for name, s := range samples(t, 3<<19) {
		var last int64
		_, err := Copy(context.Background(), io.Discard, bytes.NewReader(s.content), "a.fa", Options{Threads: 2, Progress: func(read int64) {
			if read < last {
				t.Errorf("%s: %d after %d", name, read, last)
			}
			last = read
		}})
		if err != nil || last != int64(len(s.content)) {
			t.Errorf("%s: %d of %d, %v", name, last, len(s.content), err)
		}
	}
}

func TestAtLeast(t *testing.T) {
	a := proteins(70000, 1)
	for name, test := range map[string]struct {
		content []byte
		format  Format
		want    int64
	}{
		"gzip":                {gzipped(a), Gzip, 70000},
		"the last of members": {join(gzipped(a), gzipped(a[:9])), Gzip, 9},
		"bgzip does not say":  {bgzipped(a), BGZF, 0},
		"nothing":             {nil, Gzip, 0},
	} {
		if have := AtLeast(bytes.NewReader(test.content), int64(len(test.content)), test.format); have != test.want {
			t.Errorf("%s: %d", name, have)
		}
	}
	encoder, _ := zstd.NewWriter(nil)
	frame := encoder.EncodeAll(a, nil)
	if have := AtLeast(bytes.NewReader(frame), int64(len(frame)), Zstd); have != 70000 {
		t.Errorf("a frame that says: %d", have)
	}
}
