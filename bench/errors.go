package bench

import "errors"

var (
	// ErrWrong is returned when a workload's result did not pass its check.
	ErrWrong = errors.New("result did not pass its check")

	// ErrPeer is wrapped by a Versus whose other program failed: it is not compared with then, and the run goes on.
	ErrPeer = errors.New("the other program failed")

	// ErrNoWorkload is returned when no workload is left to run.
	ErrNoWorkload = errors.New("no workload")

	// ErrOption is returned for settings that can't be run with.
	ErrOption = errors.New("bad option")

	// ErrReport is returned for a file that is no report of this harness.
	ErrReport = errors.New("not a benchmark report")
)
