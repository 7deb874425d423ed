// Package expand turns a compressed FASTA file into its text: gzip of any number of members, bgzip, whose blocks are
// decompressed side by side, and zstd of any number of frames.
//
// A file is read from its start to its end and nothing of it is left out: every checksum that it carries is compared,
// and it must end where its last member or frame ends. A file that is cut short gives an error wherever it is cut,
// except between whole gzip members or zstd frames, where what remains is a whole file to anybody; a bgzip file ends
// with an empty block as a mark, so that there too it is noticed.
package expand

import (
	"context"
	"io"
)

// Options say how a file is decompressed. The zero value is usable.
type Options struct {
	Threads int // goroutines that decompress where the format allows it; at least one

	// Start is called once with the first bytes of the text, StartSize of them or all, before any byte is written. Its
	// error ends the work and is returned as it is; nil for no such look.
	Start func(head []byte) error

	Progress func(read int64) // called with the compressed bytes read so far, now and then; nil for none
}

// StartSize is the number of bytes that Options.Start sees, of a text that has as many.
const StartSize = 256 << 10

// Copy writes the text of the compressed file r to w and returns how it was compressed. A file that is not compressed is
// copied as it is. The name stands in errors. After an error what was written is not to be trusted.
//
// Errors: ErrTruncated, ErrDamaged, ErrTrailing, ErrDictionary, ErrWindow, those of reading, of w and of Options.Start,
// ctx's cause.
func Copy(ctx context.Context, w io.Writer, r io.Reader, name string, opt Options) (Format, error) {
	in := newInput(ctx, r, name, opt.Progress)
	head, err := in.peek(HeadSize)
	if err != nil {
		own, _ := ownError(err)
		return Plain, own
	}
	format := Detect(head)
	out := &output{w: w, start: opt.Start}
	switch format {
	case BGZF:
		err = copyBlocks(out, in, max(1, opt.Threads))
	case Gzip:
		err = copyMembers(out, in)
	case Zstd:
		err = copyFrames(out, in, max(1, opt.Threads))
	default:
		err = relay(out, in.Reader)
		if own, ok := ownError(err); ok {
			err = own
		}
	}
	if err == nil {
		err = out.finish()
	}
	return format, err
}
