//go:build !cuda

package cuda

import (
	"time"

	"longfirst/infer/backend"
)

// New returns ErrNotBuilt.
func New(Precision) (backend.Backend, error) { return nil, ErrNotBuilt }

// Ceiling measures what a GPU does at best; there is none.
type Ceiling struct{}

// The sizes of a Ceiling for measuring.
const (
	CeilingWidth = 0
	CeilingBytes = 0
)

// NewCeiling returns ErrNotBuilt.
func NewCeiling(int, int) (*Ceiling, error) { return nil, ErrNotBuilt }

// Multiply returns ErrNotBuilt.
func (*Ceiling) Multiply(time.Duration) (float64, error) { return 0, ErrNotBuilt }

// Copy returns ErrNotBuilt.
func (*Ceiling) Copy(time.Duration) (float64, error) { return 0, ErrNotBuilt }

func (*Ceiling) String() string { return "none" }

// Close does nothing.
func (*Ceiling) Close() error { return nil }
