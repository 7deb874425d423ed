package bench

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"longfirst/bench/limits"
)

// WriteText writes the report in the Go benchmark format (golang.org/design/14313-benchmark-format), one line a sample
// that counts, with sentences for people between them, and the report in short at the end. What the format
// does not know stands in lines beginning with '#', or with a capital letter, which its readers pass over.
func (r *Report) WriteText(out io.Writer) error {
	w := bufio.NewWriter(out)
	m := r.Machine
	fmt.Fprintf(w, "# %s, %s, %s; %d cores, FMA loop %s\n", r.Program, r.Started.Format("2006-01-02 15:04:05 UTC"), m.Go, m.Cores, m.FMALevel)
	if r.Partial != "" {
		fmt.Fprintf(w, "# PARTIAL: the run did not end; it came through %s\n", r.Partial)
	}
	fmt.Fprintf(w, "# %s\n", r.rule())
	fmt.Fprintf(w, "goos: %s\ngoarch: %s\npkg: longfirst/bench\ncpu: %s\n", m.OS, m.Arch, m.CPU)
	r.writeUnits(w)
	fmt.Fprintf(w, "\n# limits: median, best and spread over the calibrations of the whole run; shares are of the best\n")
	for _, l := range r.Limits {
		fmt.Fprintf(w, "Benchmark%s-%d\t1\t%s %s\t%s best-%s\t%.0f %%spread\n", goName("limit-"+l.Limit.Kind.String()), l.Limit.Threads, format(l.Median), l.Unit,
			format(l.Best), l.Unit, 100*l.Spread)
		if l.How != "" {
			fmt.Fprintf(w, "# %s: with %s\n", l.Name, l.How)
		}
	}
	for _, u := range r.Unmeasured {
		fmt.Fprintf(w, "# not measured: %s: %s\n", u.Limit, u.Why)
	}
	for _, result := range r.Results {
		fmt.Fprintf(w, "\n# %s: %s\n", result.Label(), result.Shows)
		// In the format this is a setting of the lines that follow: benchstat keeps steady and unsteady results apart.
		fmt.Fprintf(w, "steady: %t\n", result.Steady)
		for _, s := range result.Samples {
			line := result.line(s, r.Threads)
			switch {
			case s.Starved:
				line = "# starved: " + line
			case result.Nothing != "":
				line = "# too few: " + line
			case s.Marked && result.Steady:
				line = "# marked: " + line
			}
			fmt.Fprintln(w, line)
		}
		fmt.Fprintf(w, "# %s\n", result.Told())
	}
	for _, a := range r.Absent {
		fmt.Fprintf(w, "\n# absent: %s: %s\n", a.Peer, a.Why)
	}
	fmt.Fprintln(w)
	for _, line := range r.Lines {
		fmt.Fprintln(w, line)
	}
	return w.Flush()
}

// writeUnits tells benchstat which way is better, for the units it does not know.
func (r *Report) writeUnits(w io.Writer) {
	seen := map[string]bool{"ns/op": true, "MB/s": true}
	for _, result := range r.Results {
		for _, s := range result.Summaries {
			if !seen[s.Unit] {
				seen[s.Unit] = true
				fmt.Fprintf(w, "Unit %s better=%s\n", s.Unit, map[bool]string{true: "lower", false: "higher"}[LowerIsBetter(s.Unit)])
			}
		}
	}
}

func (r *Result) line(s Sample, threads int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Benchmark%s/%s-%d\t1", goName(r.Workload), r.Case, threads)
	for _, f := range s.Figures {
		fmt.Fprintf(&b, "\t%s %s", format(f.Value), f.Unit)
	}
	return b.String()
}

// goName turns index-build into IndexBuild, and infer-cpu into InferCPU: after "Benchmark" the format wants a capital.
func goName(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(name, "-") {
		switch word {
		case "cpu", "gpu", "fma":
			b.WriteString(strings.ToUpper(word))
		case "":
		default:
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// format writes a value with at least four digits that mean something, and no exponent.
func format(v float64) string {
	decimals := 0
	if a := math.Abs(v); a > 0 && a < 1000 {
		decimals = min(3-int(math.Floor(math.Log10(a))), 9)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// rule says which samples are marked.
func (r *Report) rule() string {
	text := fmt.Sprintf("marked: beside a calibration more than %.0f %% (of multiply-adds) or %.0f %% (of memory and files) below the best of this run",
		100*r.Margin, 100*BandwidthMargin)
	if r.Watched != "" {
		text += fmt.Sprintf(", or with more than %.0f %% of its cores' time lost to others (%s)", 100*r.Margin, r.Watched)
	}
	return text + fmt.Sprintf("; starved: the same by %.0f %%. A starved sample never counts, a marked one only in an unsteady result", 100*StarvedMargin)
}

// Told says the result in words, and what it rests on, or why there is none.
func (r *Result) Told() string {
	if r.Nothing != "" {
		return r.Label() + ": " + r.Nothing + "."
	}
	return r.Sentence + " " + r.confidence()
}

// inShort says the report in a few lines: the machine, and the first result of each of the named workloads; where there is
// none of them, the first results.
func (r *Report) inShort(names []string) []string {
	lines := []string{r.machineSentence()}
	for _, name := range names {
		if i := slices.IndexFunc(r.Results, func(x *Result) bool { return x.Workload == name }); i >= 0 {
			lines = append(lines, r.Results[i].Told())
		}
	}
	if len(lines) > 1 {
		return lines
	}
	for _, result := range r.Results[:min(2, len(r.Results))] {
		lines = append(lines, result.Told())
	}
	return lines
}

func (r *Report) machineSentence() string {
	rate := func(kind limits.Kind, threads int) float64 {
		for _, l := range r.Limits {
			if l.Limit == (limits.Limit{Kind: kind, Threads: threads}) {
				return l.Best
			}
		}
		return 0
	}
	text := fmt.Sprintf("This machine, %s, at best: %.0f GFLOP/s of multiply-adds (%s) on one thread, %.0f on %d; one thread reads %.1f GB/s from memory, "+
		"%.1f GB/s from files in the page cache", r.Machine.CPU, rate(limits.FMA, 1), r.Machine.FMALevel, rate(limits.FMA, r.Threads), r.Threads,
		rate(limits.MemoryRead, 1)/1e3, rate(limits.FileRead, 1)/1e3)
	if disk := rate(limits.DiskRead, 1); disk > 0 {
		text += fmt.Sprintf(", %.1f GB/s from the disk", disk/1e3)
	}
	if gpu := rate(limits.GPUMatrix, 1); gpu > 0 {
		text += fmt.Sprintf("; its GPU multiplies at %.0f TFLOP/s and is copied to at %.1f GB/s", gpu, rate(limits.GPUCopy, 1)/1e3)
	}
	return text + "."
}

// confidence says what the medians of a result rest on.
func (r *Result) confidence() string {
	main := r.Main()
	text := fmt.Sprintf("Median of %d, spread %.0f %%", main.Samples, 100*main.Spread)
	if !r.Steady {
		text += fmt.Sprintf("; the machine was UNSTEADY in %d of %d samples: rates are lower bounds", r.Marked(), len(r.Samples))
	}
	return text + "."
}
