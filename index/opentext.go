package index

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

// OpenText maps the text of a file: the file itself or, of a compressed one, its text in the cache, which is made again
// where it is gone. What is mapped has the content that was indexed: a file whose size or time is another now gives
// ErrMismatch. Unchanged of what is returned asks the compressed file too; a text in the cache is not removed before
// Close.
//
// Errors: ErrMismatch, those of expand.Copy, what opening files gives, ctx's cause.
func (x *Index) OpenText(ctx context.Context, file int) (*mapped.File, error) {
	info := x.files[file]
	if info.Format == expand.Plain {
		return x.openPlain(ctx, info)
	}
	compressed, err := mapped.OpenHandle(info.Path)
	if err != nil {
		return nil, err
	}
	if err = x.otherStamp(info, compressed.Stamp()); err == nil {
		var text *mapped.File
		if text, err = x.openCached(ctx, info); err == nil {
			text.Accompany(compressed)
			return text, nil
		}
	}
	compressed.Close()
	return nil, err
}

func (x *Index) otherStamp(info FileInfo, now mapped.Stamp) error {
	if now == info.Stamp {
		return nil
	}
	return fmt.Errorf("%s is now %s, it was indexed as %s: %w; run longfirst index again", info.Path, now, info.Stamp, ErrMismatch)
}

func (x *Index) openPlain(ctx context.Context, info FileInfo) (*mapped.File, error) {
	unlock := func() {}
	if isSpooled(info.Path) {
		var err error
		if unlock, err = lockShared(ctx, info.Path); err != nil {
			return nil, err
		}
	}
	file, err := mapped.Open(info.Path)
	if err == nil {
		if err = x.otherStamp(info, file.Stamp()); err != nil {
			file.Close()
		}
	}
	if err != nil {
		unlock()
		return nil, err
	}
	file.Accompany(lockedText(unlock))
	return file, nil
}

// openCached maps the text of a compressed file that is as it was indexed.
func (x *Index) openCached(ctx context.Context, info FileInfo) (*mapped.File, error) {
	s := source{path: info.Path, stamp: info.Stamp}
	text, err := x.texts.of(ctx, s)
	if err != nil {
		return nil, err
	}
	if text.fact.hash() != info.Hash {
		return nil, fmt.Errorf("%s: %w: %s was decompressed to other content than was indexed; run longfirst index --rehash",
			info.Path, ErrMismatch, text.path)
	}
	unlock, err := lockShared(ctx, text.path)
	if err != nil {
		return nil, err
	}
	file, err := mapped.Open(text.path)
	if err == nil && file.Stamp() != text.fact.Text.stamp() {
		file.Close()
		err = fmt.Errorf("%s: %w: it is no longer what %s was decompressed to; run again", text.path, mapped.ErrChanged, info.Path)
	}
	if err != nil {
		unlock()
		return nil, err
	}
	file.Accompany(lockedText(unlock))
	return file, nil
}

// lockedText keeps a text in the cache while it is mapped.
type lockedText func()

func (unlock lockedText) Unchanged() error { return nil }

func (unlock lockedText) Close() error {
	unlock()
	return nil
}

// isSpooled tells whether a file is what standard input gave.
func isSpooled(path string) bool {
	folder, err := textsFolder()
	return err == nil && filepath.Dir(path) == folder
}

// holdTexts keeps what standard input gave and, if they are wanted, the texts of the compressed files, which it finds,
// until the index is closed.
func (x *Index) holdTexts(ctx context.Context, wanted bool) error {
	for _, info := range x.files {
		if isSpooled(info.Path) {
			unlock, err := lockShared(ctx, info.Path)
			if err != nil {
				return err
			}
			x.texts.held[info.Path] = &text{path: info.Path, unlock: unlock}
			continue
		}
		if !wanted || info.Format == expand.Plain {
			continue
		}
		stat, err := os.Stat(info.Path)
		if err == nil {
			err = x.otherStamp(info, mapped.StampOf(stat))
		}
		if err == nil {
			_, err = x.texts.of(ctx, source{path: info.Path, stamp: info.Stamp})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// textsByContent finds the texts of the files of a list that were compressed when they were indexed. Both their files
// and they are compared by content with what was seen when they were decompressed.
func (x *Index) textsByContent(ctx context.Context, list []source) (*texts, error) {
	texts := newTexts(Options{Rehash: true})
	for i := range list {
		if x.files[i].Format == expand.Plain {
			continue
		}
		var err error
		if list[i].text, err = texts.of(ctx, list[i]); err != nil {
			texts.release()
			return nil, err
		}
	}
	return texts, nil
}
