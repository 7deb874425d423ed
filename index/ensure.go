package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"longfirst/mmapfasta/expand"
)

// Options say where and how Ensure works. The zero value is usable.
type Options struct {
	Path   string // of the index; DefaultPath where empty
	Rehash bool   // compare the content of all files, not only sizes and modification times

	Memory  int64  // bytes that a build uses, about; DefaultMemory where 0
	Threads int    // goroutines that scan; one per processor where 0
	Temp    string // folder for what does not fit in Memory; that of the index where empty

	Log      *slog.Logger                    // what was found and why something is rebuilt; nil for none
	Progress func(bytesDone, bytesAll int64) // of scanning, every few megabytes and at the end of a file; nil for none
	Writing  func(bytesDone, bytesAll int64) // of writing a new index, about: how large it gets is an estimate; nil for none

	// Texts asks for the texts of compressed files too, where the index itself does not need them: they then stay in the
	// cache until the index is closed.
	Texts bool
	// Expanding is the progress of decompressing a file, in bytes of it, now and then; nil for none. Several files are
	// decompressed side by side.
	Expanding func(path string, bytesDone, bytesAll int64)
}

// Outcome is what Ensure had to do.
type Outcome uint8

const (
	Created Outcome = iota // the index was built
	Reused                 // it was valid as it stood
	Settled                // the content was equal; sizes and times were recorded anew, nothing was scanned as FASTA
)

func (o Outcome) String() string { return [...]string{"created", "reused", "settled"}[o] }

// Ensure returns an open index of the FASTA files in their order: the one at the path of the options if it is valid, a
// new one in its place otherwise. An index that is damaged, cut short or of another version is named in the log and
// built anew; a file that is no longfirst index is never overwritten.
//
// A build writes beside the path and renames when all is on disk: whenever it ends, by ctx, by an error or by a kill,
// the old index is there or none. Of two processes at once the second waits and reuses.
//
// A compressed file is decompressed to its text in the cache (see CacheFolder) when that is not there.
//
// Errors: those of Open except ErrVersion and ErrCorrupt, those of mmapfasta.Scan and expand.Copy, ErrNoFiles, ErrRepeated, ErrNoSpace,
// fs.ErrNotExist for a missing FASTA file, fs.ErrPermission, ctx's cause.
func Ensure(ctx context.Context, fastas []string, opt Options) (*Index, Outcome, error) {
	list, err := sources(fastas)
	if err != nil {
		return nil, 0, err
	}
	path, err := place(fastas, opt.Path)
	if err != nil {
		return nil, 0, err
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	texts := newTexts(opt)
	e := &ensurer{
		Options: opt, path: path, fastas: fastas, list: list, texts: texts,
		judge: judge{rehash: opt.Rehash, threads: opt.Threads, texts: texts, known: map[string]reading{}},
	}
	x, outcome, err := e.ensure(ctx)
	if err == nil {
		x.texts = texts
		if err = x.holdTexts(ctx, opt.Texts); err != nil {
			x.Close()
		}
	}
	if err != nil {
		texts.release()
		return nil, 0, err
	}
	return x, outcome, nil
}

func (e *ensurer) ensure(ctx context.Context) (*Index, Outcome, error) {
	x, v, err := e.examine(ctx)
	if err != nil {
		return nil, 0, err
	}
	if x != nil && v.settled == nil {
		sweepLock(e.path)
		return x, Reused, nil
	}
	return e.write(ctx, x, v)
}

func place(fastas []string, path string) (string, error) {
	if path != "" {
		return filepath.Abs(path)
	}
	path, err := DefaultPath(fastas)
	if err != nil {
		return "", err
	}
	return path, os.MkdirAll(filepath.Dir(path), 0o755) // of the cache folder; the folder of a FASTA exists
}

type ensurer struct {
	Options
	path   string
	fastas []string
	list   []source
	judge  judge
	texts  *texts
}

// examine opens the index at the path and judges it. It returns no index where one has to be built.
func (e *ensurer) examine(ctx context.Context) (*Index, verdict, error) {
	x, err := Open(e.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, verdict{}, nil
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrVersion):
		return nil, verdict{reasons: []string{err.Error()}}, nil
	case errors.Is(err, ErrNotIndex):
		return nil, verdict{}, fmt.Errorf("%w; it is left as it is: remove it or name another file with --index", err)
	case err != nil:
		return nil, verdict{}, err
	}
	v, err := e.judge.judge(ctx, x, e.list)
	if err != nil || len(v.reasons) > 0 {
		x.Close()
		return nil, v, err
	}
	return x, v, nil
}

