package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Exit codes.
const (
	exitDone          = 0
	exitFailed        = 1
	exitUsage         = 2
	exitRecordsFailed = 3 // the run is done but for some records, each named
	exitHungUp        = 129
	exitInterrupted   = 130
	exitTerminated    = 143
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errRecordsFailed ends a run that is complete but for failed records.
var errRecordsFailed = errors.New("some records have no embedding")

// interrupted is the cause of a context that a signal ended.
type interrupted struct{ os.Signal }

func (i interrupted) Error() string { return "interrupted by signal: " + i.String() }

// report prints how the program ended, where that is worth a line, and returns the exit code.
func report(err error) int {
	var signal interrupted
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &signal):
		complain(signal)
		switch signal.Signal {
		case syscall.SIGHUP:
			return exitHungUp
		case syscall.SIGTERM:
			return exitTerminated
		}
		return exitInterrupted
	case errors.As(err, &usage):
		complain(err)
		return exitUsage
	case errors.Is(err, errRecordsFailed):
		complain(err)
		return exitRecordsFailed
	}
	complain(err)
	return exitFailed
}
