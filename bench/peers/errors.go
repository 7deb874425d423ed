package peers

import "errors"

var (
	// ErrAbsent: a peer is not installed, or does not start.
	ErrAbsent = errors.New("absent")
	// ErrOutput: a peer printed something that is no result.
	ErrOutput = errors.New("unexpected output")
)
