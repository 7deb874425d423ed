package output

import "errors"

// Errors of opening a part.
var (
	// ErrNotPart is returned for a Parquet file that this package did not write.
	ErrNotPart = errors.New("not a longfirst part")
	// ErrPartVersion is returned for a part of another format version.
	ErrPartVersion = errors.New("part of another format version")
	// ErrCorruptPart is returned for a part that is truncated or damaged.
	ErrCorruptPart = errors.New("corrupt part")
)

// Errors of writing a part.
var (
	// ErrColumns is returned for columns that no data set can have.
	ErrColumns = errors.New("unusable columns")
	// ErrInvalidRow is returned for a row that must not become data: a value that is NaN or Inf, an embedding of
	// the wrong width.
	ErrInvalidRow = errors.New("invalid row")
	// ErrUnaccounted is returned by Publish when rows and skipped records do not add up to the block's records.
	ErrUnaccounted = errors.New("records of the block not accounted for")
)

// Errors of a data set as a whole.
var (
	// ErrManifest is returned for a manifest that cannot be read or was written by a newer version.
	ErrManifest = errors.New("unusable manifest")
	// ErrIncomplete is returned by WriteSuccess for a proof that does not hold.
	ErrIncomplete = errors.New("data set not complete")
	// ErrMixedParts is returned when parts of one data set differ in dimension or element type.
	ErrMixedParts = errors.New("parts do not belong together")
	// ErrNoColumn is returned for a column that the data set does not have.
	ErrNoColumn = errors.New("no such column")
	// ErrDuplicateRow is returned when an ordinal has more than one row in a data set.
	ErrDuplicateRow = errors.New("record embedded more than once")
)
