package kernels

import "errors"

// ErrCapability is returned for devices that the kernels are not made for.
var ErrCapability = errors.New("the kernels need compute capability 8.0 or newer (Ampere: A100, RTX 3000)")
