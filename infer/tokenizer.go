package infer

import (
	"fmt"

	"longfirst/infer/esm2"
)

// Gaps says what becomes of the gap characters '-' and '.' of aligned FASTA.
type Gaps uint8

const (
	DropGaps Gaps = iota // removed before the model sees the sequence
	KeepGaps             // fed as the tokens the vocabulary has for them
)

// ParseGaps reads the value of an option: "drop" or "keep".
func ParseGaps(s string) (Gaps, error) {
	switch s {
	case "drop":
		return DropGaps, nil
	case "keep":
		return KeepGaps, nil
	}
	return 0, fmt.Errorf("%w: gaps can be dropped or kept (drop, keep), not %q", ErrOption, s)
}

// classes of a byte beside its token id
const (
	classSkip    = 0xff // ASCII whitespace, and gaps under DropGaps
	classUnknown = 0xfe // no token of its own: one <unk> per byte
	classStop    = 0xfd // '*': <unk>, but dropped where it ends the sequence
	firstClass   = classStop
)

// Tokenizer turns the body of a FASTA record, line ends and all, into token ids:
// letters are upper-cased; gaps removed, unless kept; then one trailing '*' dropped, a stop being no residue; every other
// byte outside the vocabulary becomes one <unk>; then the sequence is cut to MaxLength residues from the N terminus; then
// BOS and EOS are added. Unlike transformers' tokenizer it never merges a run of unknown characters into one token.
type Tokenizer struct {
	class     [256]uint8
	bos, eos  uint8
	unk       uint8
	maxLength int64
}

// Tokenized counts what the tokenizer did with one record.
type Tokenized struct {
	Residues  int64 // embedded: tokens without BOS and EOS
	Unknown   int64 // <unk> among them
	Truncated int64 // residues cut off the C terminus
}

// NewTokenizer prepares a tokenizer for a vocabulary. maxLength is in residues; 0 means no cut.
func NewTokenizer(v *esm2.Vocabulary, gaps Gaps, maxLength int64) (*Tokenizer, error) {
	t := &Tokenizer{bos: v.BOS, eos: v.EOS, unk: v.Unk, maxLength: maxLength}
	for c := range 256 {
		t.class[c] = classUnknown
		upper := byte(c)
		if 'a' <= upper && upper <= 'z' {
			upper -= 'a' - 'A'
		}
		if id, ok := v.ID(string(rune(upper))); ok && upper < 0x80 {
			if id >= firstClass {
				return nil, fmt.Errorf("%w: token %q has id %d, at most %d can be fed", ErrVocabulary, upper, id, firstClass-1)
			}
			t.class[c] = id
		}
	}
	for _, c := range []byte(" \t\r\n\v\f") {
		t.class[c] = classSkip
	}
	t.class['*'] = classStop
	if gaps == DropGaps {
		t.class['-'] = classSkip
		t.class['.'] = classSkip
	}
	return t, nil
}

// Tokens returns the most tokens a record of that many residues can take, BOS and EOS included.
func (t *Tokenizer) Tokens(length int64) int64 { return tokens(length, t.maxLength) }

func tokens(length, maxLength int64) int64 {
	if maxLength > 0 && length > maxLength {
		length = maxLength
	}
	return length + 2
}

// Append appends BOS, the residues of body and EOS to dst. A record without residues appends nothing.
func (t *Tokenizer) Append(dst []uint8, body []byte) ([]uint8, Tokenized) {
	begin := len(dst)
	dst = append(dst, t.bos)
	stop := false // the residue appended last is a '*'
	for _, c := range body {
		k := t.class[c]
		if k < firstClass {
			dst = append(dst, k)
			stop = false
			continue
		}
		if k == classSkip {
			continue
		}
		stop = k == classStop
		dst = append(dst, t.unk)
	}
	if stop {
		dst = dst[:len(dst)-1]
	}
	var n Tokenized
	n.Residues = int64(len(dst) - begin - 1)
	if n.Residues == 0 {
		return dst[:begin], n
	}
	if t.maxLength > 0 && n.Residues > t.maxLength {
		n.Truncated = n.Residues - t.maxLength
		n.Residues = t.maxLength
		dst = dst[:begin+1+int(n.Residues)]
	}
	for _, id := range dst[begin+1:] {
		if id == t.unk {
			n.Unknown++
		}
	}
	return append(dst, t.eos), n
}
