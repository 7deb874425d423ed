package worker

import "errors"

// Errors of starting a worker process.
var (
	// ErrIsolation is returned by a child that sees other devices than the one it was started for.
	ErrIsolation = errors.New("worker is not confined to its device")

	// ErrDevice is returned for a choice of devices that can't be had.
	ErrDevice = errors.New("no such device")

	// ErrOtherIndex is returned when the index is not the one a data set was begun with.
	ErrOtherIndex = errors.New("another index")

	// ErrCanary is returned before a data set begins whose numbers are too far from float32.
	ErrCanary = errors.New("the numbers are too far from float32 on these records")

	// ErrCalibration is returned where the time that a run takes could not be measured on some of its records.
	ErrCalibration = errors.New("can't measure how fast it is")

	// ErrMixedNumerics is returned by a child whose device computes in another numeric class than the run.
	ErrMixedNumerics = errors.New("another numeric class than the run's")
)

// errDevice marks a failure of one child's device, which the others need not share.
var errDevice = errors.New("device")

// Errors of a run.
var (
	// ErrNoWorkers is returned when every worker process was given up.
	ErrNoWorkers = errors.New("no worker process left")

	// ErrBusy is returned when another supervisor works on the same ranks of the same data set.
	ErrBusy = errors.New("another run is writing this data set")

	// ErrDifferent is returned when a data set was begun with other inputs or options.
	ErrDifferent = errors.New("data set was begun differently")

	// ErrNoSpace is returned when the disk can't hold the data set.
	ErrNoSpace = errors.New("not enough disk space")

	// ErrOutGone is returned when the data set's folder was removed while it was written.
	ErrOutGone = errors.New("the data set's folder is gone")

	// ErrModelChanged is returned when the model's files changed while they were computed with.
	ErrModelChanged = errors.New("the model is not the one the run began with")

	// ErrNotReproduced is returned when computing a row again gives another one.
	ErrNotReproduced = errors.New("a row can't be reproduced")

	errProtocol = errors.New("worker protocol")
)
