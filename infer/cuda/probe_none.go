//go:build !cuda

package cuda

// Built says whether the program was built with the tag "cuda".
const Built = false

// Probe returns ErrNotBuilt.
func Probe() ([]Device, error) { return nil, ErrNotBuilt }
