package expand

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sync/errgroup"
)

// A block of a bgzip file is a gzip member with one extra field that says how long it is (SAM specification, 4.1):
//
//	bytes         content
//	[0, 4)        magic 1f 8b, method 8, flags 4: an extra field and nothing else
//	[4, 10)       time, flags, system: of no interest
//	[10, 12)      bytes of the extra field, uint16: 6
//	[12, 18)      'B', 'C', 2 as uint16, and the bytes of the block less 1 as uint16
//	[18, n-8)     text, deflated
//	[n-8, n)      CRC-32 of the text and its bytes, uint32 each, little-endian
//
// A file ends with a block of no text.
const (
	blockHeader  = 18
	blockTrailer = 8
	blockText    = 64 << 10 // bytes at most
)

// blockSize returns the bytes of the block that starts with head, 0 where none does.
func blockSize(head []byte) int {
	if len(head) < blockHeader || string(head[:4]) != "\x1f\x8b\x08\x04" || string(head[10:16]) != "\x06\x00BC\x02\x00" {
		return 0
	}
	size := int(binary.LittleEndian.Uint16(head[16:])) + 1
	if size < blockHeader+blockTrailer {
		return 0
	}
	return size
}

// copyBlocks writes the text of a bgzip file. Members that are no blocks, from where the first one stands, are
// decompressed as those of any gzip file.
func copyBlocks(w io.Writer, in *input, threads int) error {
	group, ctx := errgroup.WithContext(in.source.ctx)
	todo := make(chan *batch, threads)
	ordered := make(chan *batch, 2*threads)
	free := make(chan *batch, 2*threads+2)
	for range cap(free) {
		free <- &batch{done: make(chan struct{}, 1)}
	}
	rest := false // what follows the blocks is something else
	group.Go(func() (err error) {
		rest, err = readBlocks(ctx, in, free, todo, ordered)
		close(ordered) // not deferred: a reader that panics has not come to the end of the file
		close(todo)
		return err
	})
	for range threads {
		group.Go(func() error {
			var inflater inflater
			for b := range todo {
				b.err = inflater.inflate(b, in.name)
				b.done <- struct{}{}
			}
			return nil
		})
	}
	group.Go(func() error {
		for b := range ordered {
			select {
			case <-b.done:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if b.err != nil {
				return b.err
			}
			if _, err := w.Write(b.text); err != nil {
				return err
			}
			free <- b
		}
		return nil
	})
	if err := group.Wait(); err != nil || !rest {
		return err
	}
	return copyMembers(w, in)
}

// batch is some blocks in a row.
type batch struct {
	offset int64 // of the first block in the file
	raw    []byte
	sizes  []int // of the blocks, in bytes
	text   []byte
	err    error
	done   chan struct{} // gets a value when text or err is there
}

// batchSize is the compressed bytes of a batch, about.
const batchSize = 128 << 10

// readBlocks reads blocks to the end of the file or to where something else follows, which it tells by rest.
func readBlocks(ctx context.Context, in *input, free <-chan *batch, todo, ordered chan<- *batch) (rest bool, err error) {
	marked := false // the last block has no text
	for more := true; more; {
		var b *batch
		select {
		case b = <-free:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
		b.offset, b.raw, b.sizes, b.text = in.offset(), b.raw[:0], b.sizes[:0], b.text[:0]
		for more && len(b.raw) < batchSize {
			head, err := in.peek(blockHeader)
			if err != nil {
				own, _ := ownError(err)
				return false, own
			}
			size := blockSize(head)
			if size == 0 {
				more, rest = false, len(head) > 0
				break
			}
			b.raw = slices.Grow(b.raw, size)[:len(b.raw)+size]
			block := b.raw[len(b.raw)-size:]
			start := in.offset()
			if _, err := io.ReadFull(in, block); err != nil {
				return false, gzipError(err, in, start)
			}
			b.sizes = append(b.sizes, size)
			marked = binary.LittleEndian.Uint32(block[size-4:]) == 0
		}
		for _, to := range []chan<- *batch{todo, ordered} {
			select {
			case to <- b:
			case <-ctx.Done():
				return false, context.Cause(ctx)
			}
		}
	}
	if !rest && !marked {
		return false, at(in.name, in.offset(), ErrTruncated, "a bgzip file ends with an empty block, this one does not",
			fetchAgain+"; if it is whole, write it anew: gzip -dc FILE | bgzip > NEW")
	}
	return rest, nil
}

// inflater decompresses blocks.
type inflater struct {
	deflated bytes.Reader
	reader   io.ReadCloser
}

// inflate makes the text of a batch.
func (f *inflater) inflate(b *batch, name string) error {
	offset, raw := b.offset, b.raw
	for _, size := range b.sizes {
		if err := f.block(b, raw[:size]); err != nil {
			return at(name, offset, ErrDamaged, "in the bgzip block that starts here: "+err.Error(), fetchAgain)
		}
		raw = raw[size:]
		offset += int64(size)
	}
	return nil
}

func (f *inflater) block(b *batch, block []byte) error {
	trailer := block[len(block)-blockTrailer:]
	size := binary.LittleEndian.Uint32(trailer[4:])
	if size > blockText {
		return fmt.Errorf("a text of %d bytes is too long for a block", size)
	}
	f.deflated.Reset(block[blockHeader : len(block)-blockTrailer])
	if f.reader == nil {
		f.reader = flate.NewReader(&f.deflated)
	} else if err := f.reader.(flate.Resetter).Reset(&f.deflated, nil); err != nil {
		return err
	}
	start := len(b.text)
	// One byte more than there should be, to see the end.
	b.text = slices.Grow(b.text, int(size)+1)
	n, err := fill(f.reader, b.text[start:start+int(size)+1])
	b.text = b.text[:start+min(n, int(size))]
	switch {
	case err != nil && err != io.EOF:
		return err
	case err == nil || n != int(size):
		return fmt.Errorf("its text is not of %d bytes", size)
	case f.deflated.Len() > 0:
		return fmt.Errorf("%d bytes follow its text", f.deflated.Len())
	case crc32.ChecksumIEEE(b.text[start:]) != binary.LittleEndian.Uint32(trailer):
		return fmt.Errorf("it fails its checksum")
	}
	return nil
}
