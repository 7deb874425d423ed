package bench

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"longfirst/bench/limits"
)

// Workload is something the program does, made measurable. The harness calls Prepare once, then for every sample Run,
// Figures and Check, and Close at the end.
type Workload interface {
	// Name is lower case, its words joined by '-'.
	Name() string

	// Case tells sizes of a workload apart whose results must not be compared, as key=value.
	Case() string

	// Shows says in one sentence what a result tells.
	Shows() string

	// Limits are what the figures are shares of; samples are marked by them.
	Limits() []limits.Limit

	// Prepare makes the input in dir, an empty folder.
	Prepare(ctx context.Context, dir string) error

	// Run is what is measured.
	Run(ctx context.Context) error

	// Figures are what the last Run amounts to in that time. The first one is what the workload is about: results are
	// compared by it.
	Figures(Elapsed) []Figure

	// Check tells whether the last Run's result is right. It is not measured.
	Check(ctx context.Context) error

	// Sentence says the result in words: a line that a person can read.
	Sentence(*Result) string

	Close() error
}

// Versus is a workload that runs this program and another one, a peer, in turn.
type Versus interface {
	Workload

	// Peer names the other program and its version.
	Peer() string
}

// Elapsed is the time a run took.
type Elapsed struct {
	Wall time.Duration
	CPU  time.Duration // of all threads of the process and of child processes that ended, in user and kernel mode
}

// Figure is a measured value. The harness adds its share of each limit in Of, whose unit it must have.
type Figure struct {
	Unit  string
	Value float64
	Of    []limits.Limit
}

// PerSecond is the figure of an amount worked through in some time. An amount of no measurable time has no rate and is
// left out of the result.
func PerSecond(unit string, amount float64, d time.Duration, of ...limits.Limit) Figure {
	return Figure{Unit: unit, Value: amount / d.Seconds(), Of: of}
}

// LowerIsBetter tells whether a unit is one of time per something; all others are rates, shares and ratios.
func LowerIsBetter(unit string) bool {
	for _, time := range []string{"ns/", "us/", "ms/", "s/"} {
		if strings.HasPrefix(unit, time) {
			return true
		}
	}
	return false
}

// Label is what Select matches: name and case.
func Label(w Workload) string { return w.Name() + "/" + w.Case() }

// Select returns the workloads whose name and case, joined by '/', a regular expression matches.
func Select(all []Workload, expression string) ([]Workload, error) {
	match, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOption, err)
	}
	var selected []Workload
	var names []string
	for _, w := range all {
		if !slices.Contains(names, w.Name()) {
			names = append(names, w.Name())
		}
		if match.MatchString(Label(w)) {
			selected = append(selected, w)
		}
	}
	if len(selected) == 0 {
		return nil, fmt.Errorf("%w matches %q; there are %s", ErrNoWorkload, expression, strings.Join(names, ", "))
	}
	return selected, nil
}
