package backend

import "errors"

// Errors of a device.
var (
	// ErrMemory: a device has not enough memory for what was asked of it. Smaller batches may fit.
	ErrMemory = errors.New("not enough device memory")
	// ErrLost: a device failed and computes nothing any more in this process. Another process may have it work again.
	ErrLost = errors.New("the device failed")
	// ErrUnsupported: a device can't compute the model, whatever the sequences.
	ErrUnsupported = errors.New("the device can't compute this model")
)
