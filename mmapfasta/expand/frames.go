package expand

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
)

// frames hands the bytes of a zstd file to a decoder and follows their structure on the way (RFC 8878, 3.1.1), so that
// a file that ends inside of a frame, what follows the last one, and a dictionary are noticed and named where they are.
//
//	frame      magic (4), header descriptor (1), rest of the header (0 to 13), blocks, checksum (0 or 4)
//	block      uint24: last block (bit 0), type (bits 1, 2), size; then its bytes, of which a repeated one has 1
//	skippable  magic (4), size (uint32), bytes
type frames struct {
	in     *input
	offset atomic.Int64          // of the next byte; the decoder reads in a goroutine of its own
	err    atomic.Pointer[error] // what ended it, but for the end of the file

	want     int    // bytes that part is to have
	part     []byte // of a magic, header or size
	then     func(part []byte) error
	skip     int64 // bytes before the next part
	between  bool  // a magic or the end of the file comes next
	checksum int64 // bytes behind the last block
}

func newFrames(in *input) *frames {
	f := &frames{in: in}
	f.nextFrame()
	return f
}

func (f *frames) failed() error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (f *frames) fail(err error) error {
	f.err.Store(&err)
	return err
}

func (f *frames) Read(p []byte) (int, error) {
	if err := f.failed(); err != nil {
		return 0, err
	}
	n, err := f.in.Read(p)
	if followed := f.follow(p[:n]); followed != nil {
		return 0, f.fail(followed)
	}
	switch {
	case err == io.EOF && !(f.between && len(f.part) == 0 && f.skip == 0):
		return n, f.fail(at(f.in.name, f.offset.Load(), ErrTruncated, "the file ends inside a zstd frame", fetchAgain))
	case err != nil && err != io.EOF:
		own, _ := ownError(err)
		return n, f.fail(own)
	}
	return n, err
}

// follow takes the next bytes of the file.
func (f *frames) follow(p []byte) error {
	for len(p) > 0 {
		if f.skip > 0 {
			n := min(f.skip, int64(len(p)))
			f.skip -= n
			f.offset.Add(n)
			p = p[n:]
			continue
		}
		n := min(f.want-len(f.part), len(p))
		f.part = append(f.part, p[:n]...)
		f.offset.Add(int64(n))
		p = p[n:]
		if len(f.part) == f.want {
			f.between = false
			part := f.part
			f.part = f.part[:0]
			if err := f.then(part); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *frames) expect(bytes int, then func(part []byte) error) { f.want, f.then = bytes, then }

func (f *frames) nextFrame() {
	f.expect(4, f.magic)
	f.between = true
}

func (f *frames) magic(part []byte) error {
	switch {
	case string(part) == zstdMagic:
		f.expect(1, f.descriptor)
	case isSkippable(part):
		f.expect(4, func(part []byte) error {
			f.skip = int64(binary.LittleEndian.Uint32(part))
			f.nextFrame()
			return nil
		})
	default:
		offset := f.offset.Load() - 4
		return at(f.in.name, offset, ErrTrailing, fmt.Sprintf("%q, where a zstd frame should start or the file end", part),
			fmt.Sprintf("if the rest is of no use, cut it off: head -c %d", offset))
	}
	return nil
}

func (f *frames) descriptor(part []byte) error {
	descriptor := part[0]
	f.checksum = int64(descriptor>>2&1) * 4
	single := descriptor>>5&1 == 1
	window := 1
	content := []int{0, 2, 4, 8}[descriptor>>6]
	if single {
		window = 0
		content = max(content, 1)
	}
	dictionary := []int{0, 1, 2, 4}[descriptor&3]
	if window+dictionary+content == 0 {
		f.expect(3, f.block)
		return nil
	}
	f.expect(window+dictionary+content, func(part []byte) error {
		if window == 1 {
			base := int64(1) << (10 + part[0]>>3)
			if size := base + base/8*int64(part[0]&7); size > maxWindow {
				return at(f.in.name, f.offset.Load(), ErrWindow, fmt.Sprintf("%d bytes, at most %d are used", size, maxWindow),
					"write it anew with a smaller window: zstd -dc --long=31 --memory=4GB FILE | zstd > NEW")
			}
		}
		for _, b := range part[window : window+dictionary] {
			if b != 0 {
				return at(f.in.name, f.offset.Load(), ErrDictionary, "the dictionary is not in the file",
					"decompress it with it: zstd -d -D DICTIONARY FILE")
			}
		}
		f.expect(3, f.block)
		return nil
	})
	return nil
}

func (f *frames) block(part []byte) error {
	header := uint32(part[0]) | uint32(part[1])<<8 | uint32(part[2])<<16
	f.skip = int64(header >> 3)
	if kind := header >> 1 & 3; kind == 1 { // one byte, repeated
		f.skip = 1
	}
	if header&1 == 1 {
		f.skip += f.checksum
		f.nextFrame()
	}
	return nil
}