// write builds or settles the index under its lock. It takes over x, which may be nil.
func (e *ensurer) write(ctx context.Context, x *Index, v verdict) (*Index, Outcome, error) {
	unlock, err := lock(ctx, e.path, func() {
		e.Log.Info("Waiting for another process that writes the index", "path", e.path)
	})
	if err != nil {
		return e.withoutNote(ctx, x, v, err)
	}
	defer unlock()
	if err := closed(x); err != nil {
		return nil, 0, err
	}
	// Another process may have written the index, and anybody the files, since.
	if e.list, err = sources(e.fastas); err != nil {
		return nil, 0, err
	}
	if x, v, err = e.examine(ctx); err != nil {
		return nil, 0, err
	}
	switch {
	case x == nil:
		return e.build(ctx, v)
	case v.settled == nil:
		return x, Reused, nil
	}
	return e.settle(ctx, x, v)
}

func (e *ensurer) build(ctx context.Context, v verdict) (*Index, Outcome, error) {
	if len(v.reasons) > 0 {
		e.Log.Warn("Rebuilding the index: "+strings.Join(v.reasons, "; "), "path", e.path)
	}
	sweep(e.path)
	given, err := e.gather(ctx)
	defer given.close()
	if err != nil {
		return nil, 0, err
	}
	temporary, err := e.writeNew(ctx, given)
	if errors.Is(err, ErrCorrupt) {
		e.Log.Warn("Scanning all files: "+err.Error(), "path", e.path)
		if err := e.expand(ctx, donation{}.has); err != nil {
			return nil, 0, err
		}
		temporary, err = e.writeNew(ctx, donation{})
	}
	if err != nil {
		return nil, 0, err
	}
	given.close() // it may have the index open that is replaced, which Windows does not let be renamed over
	return e.install(temporary, Created)
}

// gather decompresses the compressed files of the list, but for those that an index gives without that, and finds what
// indexes give.
func (e *ensurer) gather(ctx context.Context) (donation, error) {
	inSight := sync.OnceValue(func() map[int]bool { return e.inSight(ctx) })
	if err := e.expand(ctx, func(number int) bool { return inSight()[number] }); err != nil {
		return donation{}, err
	}
	given := e.seekDonations(ctx)
	return given, e.expand(ctx, given.has)
}

// expand finds the texts of the compressed files of the list, but for those that are not needed.
func (e *ensurer) expand(ctx context.Context, needless func(number int) bool) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(threadsOf(e.Threads))
	for i := range e.list {
		s := &e.list[i]
		group.Go(func() (err error) {
			if s.format, err = detect(s.path); err == nil && s.format != expand.Plain && s.text == nil && !needless(i) {
				s.text, err = e.texts.of(ctx, *s)
			}
			return err
		})
	}
	return group.Wait()
}

// writeNew writes an index of the list beside the path.
func (e *ensurer) writeNew(ctx context.Context, given donation) (temporary string, err error) {
	c, err := collect(ctx, e.list, given, resources{
		memory: e.Memory, threads: e.Threads, spill: spillPath(e.path, e.Temp), progress: e.Progress,
	})
	if err != nil {
		return "", err
	}
	defer c.close()
	content, err := c.content()
	if err != nil {
		return "", err
	}
	content.written = e.Writing
	temporary, _, err = writeBeside(ctx, e.path, content)
	return temporary, err
}

func (e *ensurer) install(temporary string, outcome Outcome) (*Index, Outcome, error) {
	if err := install(temporary, e.path); err != nil {
		return nil, 0, err
	}
	x, err := Open(e.path)
	return x, outcome, err
}

// settle writes the index anew with the facts of the verdict and its pages as they are. Pages are checked on the way;
// an index that turns out to be damaged is built instead. It takes over x.
func (e *ensurer) settle(ctx context.Context, x *Index, v verdict) (*Index, Outcome, error) {
	sweep(e.path)
	temporary, digest, err := writeBeside(ctx, e.path, content{
		files: x.files, recorded: v.settled, size: x.size, pages: x.pagesAsStored(),
		facts: func() (facts, error) { return x.facts, nil },
	})
	if err == nil && digest != x.Digest() {
		os.Remove(temporary)
		err = fmt.Errorf("%s: %w: its pages do not have its digest", e.path, ErrCorrupt)
	}
	if errors.Is(err, ErrCorrupt) {
		return e.build(ctx, verdict{reasons: []string{errors.Join(err, closed(x)).Error()}})
	}
	if err != nil {
		return e.withoutNote(ctx, x, v, err)
	}
	if err := closed(x); err != nil {
		os.Remove(temporary)
		return nil, 0, err
	}
	if len(v.touched) > 0 {
		e.Log.Info("Keeping the index: "+strings.Join(v.touched, "; "), "path", e.path)
	}
	return e.install(temporary, Settled)
}

// withoutNote goes on with a valid index where err kept only the note from being written that it need not be compared
// again. Where times have changed they must be recorded, since readers compare them; there err stands.
func (e *ensurer) withoutNote(ctx context.Context, x *Index, v verdict, err error) (*Index, Outcome, error) {
	if x == nil || len(v.touched) > 0 || ctx.Err() != nil {
		return nil, 0, errors.Join(err, closed(x))
	}
	e.Log.Debug("The index is valid; that could not be noted in it", "path", e.path, "error", err)
	return x, Reused, nil
}

func closed(x *Index) error {
	if x == nil {
		return nil
	}
	return x.Close()
}
