// Package page draws a report of the benchmark harness as one HTML file: it fetches nothing, runs no script, and follows
// the reader's choice of light or dark.
//
//	page.go     the file: template, sections
//	label.go    how results are called
//	shares.go   bars: each result as a share of a limit of the machine
//	ratios.go   the times of other programs as multiples of this one's, with their spread
//	curves.go   a rate over a number that a case counts: workers, world size
//	page.html   the template
package page
