package compare

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes a comparison for people, what changed first.
func (c *Comparison) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "verdict\tworkload\tA\tB\tchange\tunit")
	for _, l := range c.Sorted() {
		change := ""
		if l.Verdict != Missing && l.Verdict != TooFew {
			change = fmt.Sprintf("%+.1f %%", 100*l.Change)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Verdict, l.Label, l.A, l.B, change, l.Unit)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	faster, slower := c.Changed()
	fmt.Fprintf(out, "\n%d faster, %d slower, of %d; a change counts only where no value of A lies among those of B. (u: taken on an unsteady machine.)\n",
		faster, slower, len(c.Lines))
	if len(c.Machines) > 1 {
		_, err := fmt.Fprintf(out, "CAUTION: these are results of different machines or numbers of threads: %s.\n", strings.Join(c.Machines, "; "))
		return err
	}
	return nil
}

// String is the median and what lies around it, such as "98.2 (95.0 to 101, 5)".
func (s Side) String() string {
	if s.Samples == 0 {
		return "-"
	}
	text := fmt.Sprintf("%.4g (%.4g to %.4g, %d)", s.Median, s.Low, s.High, s.Samples)
	if s.Unsteady {
		text += " u"
	}
	return text
}
