package report

import "errors"

// ErrNoHistory is returned for a data set of which no run kept a journal.
var ErrNoHistory = errors.New("nothing is known of the runs that made this data set")
