//go:build !cuda

package cuda

import "longfirst/infer/backend"

// New returns ErrNotBuilt.
func New(Precision) (backend.Backend, error) { return nil, ErrNotBuilt }
