package page

import (
	"strconv"
	"strings"

	"longfirst/bench"
	"longfirst/infer/report/look"
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

// Number writes a value with three digits that mean something.
func Number(v float64) string { return look.Number(v) }

// Value writes a summary's median with its unit.
func Value(s bench.Summary) string { return Number(s.Median) + " " + s.Unit }
