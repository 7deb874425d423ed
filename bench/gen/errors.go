package gen

import "errors"

// ErrOption is returned for options that describe no file.
var ErrOption = errors.New("bad option")
