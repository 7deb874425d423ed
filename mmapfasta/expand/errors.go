package expand

import (
	"errors"
	"fmt"
)

// Why a compressed file gives no text. All come with the name of the file and a byte offset in its compressed bytes.
var (
	// ErrTruncated: the file ends in the middle of what it began, or lacks the mark by which a bgzip file ends.
	ErrTruncated = errors.New("compressed file is cut short")
	// ErrDamaged: a checksum, a size or the coding itself is wrong.
	ErrDamaged = errors.New("compressed file is damaged")
	// ErrTrailing: behind the compressed data stands something else.
	ErrTrailing = errors.New("other bytes follow the compressed data")
	// ErrDictionary: a zstd frame was made with a dictionary, which is not in the file.
	ErrDictionary = errors.New("zstd with a dictionary")
	// ErrWindow: a zstd frame needs more memory than is allowed.
	ErrWindow = errors.New("zstd frame needs too much memory")
)

const fetchAgain = "copy or download it again"

func at(name string, offset int64, sentinel error, detail, remedy string) error {
	return fmt.Errorf("%s: byte %d: %w: %s; %s", name, offset, sentinel, detail, remedy)
}
