package index

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// CleanOptions say what Clean removes.
type CleanOptions struct {
	Files   []string // only what belongs to these FASTA files; nil for all
	Indexes bool     // indexes too: those in the cache folder or, where Files are named, that of Files
	DryRun  bool     // remove nothing, only say what would be
}

// Cleaned is something that Clean removed, or kept for a reason.
type Cleaned struct {
	Path  string
	Of    string // the FASTA file that it was made from; "" where that is not known
	What  string // in words
	Bytes int64
	Kept  string // why it is kept; "" for what is removed
}

// Why something is kept.
const keptInUse = "in use"

// Clean removes texts of compressed files and of standard input from the cache folder, and what killed runs have left
// there. It removes nothing but files of ours, each known by what is in it and beside it and not by its name alone, and
// nothing that a process uses; where the file system has no locks, so that this cannot be known, it removes nothing.
// What was removed before an error is returned with it.
func Clean(opt CleanOptions) ([]Cleaned, error) {
	c := cleaner{CleanOptions: opt}
	files, err := absolute(opt.Files)
	if err != nil {
		return nil, err
	}
	c.Files = files
	folder, err := textsFolder()
	if err != nil {
		return nil, err
	}
	err = errors.Join(c.texts(folder), c.strays(folder))
	if opt.Indexes {
		err = errors.Join(err, c.indexes(folder))
	}
	return c.cleaned, err
}

func absolute(paths []string) (list []string, err error) {
	for _, path := range paths {
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		list = append(list, path)
	}
	return list, nil
}

type cleaner struct {
	CleanOptions
	cleaned []Cleaned
}

// wanted tells whether what was made from the file at path is to be removed.
func (c *cleaner) wanted(path string) bool { return c.Files == nil || slices.Contains(c.Files, path) }

// texts removes texts, each with its facts. A file that is not called as the text of its source is not ours.
func (c *cleaner) texts(folder string) error {
	facts, err := filepath.Glob(filepath.Join(globQuote(folder), "*"+factsSuffix))
	if err != nil {
		return err
	}
	for _, path := range facts {
		text := strings.TrimSuffix(path, factsSuffix)
		fact, err := readTextFact(text)
		if err != nil {
			continue
		}
		item := Cleaned{Path: text, Of: fact.Source, What: "text, " + fact.Format}
		name := textName(fact.Source)
		if hash := fact.hash(); fact.Source == standardInput {
			name, item.Of, item.What = spoolName(hash[:]), text, "standard input"
		}
		if filepath.Base(text) != name || !c.wanted(item.Of) {
			continue
		}
		if err := c.text(item); err != nil {
			return err
		}
	}
	return nil
}

// text removes a text while nobody makes or uses it.
func (c *cleaner) text(item Cleaned) error {
	unlock, err := tryLock(item.Path + lockSuffix)
	if unlock == nil {
		return c.kept(item, keptWhy(err))
	}
	defer unlock()
	facts := item.Path + factsSuffix
	if info, err := os.Stat(item.Path); err == nil {
		item.Bytes = info.Size()
		if err := c.remove(item); err != nil || c.DryRun || c.cleaned[len(c.cleaned)-1].Kept != "" {
			return err
		}
		return os.Remove(facts)
	}
	item.Path = facts
	return c.remove(item)
}

func keptWhy(err error) string {
	if err != nil {
		return err.Error()
	}
	return keptInUse
}

func (c *cleaner) kept(item Cleaned, why string) error {
	item.Kept = why
	c.cleaned = append(c.cleaned, item)
	return nil
}

// remove removes a file that nobody uses.
func (c *cleaner) remove(item Cleaned) error {
	held := lockUnused(item.Path)
	if held == nil {
		return c.kept(item, keptInUse)
	}
	if c.DryRun {
		held.Unlock()
	} else {
		release(held, item.Path)
		if _, err := os.Lstat(item.Path); err == nil {
			return c.kept(item, "it cannot be removed")
		}
	}
	c.cleaned = append(c.cleaned, item)
	return nil
}

// strayName is the name of a text, or of the facts of one, that was being written.
var strayName = regexp.MustCompile(`^(.*-[0-9a-f]{12}\.fa|stdin-[0-9a-f]{32}\.fa|stdin)(` + regexp.QuoteMeta(factsSuffix) + `)?\.[0-9]+` +
	regexp.QuoteMeta(temporarySuffix) + `$`)

// strays removes what killed runs have left of texts.
func (c *cleaner) strays(folder string) error {
	if c.Files != nil {
		return nil // whose they are is not known
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		match := strayName.FindStringSubmatch(entry.Name())
		info, err := entry.Info()
		if match == nil || err != nil || !info.Mode().IsRegular() {
			continue
		}
		item := Cleaned{Path: filepath.Join(folder, entry.Name()), What: "left by a killed run", Bytes: info.Size()}
		if err := c.stray(item, filepath.Join(folder, match[1])); err != nil {
			return err
		}
	}
	return nil
}

func (c *cleaner) stray(item Cleaned, text string) error {
	unlock, err := tryLock(text + lockSuffix)
	if unlock == nil {
		return c.kept(item, keptWhy(err))
	}
	defer unlock()
	return c.remove(item)
}

// indexes removes indexes.
func (c *cleaner) indexes(texts string) error {
	var paths []string
	if c.Files != nil {
		path, err := DefaultPath(c.Files)
		if err != nil {
			return err
		}
		paths = []string{path}
	} else {
		for _, folder := range []string{filepath.Dir(texts), texts} {
			found, err := filepath.Glob(filepath.Join(globQuote(folder), "*"+Extension))
			if err != nil {
				return err
			}
			paths = append(paths, found...)
		}
	}
	for _, path := range paths {
		if err := c.index(path); err != nil {
			return err
		}
	}
	return nil
}

func (c *cleaner) index(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	head := make([]byte, 2*boltPageSize)
	n, err := file.ReadAt(head, 0)
	info, statErr := file.Stat()
	file.Close()
	if err != nil && err != io.EOF || statErr != nil || n == 0 || !isOurs(head[:n]) {
		return nil
	}
	item := Cleaned{Path: path, What: "index", Bytes: info.Size()}
	unlock, err := tryLock(path + lockSuffix)
	if unlock == nil {
		return c.kept(item, keptWhy(err))
	}
	defer unlock()
	return c.remove(item)
}
