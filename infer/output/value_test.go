package output

import (
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFloat16RoundTrip(t *testing.T) {
	for h := range 1 << 16 {
		f := fromFloat16(uint16(h))
		if f != f {
			if g := fromFloat16(toFloat16(f)); g == g {
				t.Fatalf("NaN %04x became %v", h, g)
			}
			continue
		}
		if got := toFloat16(f); got != uint16(h) {
			t.Fatalf("%04x = %v became %04x", h, f, got)
		}
	}
	for h, want := range map[uint16]float32{0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0400: 1.0 / (1 << 14), 0x0001: 1.0 / (1 << 24), 0x3555: 0.333251953125} {
		if got := fromFloat16(h); got != want {
			t.Errorf("%04x is %v, want %v", h, got, want)
		}
	}
}

// Every value goes to the nearest of its two neighbours, a tie to the one with an even fraction.
func TestFloat16Rounds(t *testing.T) {
	t.Parallel()
	check := func(f float32) {
		t.Helper()
		got := toFloat16(f)
		v := float64(fromFloat16(got))
		if got&0x7fff == 0x7c00 {
			if math.Abs(float64(f)) < float16Overflow {
				t.Fatalf("%v became %v", f, v)
			}
			return
		}
		for _, next := range []uint16{got + 1, got - 1} {
			n := float64(fromFloat16(next))
			if next&0x7fff > 0x7c00 || next&0x8000 != got&0x8000 {
				continue
			}
			if math.IsInf(n, 0) {
				n = math.Copysign(65536, n)
			}
			near, far := math.Abs(v-float64(f)), math.Abs(n-float64(f))
			if near > far || near == far && got&1 == 1 {
				t.Fatalf("%v became %v, %v is as near", f, v, n)
			}
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200000 {
		check(math.Float32frombits(rng.Uint32()&0x8fffffff | uint32(0x66+rng.IntN(42))<<23))
	}
	for h := range uint16(0x7c00) {
		a := fromFloat16(h)
		b := fromFloat16(h + 1)
		if math.IsInf(float64(b), 0) {
			b = 65536
		}
		tie := a + (b-a)/2
		check(tie)
		check(math.Nextafter32(tie, 0))
		check(math.Nextafter32(tie, 70000))
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "sp|P12345", "naïve", "\xff", "a\xc3", "\xed\xa0\x80", `\x00`, "�"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) || utf8.ValidString(s) && got != s || Text(got) != got {
			t.Fatalf("%q became %q", s, got)
		}
		if field := string(appendField(nil, s)); strings.ContainsAny(field, "\t\n\r") {
			t.Fatalf("%q became field %q", s, field)
		}
	})
}

func TestText(t *testing.T) {
	for s, want := range map[string]string{"a\xffb\xc3": `a\xffb\xc3`, "ï\x80": `ï\x80`, "�": "�", "�\xff": `�\xff`} {
		if got := Text(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}

// The estimate may be a little too large, never too small.
func TestEstimateBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		records int
		columns Columns
		dtype   DType
		most    float64
	}{{16, embedding(4), Float32, 1.6}, {400, embedding(1280), Float32, 1.05}, {400, embedding(1280), Float16, 1.1}, {400, embedding(33), Float16, 1.4},
		{200, manyColumns(64), Float32, 1.1}, {16, manyColumns(4), Float16, 2.4}} {
		d := newDataSetOf(t, c.records, c.columns, c.dtype)
		d.write(t)
		var actual, text, residues int64
		rows := d.embedded()
		for _, r := range rows {
			text += int64(len(r.ID) + len(r.Description))
			residues += r.Residues
		}
		filepath.WalkDir(string(d.dir), func(path string, e fs.DirEntry, err error) error {
			if info, err := e.Info(); err == nil && path != d.dir.Manifest() && info.Mode().IsRegular() {
				actual += info.Size()
			}
			return err
		})
		estimate := EstimateBytes(Amount{Rows: int64(len(rows)), Residues: residues, Text: text, Parts: int64(len(d.blocks))}, c.columns, c.dtype)
		if ratio := float64(estimate) / float64(actual); ratio < 1 || ratio > c.most {
			t.Errorf("%+v: estimate %d, actual %d, ratio %.2f", c, estimate, actual, ratio)
		}
	}
}

func TestFreeSpace(t *testing.T) {
	here, err := FreeSpace(t.TempDir())
	if err != nil || here <= 0 {
		t.Fatal(here, err)
	}
	there, err := FreeSpace(filepath.Join(t.TempDir(), "not", "yet"))
	if err != nil || there <= 0 {
		t.Fatal(there, err)
	}
}
