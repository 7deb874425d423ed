package index

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"longfirst/mmapfasta"
)

// classesByHand counts as the words of the documentation say, byte by byte.
func classesByHand(body string) (c Classes) {
	letters, bases := 0, map[rune]int{}
	for _, b := range []byte(body) {
		text := string(rune(b))
		upper := strings.ToUpper(text)
		switch {
		case strings.Contains(" \t\n\v\f\r", text):
		case text == "*":
			c[ClassStop]++
		case text == "-" || text == ".":
			c[ClassGap]++
		case b < 128 && upper >= "A" && upper <= "Z":
			letters++
			if text != upper {
				c[ClassLower]++
			}
			for class := ClassU; class <= ClassJ; class++ {
				if class.Name() == upper {
					c[class]++
				}
			}
			if upper == "U" {
				upper = "T"
			}
			if strings.Contains("ACGTN", upper) {
				bases[rune(upper[0])]++
			}
		default:
			c[ClassOther]++
		}
	}
	sum, kinds := 0, 0
	for base, n := range bases {
		sum += n
		if base != 'N' {
			kinds++
		}
	}
	if letters >= 10 && float64(sum) >= 0.9*float64(letters) && kinds >= 2 {
		c[ClassNucleotide] = 1
	}
	return c
}

// classBodies are bodies of all bytes, of proteins, of bases with something between.
func classBodies(random *rand.Rand) string {
	alphabet := []string{"ACGT", "ACGTN\n", "acguN", "MKTAYIAKQRQISFVKSHFSRQ\n", "ACGTACGTACGTACGTACGR", "UOBZXJuobzxj*-. \tAC"}[random.IntN(6)]
	var body strings.Builder
	for range random.IntN(1200) {
		if random.IntN(2000) == 0 {
			body.WriteByte(byte(random.IntN(256)))
		}
		body.WriteByte(alphabet[random.IntN(len(alphabet))])
	}
	return body.String()
}

func TestClassesOf(t *testing.T) {
	var all []byte
	for b := range 256 {
		all = append(all, byte(b))
	}
	random := rand.New(rand.NewPCG(1, 1))
	nucleotides := 0
	bodies := []string{"", "ACGTACGTAC", "ACGTACGTA", "AAAAAAAAAAAA", string(all), strings.Repeat("x", 255*3), strings.Repeat("-", 511)}
	for range 500 {
		bodies = append(bodies, classBodies(random))
	}
	for _, body := range bodies {
		have, want := ClassesOf([]byte(body), int64(len(mmapfasta.AppendResidues(nil, []byte(body))))), classesByHand(body)
		if have != want {
			t.Fatalf("%q: %v, not %v", body, have, want)
		}
		nucleotides += int(have[ClassNucleotide])
	}
	if nucleotides == 0 || nucleotides == len(bodies) {
		t.Error("the bodies are all alike")
	}
}

// classFixture has two files, proteins and a mixture, and what their classes are in file order.
func classFixture(t *testing.T, records int) (*fixture, *Index, []Classes) {
	f := newFixture(t)
	random := rand.New(rand.NewPCG(2, 1))
	var want []Classes
	var paths []string
	for _, name := range []string{"a.fa", "b.fa"} {
		var text strings.Builder
		for i := range records {
			body := strings.NewReplacer("\x00", "", "\r", "", ">", "").Replace(classBodies(random))
			body = body[:min(len(body), random.IntN(40))]
			fmt.Fprintf(&text, ">%s%d\n%s\n", name, i, body)
			want = append(want, classesByHand(body))
		}
		paths = append(paths, f.write(name, text.String()))
	}
	x, _ := f.ensure(Options{}, paths...)
	return f, x, want
}

func (c *ClassTotals) same(other *ClassTotals) bool {
	return c.Residues == other.Residues && c.Records == other.Records && fmt.Sprint(c.Nucleotides) == fmt.Sprint(other.Nucleotides)
}

