// Package look is what the HTML pages that the program draws have in common: their style sheet, light and dark, and how they
// write numbers.
package look

import (
	_ "embed"
	"html/template"
	"math"
	"strconv"
)

//go:embed style.css
var style string

// Style is the style sheet of a page, to be set inside a style element.
var Style = template.CSS(style)

// Number writes a value with three digits that mean something, large ones in thousands, millions or billions.
func Number(v float64) string {
	for _, scale := range []struct {
		from, size float64
		name       string
	}{{1e9, 1e9, " G"}, {1e6, 1e6, " M"}, {1e4, 1e3, " k"}} {
		if math.Abs(v) >= scale.from {
			return Digits(v/scale.size) + scale.name
		}
	}
	return Digits(v)
}

// Digits writes three digits of a value, or all there are before the point.
func Digits(v float64) string {
	switch a := math.Abs(v); {
	case a >= 99.95 || a == 0:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
