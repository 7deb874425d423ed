// Package readme writes the measured tables of the README from kept results, so that nothing stands there that was not
// measured.
package readme

import (
	"errors"
	"fmt"
	"strings"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/bench/page"
)

// The tables stand between these lines.
const (
	Begin = "<!-- measured: begin; written by make readme-tables -->"
	End   = "<!-- measured: end -->"
)

var (
	// ErrMarkers: the file does not hold one line Begin and, after it, one line End.
	ErrMarkers = errors.New("no place for the tables")
	// ErrStale: the tables in the file are not those of the results.
	ErrStale = errors.New("tables are not those of the newest results")
)

// Replace returns the text of a README with the tables of a report in their place; folder is where the results are kept,
// as a link of the README. Errors: ErrMarkers.
func Replace(text, folder string, r *bench.Report) (string, error) {
	before, rest, found := strings.Cut(text, Begin+"\n")
	_, after, ended := strings.Cut(rest, End+"\n")
	if !found || !ended || strings.Contains(after, Begin) {
		return "", fmt.Errorf("%w: it needs one line %q and behind it one line %q", ErrMarkers, Begin, End)
	}
	return before + Begin + "\n" + Tables(folder, r) + End + "\n" + after, nil
}

// Check compares the tables of a README with a report. Errors: ErrStale, ErrMarkers.
func Check(text, folder string, r *bench.Report) error {
	want, err := Replace(text, folder, r)
	if err == nil && want != text {
		err = fmt.Errorf("%w in %s: make readme-tables writes them", ErrStale, folder)
	}
	return err
}

// Tables writes the tables in Markdown.
func Tables(folder string, r *bench.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured by `longfirst bench` on %s, %d cores, %d threads, on %s; every sample, and a page with pictures: [%s](%s).\n",
		r.Machine.CPU, r.Machine.Cores, r.Threads, r.Started.Format("2 January 2006"), folder, folder)
	fmt.Fprintf(&b, "Models have random weights. Spread is largest minus smallest; *unsteady* results were measured while the machine was\nbusy or slow: their rates are lower bounds.\n\n")
	b.WriteString("| workload | median | of the machine's limit | spread |\n|---|---|---|---|\n")
	var duels []*bench.Result
	for _, result := range r.Results {
		if result.Peer != "" {
			duels = append(duels, result)
			continue
		}
		if result.Nothing != "" {
			fmt.Fprintf(&b, "| %s | *%s* | | |\n", page.Label(result), result.Nothing)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", page.Label(result), page.Value(result.Main()), share(result), spread(result))
	}
	if len(duels) > 0 {
		b.WriteString("\n| job | beside | takes, times as long | pairs | spread |\n|---|---|---|---|---|\n")
	}
	for _, d := range duels {
		if d.Nothing != "" {
			fmt.Fprintf(&b, "| %s | %s | *%s* | | |\n", page.Duel(d), page.PeerName(d), d.Nothing)
			continue
		}
		main := d.Main()
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s |\n", page.Duel(d), page.PeerName(d), page.Number(main.Median), main.Samples, spread(d))
	}
	for i, a := range r.Absent {
		if i == 0 {
			b.WriteString("\nNot compared: ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(a.Peer)
		if i == len(r.Absent)-1 {
			b.WriteString(".\n")
		}
	}
	return b.String()
}

// share returns the first share of a limit that a result has.
func share(r *bench.Result) string {
	for _, s := range r.Summaries {
		for _, name := range r.Limits {
			if l, err := limits.Parse(name); err == nil && s.Unit == l.ShareUnit() {
				return fmt.Sprintf("%.0f %% of %s", s.Median, strings.ReplaceAll(strings.TrimPrefix(s.Unit, "%"), "-", " "))
			}
		}
	}
	return ""
}

func spread(r *bench.Result) string {
	text := fmt.Sprintf("%.0f %%", 100*r.Main().Spread)
	if !r.Steady {
		text += ", *unsteady*"
	}
	return text
}
