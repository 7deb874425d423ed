package limits

import "errors"

var (
	// ErrLimit is returned for a limit that a Meter was not made for.
	ErrLimit = errors.New("unknown limit")

	// ErrNoGPU is returned for what a GPU can do by a Meter that has none.
	ErrNoGPU = errors.New("no GPU is measured")

	// ErrUncached is returned for reading from the disk where reads can't be kept out of the page cache.
	ErrUncached = errors.New("no uncached reads")
)
