package infer

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"longfirst/infer/esm2"
)

// vocabulary returns ESM-2's vocabulary, as a model folder holds it.
func vocabulary(t testing.TB) *esm2.Vocabulary {
	t.Helper()
	v, err := esm2.ReadVocabulary(tinyModel(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTokenizer(t *testing.T) {
	v := vocabulary(t)
	for _, c := range []struct {
		name, body string
		gaps       Gaps
		maxLength  int64
		tokens     string // residues, one token a character; ? is <unk>
		counts     Tokenized
	}{
		{name: "plain", body: "MKV\n", tokens: "MKV", counts: Tokenized{Residues: 3}},
		{name: "lower case", body: "mKv", tokens: "MKV", counts: Tokenized{Residues: 3}},
		{name: "lines of both ends, blanks", body: "M K\r\nV\t\n\vA\f", tokens: "MKVA", counts: Tokenized{Residues: 4}},
		{name: "one stop at the end", body: "MK*\n", tokens: "MK", counts: Tokenized{Residues: 2}},
		{name: "only one of two stops", body: "MK**", tokens: "MK?", counts: Tokenized{Residues: 3, Unknown: 1}},
		{name: "a stop inside", body: "M*K", tokens: "M?K", counts: Tokenized{Residues: 3, Unknown: 1}},
		{name: "a stop before gaps ends the sequence", body: "MK*--..\n", tokens: "MK", counts: Tokenized{Residues: 2}},
		{name: "a stop before gaps that are kept does not", body: "MK*-", gaps: KeepGaps, tokens: "MK?-", counts: Tokenized{Residues: 4, Unknown: 1}},
		{name: "gaps dropped", body: "M-K.V", tokens: "MKV", counts: Tokenized{Residues: 3}},
		{name: "gaps kept", body: "M-K.V", gaps: KeepGaps, tokens: "M-K.V", counts: Tokenized{Residues: 5}},
		{name: "rare residues have tokens", body: "XBUZO", tokens: "XBUZO", counts: Tokenized{Residues: 5}},
		{name: "one <unk> a byte", body: "MJ1é>K", tokens: "M?????K", counts: Tokenized{Residues: 7, Unknown: 5}},
		{name: "cut", body: "MKVAL", maxLength: 3, tokens: "MKV", counts: Tokenized{Residues: 3, Truncated: 2}},
		{name: "cut after the stop was dropped", body: "MKV*", maxLength: 3, tokens: "MKV", counts: Tokenized{Residues: 3}},
		{name: "unknown residues beyond the cut do not count", body: "MKJJ", maxLength: 2, tokens: "MK", counts: Tokenized{Residues: 2, Truncated: 2}},
		{name: "not longer than the cut", body: "MKV", maxLength: 3, tokens: "MKV", counts: Tokenized{Residues: 3}},
		{name: "nothing", body: "\n\n"},
		{name: "a stop alone", body: "*\n"},
		{name: "gaps alone", body: "--..\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tok, err := NewTokenizer(v, c.gaps, c.maxLength)
			if err != nil {
				t.Fatal(err)
			}
			before := []uint8{7, 7}
			got, counts := tok.Append(before, []byte(c.body))
			want := append([]uint8{7, 7}, spell(t, v, c.tokens)...)
			if !bytes.Equal(got, want) {
				t.Errorf("tokens %v, want %v", got, want)
			}
			if diff := cmp.Diff(c.counts, counts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// spell returns BOS, the tokens of the characters, EOS; nothing for no character.
func spell(t testing.TB, v *esm2.Vocabulary, residues string) []uint8 {
	if residues == "" {
		return nil
	}
	ids := []uint8{v.BOS}
	for _, r := range residues {
		id, ok := v.ID(string(r))
		if r == '?' {
			id, ok = v.Unk, true
		}
		if !ok {
			t.Fatalf("no token %q", r)
		}
		ids = append(ids, id)
	}
	return append(ids, v.EOS)
}

// TestTokenizerAgainstRules holds the one-pass tokenizer against the rules of FASTA residues applied one after another.
func TestTokenizerAgainstRules(t *testing.T) {
	v := vocabulary(t)
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringOfN(rapid.SampledFrom([]rune("MKVAmkx*-. \n\rJ1")), 0, 30, -1).Draw(t, "body")
		gaps := rapid.SampledFrom([]Gaps{DropGaps, KeepGaps}).Draw(t, "gaps")
		maxLength := rapid.Int64Range(0, 8).Draw(t, "max length")

		s := strings.ToUpper(strings.Join(strings.Fields(body), ""))
		if gaps == DropGaps {
			s = strings.NewReplacer("-", "", ".", "").Replace(s)
		}
		s = strings.TrimSuffix(s, "*")
		var want Tokenized
		if maxLength > 0 && int64(len(s)) > maxLength {
			want.Truncated = int64(len(s)) - maxLength
			s = s[:maxLength]
		}
		want.Residues = int64(len(s))
		s = strings.NewReplacer("*", "?", "J", "?", "1", "?").Replace(s)
		want.Unknown = int64(strings.Count(s, "?"))

		tok, err := NewTokenizer(v, gaps, maxLength)
		if err != nil {
			t.Fatal(err)
		}
		got, counts := tok.Append(nil, []byte(body))
		var expected []uint8
		if s != "" {
			expected = append(expected, v.BOS)
			for _, r := range s {
				id, ok := v.ID(string(r))
				if !ok {
					id = v.Unk
				}
				expected = append(expected, id)
			}
			expected = append(expected, v.EOS)
		}
		if !bytes.Equal(got, expected) || counts != want {
			t.Fatalf("%q: tokens %v %+v, want %v %+v", body, got, counts, expected, want)
		}
		if n := tok.Tokens(int64(len(strings.Join(strings.Fields(body), "")))); int64(len(got)) > n {
			t.Fatalf("%q takes %d tokens, announced at most %d", body, len(got), n)
		}
	})
}
