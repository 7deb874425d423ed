package engine

import "errors"

// Errors of finding this process's place.
var (
	// ErrUnknown: there is no engine of that name.
	ErrUnknown = errors.New("no such engine")
	// ErrAbsent: the engine did not start this process.
	ErrAbsent = errors.New("this process was not started by the engine")
	// ErrIncomplete: an engine started this process but does not say enough to tell its share.
	ErrIncomplete = errors.New("can't tell which share this process computes")
	// ErrDisagree: two engines name different places.
	ErrDisagree = errors.New("two engines disagree on which share this process computes")
)

// Errors of dealing shares to processes.
var (
	// ErrTooMany: there are more processes than shares.
	ErrTooMany = errors.New("more processes than shares")
	// ErrRanks: a list of ranks can't be read, or names a rank the data set does not have.
	ErrRanks = errors.New("not a list of ranks")
)
