package index

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/expand"
)

// spoolPrefix begins the name of a text of standard input, stdin-<hash of the text>.fa, and those of its drafts.
const spoolPrefix = "stdin"

// Spool keeps what r, standard input, gives, decompressed, in the cache under a name that its content decides: the same
// text again is the same file, with the same index. Until release is called the file stays in the cache. Of opt it uses
// Threads and Log.
//
// Errors: ErrEmpty, those of mmapfasta.CheckStart and expand.Copy, ErrNoSpace, ctx's cause.
func Spool(ctx context.Context, r io.Reader, opt Options) (path string, release func(), err error) {
	t := newTexts(opt)
	folder, err := madeFolder()
	if err != nil {
		return "", nil, err
	}
	sweep(filepath.Join(folder, spoolPrefix))
	draft, unlockDraft, err := newSpool(ctx, folder)
	if err != nil {
		return "", nil, err
	}
	defer unlockDraft()
	defer draft.discard()
	const name = "standard input"
	input := interruptible(ctx, r)
	defer input.Close()
	format, err := draft.fill(ctx, input, name, t.threads, func(head []byte) error {
		if len(head) == 0 {
			return fmt.Errorf("%s: %w: the program before the pipe wrote nothing", name, ErrEmpty)
		}
		return mmapfasta.CheckStart(name, head)
	})
	if err != nil {
		return "", nil, err
	}
	hash := draft.hash.Hash()
	path = filepath.Join(folder, spoolName(hash[:]))
	unlock, err := takeLock(ctx, path+lockSuffix, func() {})
	if err != nil {
		return "", nil, t.locking(ctx, path, err)
	}
	defer unlock()
	if fact, err := readTextFact(path); err == nil && fact.Source == standardInput && fact.hash() == hash && fact.isOf(path) {
		if release, err = lockShared(ctx, path); err == nil {
			t.log.Info("Standard input is known", "text", path)
			return path, release, nil
		}
	}
	fact := textFact{Holds: textKind, Source: standardInput, Text: draft.seen}
	if format != expand.Plain {
		fact.Format = format.String()
	}
	release, err = draft.publish(ctx, fact, path)
	if err != nil {
		return "", nil, err
	}
	t.log.Info("Standard input is kept", "text", path)
	return path, release, nil
}

func spoolName(hash []byte) string { return spoolPrefix + "-" + hex.EncodeToString(hash) + ".fa" }

// newSpool begins a draft whose name is not known yet. It is locked, so that others do not sweep it.
func newSpool(ctx context.Context, folder string) (*draft, func(), error) {
	file, err := os.CreateTemp(folder, spoolPrefix+".*"+temporarySuffix)
	if err != nil {
		return nil, nil, noPlace(folder, err)
	}
	name := file.Name()
	file.Close()
	unlock, err := lockShared(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDraft(name, 0)
	if err != nil {
		unlock()
	}
	return d, unlock, err
}

// interruptible reads r until ctx ends: a read that nobody answers is left behind.
func interruptible(ctx context.Context, r io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { in.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer stop()
		_, err := io.CopyBuffer(in, struct{ io.Reader }{r}, make([]byte, expand.StartSize))
		in.CloseWithError(err)
	}()
	return out
}
