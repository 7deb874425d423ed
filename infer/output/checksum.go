package output

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zeebo/xxh3"
)

// ChecksumKey is the Parquet key-value metadata key of a part's checksum: the XXH3-128 of all bytes of the file in
// lower-case hex, computed with zeros ('0') in its own place. Pages have checksums of their own; headers and footer have
// none in Parquet. It is the last key, so that its last occurrence in the footer is it, whatever else the metadata hold.
const ChecksumKey = "longfirst.xxh3_128"

const checksumDigits = 32

var (
	noChecksum = bytes.Repeat([]byte{'0'}, checksumDigits)

	// checksumMark stands before the digits: the key, then a Thrift compact field header for a string of 32 bytes.
	checksumMark = append([]byte(ChecksumKey), 0x18, checksumDigits)
)

// A Parquet file ends with the footer, its length as a little-endian uint32, and four letters.
const parquetTail = 8

// findChecksum returns the offset of the checksum's digits in a Parquet file.
func findChecksum(r io.ReaderAt, size int64) (int64, error) {
	var tail [parquetTail]byte
	if size < parquetTail {
		return 0, errors.New("too short for a Parquet file")
	}
	if _, err := r.ReadAt(tail[:], size-parquetTail); err != nil {
		return 0, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	begin := size - parquetTail - length
	if begin < 0 {
		return 0, fmt.Errorf("footer of %d bytes in a file of %d", length, size)
	}
	footer := make([]byte, length)
	if _, err := r.ReadAt(footer, begin); err != nil {
		return 0, err
	}
	at := bytes.LastIndex(footer, checksumMark)
	if at < 0 || at+len(checksumMark)+checksumDigits > len(footer) {
		return 0, errors.New("no checksum in its metadata")
	}
	return begin + int64(at+len(checksumMark)), nil
}

// checksummer hashes what is written through it.
type checksummer struct {
	w    io.Writer
	hash *xxh3.Hasher
	size int64
}

func newChecksummer(w io.Writer) *checksummer { return &checksummer{w: w, hash: xxh3.New()} }

func (c *checksummer) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.hash.Write(p[:n])
	c.size += int64(n)
	return n, err
}

// seal writes the checksum into the file, which was written with noChecksum in its place.
func (c *checksummer) seal(file interface {
	io.ReaderAt
	io.WriterAt
}) error {
	at, err := findChecksum(file, c.size)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(digits(c.hash), at)
	return err
}

func digits(h *xxh3.Hasher) []byte {
	sum := h.Sum128().Bytes()
	return hex.AppendEncode(nil, sum[:])
}

// CheckPart reads a part from begin to end and compares it with its checksum. The error names the file and is
// ErrCorruptPart or the file system's.
func CheckPart(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return guard(path, func() error { return checkPart(file, info.Size()) })
}

func checkPart(r io.ReaderAt, size int64) error {
	at, err := findChecksum(r, size)
	if err != nil {
		return err
	}
	hash := xxh3.New()
	if _, err := io.Copy(hash, io.NewSectionReader(r, 0, at)); err != nil {
		return err
	}
	hash.Write(noChecksum)
	rest := at + checksumDigits
	if _, err := io.Copy(hash, io.NewSectionReader(r, rest, size-rest)); err != nil {
		return err
	}
	stated := make([]byte, checksumDigits)
	if _, err := r.ReadAt(stated, at); err != nil {
		return err
	}
	if computed := digits(hash); !bytes.Equal(stated, computed) {
		return fmt.Errorf("its bytes have the checksum %s, it states %q", computed, stated)
	}
	return nil
}
