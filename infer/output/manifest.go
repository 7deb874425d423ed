package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// ManifestVersion is the version of the manifest this package writes and reads.
//
//	1  first
//	2  columns of several layers and pools; version 1 is not read any more
const ManifestVersion = 2

// Manifest says what a data set is made of. The first run fixes it; every later run must want the same. It holds no
// time and no host, so that processes that begin together write the same bytes.
type Manifest struct {
	Version      int            `json:"version"` // set by CreateManifest
	Program      string         `json:"program"` // name and version of the program that began the data set
	Index        IndexSummary   `json:"index"`
	Model        ModelSummary   `json:"model"`
	Options      ContentOptions `json:"options"`
	NumericClass string         `json:"numeric_class"`
	WorldSize    int            `json:"world_size"` // N: number of shares
	Blocks       BlockRule      `json:"blocks"`
	Canary       *Canary        `json:"canary,omitempty"` // not compared
}

// Canary is what was found when records were computed in the data set's numbers and in float32, before the first block.
type Canary struct {
	Records        int     `json:"records"`
	SmallestCosine float64 `json:"smallest_cosine"`
}

// IndexSummary identifies the records.
type IndexSummary struct {
	Digest   string `json:"digest"` // lower hex
	Records  int64  `json:"records"`
	Residues int64  `json:"residues"`
	Longest  int64  `json:"longest"` // residues
	Path     string `json:"path"`    // where the first run had it; not compared
}

// ModelSummary identifies the model.
type ModelSummary struct {
	Digest       string `json:"digest"` // lower hex
	Architecture string `json:"architecture"`
	Layers       int    `json:"layers"`
	HiddenSize   int    `json:"hidden_size"`
	Heads        int    `json:"attention_heads"`
	Parameters   int64  `json:"parameters"`
	Path         string `json:"path"` // where the first run had it; not compared
}

// ContentOptions are the options that change what the rows hold.
type ContentOptions struct {
	MaxLength int64   `json:"max_length"` // residues, 0 = no cut
	Gaps      string  `json:"gaps"`       // drop or keep
	Columns   Columns `json:"columns"`
	DType     DType   `json:"dtype"`
	Head      string  `json:"head,omitempty"` // where the first run had the classifier of column scores; not compared
}

// BlockRule says how a share is cut into blocks: a rule by name and its figures, as package infer defines them.
type BlockRule struct {
	Rule    string           `json:"rule"`
	Figures map[string]int64 `json:"figures"`
}

// Difference is a field in which two manifests differ. Values are as a user would write them.
type Difference struct {
	Field              Field
	Existing, Required string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: the data set has %s, this run has %s", d.Field, d.Existing, d.Required)
}

// Field names a field of the manifest in words.
type Field string

const (
	FieldIndex        Field = "index (content of the FASTA files)"
	FieldModel        Field = "model"
	FieldMaxLength    Field = "--max-length"
	FieldGaps         Field = "--gaps"
	FieldColumns      Field = "columns (--pool, --layers, --logits, --head)"
	FieldDType        Field = "element type"
	FieldNumericClass Field = "numeric class"
	FieldWorldSize    Field = "--world-size"
	FieldBlocks       Field = "block rule"
)

// Differences lists the fields in which the existing manifest m and the one a run requires differ. The program's version
// is not among them: what it changes in the numbers, the numeric class says.
func (m Manifest) Differences(required Manifest) []Difference {
	var list []Difference
	add := func(field Field, existing, required string) {
		if existing != required {
			list = append(list, Difference{field, existing, required})
		}
	}
	number := func(n int) string { return strconv.Itoa(n) }
	add(FieldIndex, m.Index.describe(), required.Index.describe())
	add(FieldModel, m.Model.describe(), required.Model.describe())
	add(FieldMaxLength, m.Options.maxLength(), required.Options.maxLength())
	add(FieldGaps, m.Options.Gaps, required.Options.Gaps)
	add(FieldColumns, m.Options.Columns.String(), required.Options.Columns.String())
	add(FieldDType, string(m.Options.DType), string(required.Options.DType))
	add(FieldNumericClass, m.NumericClass, required.NumericClass)
	add(FieldWorldSize, number(m.WorldSize), number(required.WorldSize))
	add(FieldBlocks, m.Blocks.describe(), required.Blocks.describe())
	return list
}

