package esm2

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// VocabularyFile is the name of a model's vocabulary in its folder: one token a line, the line number is its id.
const VocabularyFile = "vocab.txt"

// Tokens with a meaning to the model.
const (
	tokenBOS  = "<cls>"
	tokenPad  = "<pad>"
	tokenEOS  = "<eos>"
	tokenUnk  = "<unk>"
	tokenMask = "<mask>"
)

// tokens is the vocabulary of the published ESM-2 models, in the order of their ids.
var tokens = []string{
	tokenBOS, tokenPad, tokenEOS, tokenUnk,
	"L", "A", "G", "V", "S", "E", "R", "T", "I", "D", "P", "K", "Q", "N", "F", "Y", "M", "H", "W", "C",
	"X", "B", "U", "Z", "O", ".", "-", "<null_1>", tokenMask,
}

func indexOf(token string) int { return slices.Index(tokens, token) }

// Vocabulary maps tokens to ids and back.
type Vocabulary struct {
	BOS, EOS, Unk, Mask, Pad uint8

	tokens []string
	ids    map[string]uint8
}

// ReadVocabulary reads dir/vocab.txt. Errors: ErrVocabulary where the file is missing, holds a token twice, holds none or
// more than 256, or lacks one of <cls>, <eos>, <unk>, <mask> and <pad>.
func ReadVocabulary(dir string) (*Vocabulary, error) {
	path := filepath.Join(dir, VocabularyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: no such file; copy vocab.txt from the model's page on Hugging Face: %w",
			path, ErrVocabulary, fs.ErrNotExist)
	} else if err != nil {
		return nil, err
	}
	v, err := parseVocabulary(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %v", path, ErrVocabulary, err)
	}
	return v, nil
}

func parseVocabulary(text string) (*Vocabulary, error) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	if len(lines) > maxVocabulary {
		return nil, fmt.Errorf("%d tokens, more than %d", len(lines), maxVocabulary)
	}
	v := &Vocabulary{ids: make(map[string]uint8, len(lines))}
	for i, line := range lines {
		token := strings.TrimSpace(line)
		if token == "" {
			return nil, fmt.Errorf("line %d is empty", i+1)
		}
		if first, twice := v.ids[token]; twice {
			return nil, fmt.Errorf("line %d: token %q stands on line %d already", i+1, token, first+1)
		}
		v.ids[token] = uint8(i)
		v.tokens = append(v.tokens, token)
	}
	for _, special := range []struct {
		token string
		id    *uint8
	}{{tokenBOS, &v.BOS}, {tokenEOS, &v.EOS}, {tokenUnk, &v.Unk}, {tokenMask, &v.Mask}, {tokenPad, &v.Pad}} {
		id, ok := v.ids[special.token]
		if !ok {
			return nil, fmt.Errorf("token %s is missing", special.token)
		}
		*special.id = id
	}
	return v, nil
}

// Len returns V, the number of tokens.
func (v *Vocabulary) Len() int { return len(v.tokens) }

// ID returns the id of a token.
func (v *Vocabulary) ID(token string) (uint8, bool) {
	id, ok := v.ids[token]
	return id, ok
}

// Token returns the token with that id, "" where there is none.
func (v *Vocabulary) Token(id uint8) string {
	if int(id) >= len(v.tokens) {
		return ""
	}
	return v.tokens[id]
}
