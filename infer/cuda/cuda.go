// Package cuda is the part of the program that talks to NVIDIA GPUs, through gorgonia.org/cu. It is built with the tag
// "cuda", which needs cgo, cuda.h and the driver's library; without the tag it says so.
//
// So far it lists devices. No model runs on them yet: the CPU backend computes everything.
package cuda

import "errors"

// ErrNotBuilt is returned where the program was built without the tag "cuda".
var ErrNotBuilt = errors.New("this build of longfirst has no GPU support")

// Device is a GPU as the driver names it.
type Device struct {
	Index  int // among the visible devices
	Name   string
	Memory int64 // bytes
	Major  int   // compute capability
	Minor  int
}
