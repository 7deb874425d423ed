package index

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

// textFact is what stands beside a text in the cache, in the file <text>.facts, JSON: what it was made from, and what it
// was when it was whole. A text is believed only while it and its source are as that says.
type textFact struct {
	Holds      string `json:"longfirst"`  // textKind
	Source     string `json:"source"`     // absolute path of the compressed file, or standardInput
	Format     string `json:"format"`     // of the source
	Compressed seen   `json:"compressed"` // the source; nothing of standard input
	Text       seen   `json:"text"`
}

const (
	textKind      = "text"
	standardInput = "-"
	factsSuffix   = ".facts"
)

func readTextFact(text string) (textFact, error) {
	var fact textFact
	content, err := os.ReadFile(text + factsSuffix)
	if err != nil {
		return fact, err
	}
	if err := json.Unmarshal(content, &fact); err != nil || fact.Holds != textKind {
		return fact, fmt.Errorf("%s: not the facts of a text", text+factsSuffix)
	}
	return fact, nil
}

// write puts the fact beside a text. It is on disk before a text is renamed to its place, so that no crash leaves a text
// whose facts are missing.
func (f textFact) write(text string) error {
	content, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		panic(err) // numbers and plain text always encode
	}
	temporary := temporaryOf(text + factsSuffix)
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	if _, err = file.Write(append(content, '\n')); err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temporary, text+factsSuffix)
	}
	if err != nil {
		os.Remove(temporary)
	}
	return err
}

// isOf tells whether the text at path is as the fact says, by size and time.
func (f textFact) isOf(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && mapped.StampOf(info) == f.Text.stamp()
}

// hash returns the hash of the text.
func (f textFact) hash() (hash [16]byte) {
	hex.Decode(hash[:], []byte(f.Text.Hash)[:min(len(f.Text.Hash), 32)])
	return hash
}

func (f textFact) format() expand.Format {
	format, _ := expand.FormatNamed(f.Format)
	return format
}
