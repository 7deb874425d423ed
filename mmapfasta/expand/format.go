package expand

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Format is how a file is compressed.
type Format uint8

const (
	Plain Format = iota // not in any way that this package knows
	Gzip                // one gzip member or more
	BGZF                // gzip members of at most 64 KiB that say how long they are, as bgzip writes them
	Zstd                // zstd frames
)

var names = [...]string{"plain", "gzip", "bgzip", "zstd"}

func (f Format) String() string { return names[f] }

// FormatNamed returns the compressed format of a name that String gave.
func FormatNamed(name string) (Format, bool) {
	i := slices.Index(names[1:], name)
	return Format(i + 1), i >= 0
}

// HeadSize is how many first bytes Detect wants to see, where there are as many.
const HeadSize = 18

const (
	gzipMagic = "\x1f\x8b"
	zstdMagic = "\x28\xb5\x2f\xfd"
	// A skippable zstd frame begins with a byte 0x50 to 0x5f and these. pzstd begins its files with one.
	zstdSkippable = "\x2a\x4d\x18"
)

// Detect tells a format by the first bytes of a file. Its name does not matter.
func Detect(head []byte) Format {
	switch {
	case blockSize(head) > 0:
		return BGZF
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		return Gzip
	case isZstd(head):
		return Zstd
	}
	return Plain
}

func isZstd(head []byte) bool { return bytes.HasPrefix(head, []byte(zstdMagic)) || isSkippable(head) }

func isSkippable(head []byte) bool {
	return len(head) >= 4 && head[0]>>4 == 5 && string(head[1:4]) == zstdSkippable
}

// AtLeast returns bytes that the text of a compressed file of size bytes has at the least, as far as the file says so
// without being read: a gzip file ends with the size of its last member's text modulo 2^32, a zstd frame may begin with
// that of its text.
func AtLeast(file io.ReaderAt, size int64, format Format) int64 {
	switch format {
	case Gzip:
		var tail [4]byte
		if size >= int64(len(tail)) {
			if n, _ := file.ReadAt(tail[:], size-int64(len(tail))); n == len(tail) {
				return int64(binary.LittleEndian.Uint32(tail[:]))
			}
		}
	case Zstd:
		var head [zstd.HeaderMaxSize]byte
		n, _ := file.ReadAt(head[:], 0)
		var header zstd.Header
		if header.Decode(head[:n]) == nil && header.HasFCS && header.FrameContentSize < 1<<62 {
			return int64(header.FrameContentSize)
		}
	}
	return 0
}
