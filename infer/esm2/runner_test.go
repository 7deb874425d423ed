package esm2_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

const batchModel = "testdata/goldens/head16-half-frequencies"

// randomSequences returns token ids with BOS and EOS.
func randomSequences(n, longest int, seed uint64) [][]uint8 {
	random := rand.New(rand.NewPCG(seed, 1))
	var sequences [][]uint8
	for range n {
		ids := []uint8{0}
		for range 1 + random.IntN(longest) {
			ids = append(ids, uint8(4+random.IntN(25)))
		}
		sequences = append(sequences, append(ids, 2))
	}
	return sequences
}

func pack(sequences ...[]uint8) backend.Batch {
	b := backend.Batch{CuSeqlens: []int32{0}}
	for _, ids := range sequences {
		b.Tokens = append(b.Tokens, ids...)
		b.CuSeqlens = append(b.CuSeqlens, int32(len(b.Tokens)))
	}
	return b
}

// TestSameBits embeds sequences alone on one thread and in random batches with other numbers of threads, two runners at
// a time, and wants the same bits.
func TestSameBits(t *testing.T) { eachLevel(t, batchModel, testSameBits) }

func testSameBits(t *testing.T) {
	sequences := randomSequences(10, 150, 1)
	var alone [][]float32
	single := loadOn(t, batchModel, 1)
	for _, ids := range sequences {
		pooled, _ := embed(t, single, pack(ids))
		alone = append(alone, pooled)
	}
	width := single.Config().HiddenSize
	for _, threads := range []int{2, 5} {
		m := loadOn(t, batchModel, threads)
		random := rand.New(rand.NewPCG(2, uint64(threads)))
		type flight struct {
			runner *esm2.Runner
			order  []int
			pooled []float32
		}
		var flights [2]flight
		for i := range flights {
			r, err := m.NewRunner(10*152, 10)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			flights[i].runner = r
		}
		land := func(f *flight) {
			if err := f.runner.Finish(); err != nil {
				t.Fatal(err)
			}
			for place, i := range f.order {
				if !slices.Equal(f.pooled[place*width:][:width], alone[i]) {
					t.Fatalf("%d threads: sequence %d at place %d of %d differs from itself alone", threads, i, place, len(f.order))
				}
			}
		}
		for round := range 4 {
			f := &flights[round%2]
			if f.order != nil {
				land(f)
			}
			f.order = random.Perm(len(sequences))[:1+random.IntN(len(sequences))]
			var chosen [][]uint8
			for _, i := range f.order {
				chosen = append(chosen, sequences[i])
			}
			f.pooled = make([]float32, len(chosen)*width)
			if err := f.runner.Start(pack(chosen...), f.pooled); err != nil {
				t.Fatal(err)
			}
		}
		land(&flights[0])
		land(&flights[1])
	}
}

// sameBits pins the bits of an embedding in each numeric class. They are the same on every machine that computes in that
// class; a change of a number here is a change of the numerics and needs a new class.
var sameBits = map[string]uint64{
	"cpu-fp32-go-1":   0xfed5336f7ae79d86,
	"cpu-fp32-avx2-2": 0x9f47b275634eef01,
}

func TestSameBitsEverywhere(t *testing.T) { eachLevel(t, batchModel, testSameBitsEverywhere) }

func testSameBitsEverywhere(t *testing.T) {
	b, err := cpu.New(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	want, known := sameBits[b.Class()]
	m := load(t, batchModel)
	pooled, _ := embed(t, m, pack(randomSequences(3, 200, 3)...))
	hash := fnv.New64a()
	for _, v := range pooled {
		fmt.Fprintf(hash, "%08x", math.Float32bits(v))
	}
	if got := hash.Sum64(); known && got != want {
		t.Errorf("%s: got %#x, want %#x", b.Class(), got, want)
	}
}

func TestEmptySequence(t *testing.T) {
	m := load(t, batchModel)
	pooled, _ := embed(t, m, pack([]uint8{0, 2}, []uint8{0, 5, 2}))
	width := m.Config().HiddenSize
	if slices.ContainsFunc(pooled[:width], func(v float32) bool { return v != 0 }) {
		t.Errorf("mean of no residues: %g", pooled[:width])
	}
	if !slices.ContainsFunc(pooled[width:], func(v float32) bool { return v != 0 }) {
		t.Error("the sequence beside it was not embedded")
	}
}

func TestStartRefuses(t *testing.T) {
	m := load(t, batchModel)
	width := m.Config().HiddenSize
	r, err := m.NewRunner(10, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	good := pack([]uint8{0, 4, 2}, []uint8{0, 5, 2})
	for _, test := range []struct {
		what   string
		batch  backend.Batch
		pooled int
		want   string
	}{
		{"no sequence", backend.Batch{CuSeqlens: []int32{0}}, 0, "0 sequences"},
		{"nothing", backend.Batch{}, 0, "sequences"},
		{"too many tokens", pack(make([]uint8, 11)), width, "11 tokens"},
		{"too many sequences", pack([]uint8{0, 2}, []uint8{0, 2}, []uint8{0, 2}), 3 * width, "3 sequences"},
		{"short pooled", good, width, "room"},
		{"start", backend.Batch{Tokens: good.Tokens, CuSeqlens: []int32{1, 3, 6}}, 2 * width, "span"},
		{"end", backend.Batch{Tokens: good.Tokens, CuSeqlens: []int32{0, 3, 5}}, 2 * width, "span"},
		{"empty sequence", backend.Batch{Tokens: good.Tokens, CuSeqlens: []int32{0, 0, 6}}, 2 * width, "empty"},
		{"foreign token", pack([]uint8{0, 33, 2}), width, "33"},
		{"mask", pack([]uint8{0, 32, 2}), width, "<mask>"},
	} {
		err := r.Start(test.batch, make([]float32, test.pooled))
		if !errors.Is(err, esm2.ErrBatch) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.what, err, test.want)
		}
	}
	// A refused batch leaves the runner usable.
	if err := r.Start(good, make([]float32, 2*width)); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.NewRunner(0, 1); !errors.Is(err, esm2.ErrBatch) {
		t.Errorf("runner without tokens: got %v", err)
	}
}

// TestTokens compares vocab.txt as read with the ids that transformers' tokenizer gave.
func TestTokens(t *testing.T) {
	const sequence = "LAGVSERTIDPKQNFYMHWCXBUZO.-" // the second one of make_goldens.py
	for _, dir := range goldenFolders(t) {
		v := load(t, dir).Vocabulary()
		ids := []uint8{v.BOS}
		for _, letter := range sequence {
			id, ok := v.ID(string(letter))
			if !ok {
				t.Fatalf("%s: no token %c", dir, letter)
			}
			ids = append(ids, id)
		}
		ids = append(ids, v.EOS)
		b := openGolden(t, dir).batch
		if want := b.Tokens[b.CuSeqlens[1]:b.CuSeqlens[2]]; !slices.Equal(ids, want) {
			t.Errorf("%s: got %v, want %v", dir, ids, want)
		}
	}
}
