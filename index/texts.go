package index

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/expand"
)

// texts are the texts of compressed files, in the folder texts of the cache folder. A text is the file
// <name>-<hash of the path>.fa, its facts lie beside it. Texts in use are locked for reading until release.
//
// It is safe for concurrent use, for other files side by side.
type texts struct {
	rehash    bool
	threads   int
	log       *slog.Logger
	expanding func(path string, bytesDone, bytesAll int64) // nil for none

	mutex sync.Mutex
	held  map[string]*text // by path of the compressed file
}

// text is a text in the cache, locked for reading.
type text struct {
	path    string
	fact    textFact
	checked time.Time // since then the fact is known to hold of the source
	unlock  func()
}

func newTexts(opt Options) *texts {
	log := opt.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &texts{rehash: opt.Rehash, threads: threadsOf(opt.Threads), log: log, expanding: opt.Expanding, held: map[string]*text{}}
}

// release lets texts be removed.
func (t *texts) release() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for path, held := range t.held {
		held.unlock()
		delete(t.held, path)
	}
}

// textsFolder is the folder of texts, which may not be there yet.
func textsFolder() (string, error) {
	cache, err := CacheFolder()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "texts"), nil
}

// madeFolder makes the folder of texts. It is its owner's alone, as the XDG specification asks.
func madeFolder() (string, error) {
	folder, err := textsFolder()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", noPlace(folder, err)
	}
	return folder, nil
}

func noPlace(folder string, err error) error {
	return fmt.Errorf("%s: texts of compressed files cannot be kept here: %w; name a folder with --cache-dir", folder, err)
}

// compressedSuffixes are what names of compressed files end in, by custom.
var compressedSuffixes = []string{".gz", ".bgz", ".bgzf", ".zst"}

// textName is the name of the text of the file at an absolute path.
func textName(path string) string {
	name := filepath.Base(path)
	for _, suffix := range compressedSuffixes {
		name = strings.TrimSuffix(name, suffix)
	}
	return fmt.Sprintf("%.100s-%s.fa", name, listHash([]string{path}))
}

// of returns the text of a compressed file, decompressing it where the cache does not have it. The text is valid while
// the source has an equal size and modification time, by the rules for FASTA files and their index.
func (t *texts) of(ctx context.Context, s source) (*text, error) {
	t.mutex.Lock()
	have := t.held[s.path]
	t.mutex.Unlock()
	if have != nil && have.fact.Compressed.stamp() == s.stamp {
		return have, nil
	}
	folder, err := madeFolder()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, textName(s.path))
	found, settle, err := t.examine(ctx, s, path)
	if err != nil {
		return nil, err
	}
	if found == nil || settle {
		if found, err = t.make(ctx, s, path, found); err != nil {
			return nil, err
		}
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if have := t.held[s.path]; have != nil {
		have.unlock()
	}
	t.held[s.path] = found
	return found, nil
}

// examine returns the text at path if it is that of s, and whether its fact has to be written anew.
func (t *texts) examine(ctx context.Context, s source, path string) (found *text, settle bool, err error) {
	began := time.Now()
	unlock, err := lockShared(ctx, path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, false, err
	}
	defer func() {
		if found == nil {
			unlock()
		}
	}()
	fact, err := readTextFact(path)
	if err != nil || fact.Source != s.path || !fact.isOf(path) || fact.Compressed.Size != s.stamp.Size {
		return nil, false, nil
	}
	if t.rehash {
		if content, err := mmapfasta.Hash(ctx, path, t.threads); err != nil || content.Hash != fact.hash() {
			return nil, false, context.Cause(ctx)
		}
	}
	if fact.Compressed.stamp() == s.stamp && fact.Compressed.Settled && !t.rehash {
		return &text{path, fact, began, unlock}, false, nil
	}
	content, err := mmapfasta.Hash(ctx, s.path, t.threads)
	if err != nil {
		return nil, false, err
	}
	if newSeen(content.Stamp, content.Hash, began).Hash != fact.Compressed.Hash {
		return nil, false, nil
	}
	now := fact.Compressed.reread(content.Stamp, began)
	settle = now != fact.Compressed
	fact.Compressed = now
	return &text{path, fact, began, unlock}, settle, nil
}

// make decompresses s, or notes anew what is known of found, which may be nil and which it takes over. Another process
// that does so is waited for.
func (t *texts) make(ctx context.Context, s source, path string, found *text) (*text, error) {
	unlock, err := takeLock(ctx, path+lockSuffix, func() {
		t.log.Info("Waiting for another process that decompresses the file", "file", s.path)
	})
	if err != nil {
		if found != nil {
			return found, nil // only the note is not written
		}
		return nil, t.locking(ctx, path, err)
	}
	defer unlock()
	if found != nil {
		if now, err := readTextFact(path); err == nil && now.Text == found.fact.Text && found.fact.isOf(path) {
			if err := found.fact.write(path); err != nil {
				t.log.Debug("The text is valid; that could not be noted", "path", path, "error", err)
			}
			return found, nil
		}
		found.unlock()
	}
	if found, _, err := t.examine(ctx, s, path); found != nil || err != nil {
		return found, err
	}
	sweep(path)
	sweep(path + factsSuffix)
	return t.expand(ctx, s.path, path)
}

func (t *texts) locking(ctx context.Context, path string, err error) error {
	switch {
	case ctx.Err() != nil:
		return err
	case lacksLocks(err):
		return fmt.Errorf("%s: %w: %w; name a folder on a local disk with --cache-dir", path, ErrNoLocks, err)
	}
	return noPlace(filepath.Dir(path), err)
}

// detect looks at the first bytes of a file. An empty file with the name of a compressed one has been cut short.
func detect(path string) (expand.Format, error) {
	file, err := os.Open(path)
	if err != nil {
		return expand.Plain, err
	}
	defer file.Close()
	head := make([]byte, expand.HeadSize)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return expand.Plain, err
	}
	if n == 0 {
		for _, suffix := range compressedSuffixes {
			if strings.HasSuffix(path, suffix) {
				return expand.Plain, fmt.Errorf("%s: byte 0: %w: it is empty; copy or download it again", path, expand.ErrTruncated)
			}
		}
	}
	return expand.Detect(head[:n]), nil
}