func (s IndexSummary) describe() string {
	return fmt.Sprintf("%d records, %d residues, digest %s", s.Records, s.Residues, s.Digest)
}

func (s ModelSummary) describe() string {
	return fmt.Sprintf("%s with %d layers of %d, digest %s", s.Architecture, s.Layers, s.HiddenSize, s.Digest)
}

func (o ContentOptions) maxLength() string {
	if o.MaxLength == 0 {
		return "none"
	}
	return strconv.FormatInt(o.MaxLength, 10)
}

func (r BlockRule) describe() string {
	text := r.Rule
	for _, name := range slices.Sorted(maps.Keys(r.Figures)) {
		text += fmt.Sprintf(" %s=%d", name, r.Figures[name])
	}
	return text
}

// CreateManifest fixes the manifest of a data set. Of processes that begin together one creates it; to the others, and
// to every later run, it returns the manifest that is there, to be compared with Differences.
func CreateManifest(dir Dir, m Manifest) (existing Manifest, created bool, err error) {
	m.Version = ManifestVersion
	if _, err := os.Lstat(dir.Manifest()); err == nil {
		existing, err = ReadManifest(dir)
		return existing, false, err
	}
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return Manifest{}, false, err
	}
	err = dir.createExclusive(dir.Manifest(), append(content, '\n'))
	switch {
	case err == nil:
		return m, true, nil
	case errors.Is(err, fs.ErrExist):
		existing, err = ReadManifest(dir)
		return existing, false, err
	}
	return Manifest{}, false, err
}

// createExclusive writes a file that must not exist, whole or not at all: through a hard link, or, on file systems that
// have none, by exclusive creation, which a reader may for a moment see unfinished.
func (d Dir) createExclusive(path string, content []byte) error {
	f, err := d.createTemporary(filepath.Base(path))
	if err != nil {
		return err
	}
	defer disk.Remove(f.Name())
	if err := writeSync(f, content); err != nil {
		return err
	}
	err = disk.Link(f.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		if f, err = disk.Create(path); err == nil {
			err = writeSync(f, content)
		}
	}
	if err != nil {
		return err
	}
	return disk.SyncDir(filepath.Dir(path))
}

// writeSync writes content to f, syncs and closes it.
func writeSync(f diskFile, content []byte) error {
	_, err := f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// ReadManifest reads the manifest of a data set. The error is fs.ErrNotExist where there is none.
func ReadManifest(dir Dir) (Manifest, error) {
	// An unfinished manifest (see createExclusive) is given a moment to be completed.
	m, err := readManifest(dir.Manifest())
	for try := 0; try < 10 && errors.Is(err, errUnfinished); try++ {
		time.Sleep(100 * time.Millisecond)
		m, err = readManifest(dir.Manifest())
	}
	return m, err
}

var errUnfinished = fmt.Errorf("%w: it is not complete JSON", ErrManifest)

func readManifest(path string) (Manifest, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	var syntax *json.SyntaxError
	if err := json.Unmarshal(content, &m); errors.As(err, &syntax) {
		return Manifest{}, fmt.Errorf("%s: %w (byte %d); if no run is active, restore it or begin anew with --overwrite", path, errUnfinished, syntax.Offset)
	} else if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w: %v", path, ErrManifest, err)
	}
	if m.Version != ManifestVersion {
		return Manifest{}, fmt.Errorf("%s: %w: version %d, this program reads %d; go on with the version that began it, or begin anew with --overwrite",
			path, ErrManifest, m.Version, ManifestVersion)
	}
	if o := m.Options; m.Index.Records < 0 || o.Columns.check() != nil || !o.DType.Valid() {
		return Manifest{}, fmt.Errorf("%s: %w: %d records, columns %v of type %q", path, ErrManifest, m.Index.Records, o.Columns, o.DType)
	}
	return m, nil
}
