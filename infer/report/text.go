package report

import (
	"fmt"
	"strconv"
	"time"

	"longfirst/infer/report/look"
)

// count writes a whole number with separators.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// duration writes seconds as a person reads them.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d == 0:
		return "0"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return look.Digits(seconds) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
}

// flops writes FLOP/s in the unit that suits.
func flops(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e15, " P"}, {1e12, " T"}, {1e9, " G"}, {1e6, " M"}} {
		if v >= unit.size {
			return look.Digits(v/unit.size) + unit.name
		}
	}
	return look.Digits(v) + " "
}
