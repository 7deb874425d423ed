package limits

import "errors"

// ErrLimit is returned for a limit that a Meter was not made for.
var ErrLimit = errors.New("unknown limit")
