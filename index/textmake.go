package index

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

// expand decompresses the file at source to a new text at path. The caller holds the lock of path.
func (t *texts) expand(ctx context.Context, source, path string) (*text, error) {
	began := time.Now()
	file, err := mapped.OpenHandle(source)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	format, err := detect(source)
	if err != nil {
		return nil, err
	}
	if format == expand.Plain { // it was compressed a moment ago
		return nil, fmt.Errorf("%s: %w; run again", source, mmapfasta.ErrChanged)
	}
	t.log.Info("Decompressing a file", "file", source, "format", format.String(), "into", path)
	compressed := mmapfasta.NewHashing()
	draft, err := newDraft(temporaryOf(path), max(file.Size(), expand.AtLeast(file, file.Size(), format)))
	if err != nil {
		return nil, err
	}
	defer draft.discard()
	draft.source = file.Size()
	draft.progress = func(done int64) {
		if t.expanding != nil {
			t.expanding(source, done, file.Size())
		}
	}
	input := io.TeeReader(io.NewSectionReader(file, 0, file.Size()), compressed)
	_, err = draft.fill(ctx, input, source, t.threads, func(head []byte) error {
		return inText(mmapfasta.CheckStart(source, head), source, source)
	})
	if changed := file.Unchanged(); changed != nil {
		return nil, changed // which may have caused the error
	}
	if err != nil {
		return nil, err
	}
	fact := textFact{
		Holds: textKind, Source: source, Format: format.String(),
		Compressed: newSeen(file.Stamp(), compressed.Hash(), began), Text: draft.seen,
	}
	unlock, err := draft.publish(ctx, fact, path)
	if err != nil {
		return nil, err
	}
	return &text{path, fact, began, unlock}, nil
}

// draft is a text that is being written.
type draft struct {
	file *os.File // nil when it is published or gone
	hash *mmapfasta.Hashing
	seen seen // when it is whole

	source   int64 // compressed bytes; 0 where that is not known
	read     atomic.Int64
	progress func(read int64)
	check    int64 // the bytes written at which free space is looked at next
}

// spaceStep is how many bytes of text are written between two looks at the free space.
const spaceStep = 256 << 20

// newDraft begins a text of at least so many bytes in a new file.
func newDraft(path string, atLeast int64) (*draft, error) {
	folder := filepath.Dir(path)
	if free, known := freeSpace(folder); known && free < atLeast {
		return nil, noSpace(folder, atLeast, free)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, noPlace(folder, err)
	}
	return &draft{file: file, hash: mmapfasta.NewHashing(), check: spaceStep}, nil
}

func noSpace(folder string, need, free int64) error {
	return fmt.Errorf("%s: %w: the text takes %d bytes or more, %d are free; name a folder with --cache-dir, or free some with: longfirst index clean",
		folder, ErrNoSpace, need, free)
}

// fill writes the text of r, whose name is source, and brings it to disk. Before it writes, start sees how it begins.
func (d *draft) fill(ctx context.Context, r io.Reader, source string, threads int, start func(head []byte) error) (expand.Format, error) {
	format, err := expand.Copy(ctx, d, r, source, expand.Options{
		Threads: threads,
		Start:   start,
		Progress: func(read int64) {
			d.read.Store(read)
			if d.progress != nil {
				d.progress(read)
			}
		},
	})
	if err == nil {
		err = d.file.Sync()
	}
	if isFull(err) && !errors.Is(err, ErrNoSpace) {
		err = fmt.Errorf("%w: %w; name a folder with --cache-dir, or free some with: longfirst index clean", ErrNoSpace, err)
	}
	if err != nil {
		return format, err
	}
	info, err := d.file.Stat()
	if err != nil {
		return format, err
	}
	hash := d.hash.Hash()
	d.seen = seen{Size: info.Size(), MtimeNS: info.ModTime().UnixNano(), Hash: hex.EncodeToString(hash[:])}
	if d.hash.Size() != info.Size() {
		return format, fmt.Errorf("%s: %w: %d bytes were written, it has %d", d.file.Name(), mmapfasta.ErrChanged, d.hash.Size(), info.Size())
	}
	return format, nil
}

// Write adds text. It gives up early where, at the rate so far, the disk will be full before the end.
func (d *draft) Write(p []byte) (int, error) {
	if written := d.hash.Size(); written >= d.check {
		d.check += spaceStep
		if read := d.read.Load(); read > 0 {
			left := int64(float64(written) / float64(read) * float64(d.source-read))
			folder := filepath.Dir(d.file.Name())
			if free, known := freeSpace(folder); known && free < left/4*3 {
				return 0, noSpace(folder, written+left/4*3, written+free)
			}
		}
	}
	d.hash.Write(p)
	return d.file.Write(p)
}

// publish puts the text at path, with its fact, and locks it for reading.
func (d *draft) publish(ctx context.Context, fact textFact, path string) (unlock func(), err error) {
	temporary := d.file.Name()
	if err := d.file.Close(); err != nil {
		return nil, err
	}
	d.file = nil
	if err = fact.write(path); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return nil, noPlace(filepath.Dir(path), err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return lockShared(ctx, path)
}

// discard removes what was not published.
func (d *draft) discard() {
	if d.file != nil {
		d.file.Close()
		os.Remove(d.file.Name())
		d.file = nil
	}
}

// inText makes a refusal of the text of a compressed file say so. Path is what the refusal names.
func inText(err error, path, source string) error {
	var refused *mmapfasta.ParseError
	if !errors.As(err, &refused) || refused.Path != path {
		return err
	}
	told := *refused
	told.Path = source + " (decompressed)"
	if errors.Is(err, mmapfasta.ErrCompressed) {
		told.Path, told.Reason = source, "compressed twice: its text is again a "+refused.Reason
	}
	return &told
}
