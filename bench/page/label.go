package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"longfirst/bench"
)

// field is a part of a case: key=value.
type field struct{ key, value string }

func fields(c string) []field {
	var list []field
	for _, part := range strings.Split(c, "/") {
		key, value, _ := strings.Cut(part, "=")
		list = append(list, field{key, value})
	}
	return list
}

// Label says workload and case in words: "stride, world 8, protein-50MB".
func Label(r *bench.Result) string {
	words := []string{strings.ReplaceAll(r.Workload, "-", " ")}
	for _, f := range fields(r.Case) {
		words = append(words, f.words())
	}
	return strings.Join(words, ", ")
}

// words is the value where it speaks for itself, else the key as well.
func (f field) words() string {
	if _, err := strconv.Atoi(f.value); err == nil || f.key == "after" || f.key == "until" {
		return f.key + " " + f.value
	}
	return f.value
}

// Number writes a value with three digits that mean something, large ones in thousands, millions or billions.
func Number(v float64) string {
	for _, scale := range []struct {
		size float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e4, " k"}} {
		if math.Abs(v) >= scale.size {
			divisor := scale.size
			if scale.name == " k" {
				divisor = 1e3
			}
			return digits(v/divisor) + scale.name
		}
	}
	return digits(v)
}

func digits(v float64) string {
	switch a := math.Abs(v); {
	case a >= 99.95 || a == 0:
		return fmt.Sprintf("%.0f", v)
	case a >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// Value writes a summary's median with its unit.
func Value(s bench.Summary) string { return Number(s.Median) + " " + s.Unit }
