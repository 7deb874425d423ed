package bench

import "errors"

var (
	// ErrWrong is returned when a workload's result did not pass its check.
	ErrWrong = errors.New("result did not pass its check")

	// ErrNoWorkload is returned when no workload is left to run.
	ErrNoWorkload = errors.New("no workload")

	// ErrOption is returned for settings that can't be run with.
	ErrOption = errors.New("bad option")

	// ErrReport is returned for a file that is no report of this harness.
	ErrReport = errors.New("not a benchmark report")
)