func TestCountClasses(t *testing.T) {
	_, x, want := classFixture(t, 3000)
	var sum ClassTotals
	for i := range want {
		sum.add(&want[i], fmt.Appendf(nil, "%s%d", []string{"a.fa", "b.fa"}[i/3000], i%3000))
	}
	each := func() {
		t.Helper()
		next := int64(0)
		if err := x.EachClasses(t.Context(), func(ordinal int64, c *Classes) error {
			if ordinal != next || *c != want[ordinal] {
				t.Fatalf("record %d: %v, not %v", ordinal, *c, want[ordinal])
			}
			next++
			return nil
		}); err != nil || next != int64(len(want)) {
			t.Fatal(next, err)
		}
	}
	if _, known, err := x.ClassTotals(); known || err != nil {
		t.Fatal(known, err)
	}
	each()
	digest := x.Digest()
	for range 2 {
		var have ClassTotals
		var err error
		if x, have, err = CountClasses(t.Context(), x, Options{}); err != nil {
			t.Fatal(err)
		}
		if !have.same(&sum) || len(have.Nucleotides) != exampleIDs {
			t.Errorf("%+v, not %+v", have, sum)
		}
		each()
	}
	x, err := AddNames(t.Context(), x, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	each()
	if x.Digest() != digest || !x.HasNames() {
		t.Error("the index is another one")
	}
}

// TestClassesThatCannotBeKept are counted each time.
func TestClassesThatCannotBeKept(t *testing.T) {
	_, x, _ := classFixture(t, 100)
	if err := os.Mkdir(x.Path()+".lock", 0o755); err != nil {
		t.Fatal(err)
	}
	x, first, err := CountClasses(t.Context(), x, Options{})
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(x.Path() + ".lock")
	x, second, err := CountClasses(t.Context(), x, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if !first.same(&second) {
		t.Errorf("%+v, then %+v", first, second)
	}
}

func TestFlippedBytesOfClasses(t *testing.T) {
	f, x, want := classFixture(t, 40)
	f.stale = true
	x, totals, err := CountClasses(t.Context(), x, Options{})
	if err != nil {
		t.Fatal(err)
	}
	x.Close()
	content, err := os.ReadFile(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	flipAll(t, x.Path(), content, func() error {
		y, err := Open(x.Path())
		if err != nil {
			return err
		}
		defer y.Close()
		have, known, err := y.ClassTotals()
		if err != nil || !known { // a version of another program's: counted again
			return err
		}
		if !have.same(&totals) {
			return fmt.Errorf("totals are %+v", have)
		}
		return y.EachClasses(t.Context(), func(ordinal int64, c *Classes) error {
			if *c != want[ordinal] {
				return fmt.Errorf("record %d is %v", ordinal, *c)
			}
			return nil
		})
	})
}

func TestClassPages(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for _, n := range []int{1, 2, 100, classPageRecords} {
		records := make([]Classes, n)
		for i := range records {
			for class := range records[i] {
				if random.IntN(3) == 0 {
					records[i][class] = random.Int64() >> random.IntN(63) & maxValue
				}
			}
		}
		key := classKey(7)
		page := appendClassPage(nil, key, records)
		have, err := decodeClassPage(nil, key[:], page)
		if err != nil || fmt.Sprint(have) != fmt.Sprint(records) {
			t.Fatal(n, err)
		}
		for cut := range min(len(page), 200) {
			short := bytes.Clone(page[:cut])
			if cut >= classPageHead { // as if it had been written so
				sum := pageCRC(key[:], short)
				short[0], short[1], short[2], short[3] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
			}
			if _, err := decodeClassPage(nil, key[:], short); err == nil {
				t.Fatalf("%d of %d bytes are taken for a page", cut, len(page))
			}
		}
	}
}

// TestFindNucleotides: a sample finds what is frequent, the counts find all.
func TestFindNucleotides(t *testing.T) {
	f := newFixture(t)
	var text strings.Builder
	for i := range 3000 {
		body := "MKTAYIAKQRQISFVKSHFSRQ"
		if i%10 == 0 {
			body = "ACGTTGCATGCA"
		}
		fmt.Fprintf(&text, ">r%d\n%s\n", i, body)
	}
	x, _ := f.ensure(Options{}, f.write("a.fa", text.String()))
	found, err := x.FindNucleotides(t.Context())
	if err != nil || found.LookedAt != sampledRecords || found.Records < 10 || found.Records > 30 || len(found.Examples) != exampleIDs {
		t.Errorf("%+v, %v", found, err)
	}
	x, _, err = CountClasses(t.Context(), x, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if found, err = x.FindNucleotides(t.Context()); err != nil || found.LookedAt != 3000 || found.Records != 300 || found.Examples[1] != "r10" {
		t.Errorf("%+v, %v", found, err)
	}
}

func BenchmarkClassesOf(b *testing.B) {
	body := []byte(strings.Repeat(strings.Repeat("M", 60)+"\n", 6))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		ClassesOf(body, 360)
	}
}
