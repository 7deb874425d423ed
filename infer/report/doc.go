// Package report draws what happened to a data set as one HTML file: it fetches nothing, runs no script, and follows the
// reader's choice of light or dark. What it shows comes from the data set's folder alone: the manifest, the journals that
// supervisors keep, and the list of records without a row. So it can be drawn again at any time, also while a run goes on
// and after one that was killed.
//
//	history.go   the journals of all runs, folded
//	clock.go     time without the pauses between runs
//	timeline.go  a row per worker process: residues a second, and the blocks it had in hand
//	lengths.go   records by length
//	page.go      the file: template, sections
//	page.html    the template
//	text.go      how numbers and times are written
package report
