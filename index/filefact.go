package index

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

// racyWindow is the coarseness of clocks and file systems that is allowed for: a file whose modification time is not
// at least this much before the moment its content was read may have been written again without a new time.
const racyWindow = 2 * time.Second

// seen is what was seen of a file whose content was read.
type seen struct {
	MtimeNS int64  `json:"mtime_ns"`
	Size    int64  `json:"size"`
	Hash    string `json:"xxh3_128"`
	ReadNS  int64  `json:"read_ns"` // when the reading that gave the hash began, ns since 1970
	Settled bool   `json:"settled"` // an equal size and mtime prove equal content
}

// newSeen describes a file whose content was read from the moment began on.
func newSeen(stamp mapped.Stamp, hash [16]byte, began time.Time) seen {
	return seen{
		MtimeNS: stamp.MtimeNS, Size: stamp.Size, Hash: hex.EncodeToString(hash[:]), ReadNS: began.UnixNano(),
		Settled: stamp.MtimeNS < began.Add(-racyWindow).UnixNano(),
	}
}

// fileFact is a value of the bucket mtime: what was seen of one FASTA file. Of a compressed file, size and time are its
// own and the hash is that of its text.
type fileFact struct {
	Number int `json:"file"`
	seen
	Format   string `json:"format,omitempty"`    // of a compressed file
	TextSize int64  `json:"text_size,omitempty"` // bytes of a compressed file's text
	Records  int64  `json:"records"`
	Residues int64  `json:"residues"`
}

// newFileFact describes a file of which that was seen.
func newFileFact(f FileInfo, s seen) fileFact {
	fact := fileFact{Number: f.Number, seen: s, Records: f.Records, Residues: f.Residues}
	if f.Format != expand.Plain {
		fact.Format, fact.TextSize = f.Format.String(), f.TextSize
	}
	return fact
}

// reread returns what is known after the content was read again from the moment began on and found equal. If the stamp is
// still the one seen by a reading that began more than the racy window before, whoever writes from now on leaves a
// later time, also where the file's clock runs ahead of ours: that is settled.
func (f seen) reread(stamp mapped.Stamp, began time.Time) seen {
	sinceFirst := began.UnixNano() - f.ReadNS
	same := f.stamp() == stamp
	f.MtimeNS, f.Size = stamp.MtimeNS, stamp.Size
	f.Settled = same && (f.Settled || sinceFirst > int64(racyWindow)) || stamp.MtimeNS < began.Add(-racyWindow).UnixNano()
	if !same {
		f.ReadNS = began.UnixNano()
	}
	return f
}

func (f seen) stamp() mapped.Stamp { return mapped.Stamp{Size: f.Size, MtimeNS: f.MtimeNS} }

// info returns the fact of the file stored under key in an index that lies in folder. FirstOrdinal is left to the
// caller.
func (f fileFact) info(folder, key string) (FileInfo, error) {
	info := FileInfo{
		Path: pathOfKey(folder, key), Number: f.Number, Stamp: f.stamp(), TextSize: f.Size, Records: f.Records, Residues: f.Residues,
	}
	if f.Format != "" {
		format, ok := expand.FormatNamed(f.Format)
		if !ok || f.TextSize < 0 {
			return info, fmt.Errorf("impossible facts of compressed file %s", key)
		}
		info.Format, info.TextSize = format, f.TextSize
	}
	hash, err := hex.DecodeString(f.Hash)
	if err != nil || len(hash) != len(info.Hash) || f.Number < 0 || f.Records < 0 || f.Residues < 0 {
		return info, fmt.Errorf("impossible facts of file %s", key)
	}
	copy(info.Hash[:], hash)
	return info, nil
}

func (f fileFact) encode() []byte {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // numbers and plain text always encode
	}
	return text
}

// fileKey is the key of the FASTA at an absolute path in an index that lies in folder.
func fileKey(folder, path string) string {
	if relative, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(relative) {
		return filepath.ToSlash(relative)
	}
	return filepath.ToSlash(filepath.Clean(path))
}

func pathOfKey(folder, key string) string {
	path := filepath.FromSlash(key)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// recordedFiles orders the pairs of the bucket mtime by file number and checks that they fit each other and the facts.
func recordedFiles(folder string, pairs map[string]string, f facts) ([]FileInfo, []fileFact, error) {
	files, recorded := make([]FileInfo, len(pairs)), make([]fileFact, len(pairs))
	taken := make([]bool, len(pairs))
	for key, text := range pairs {
		var fact fileFact
		if err := json.NewDecoder(strings.NewReader(text)).Decode(&fact); err != nil {
			return nil, nil, fmt.Errorf("facts of file %s: %w", key, err)
		}
		info, err := fact.info(folder, key)
		if err != nil {
			return nil, nil, err
		}
		if fact.Number >= len(pairs) || taken[fact.Number] {
			return nil, nil, fmt.Errorf("file number %d of %s is impossible", fact.Number, key)
		}
		files[fact.Number], recorded[fact.Number], taken[fact.Number] = info, fact, true
	}
	var records, residues int64
	for i := range files {
		files[i].FirstOrdinal = records
		records += files[i].Records
		residues += files[i].Residues
	}
	if records != f.records || residues != f.residues {
		return nil, nil, fmt.Errorf("files hold %d records and %d residues, the index %d and %d",
			records, residues, f.records, f.residues)
	}
	return files, recorded, nil
}
