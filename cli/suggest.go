package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// unknownFlag is how the parser begins its complaint.
const unknownFlag = "flag provided but not defined: -"

// suggestFlag returns what to add to the parser's complaint about a flag: the nearest one there is.
func suggestFlag(c *cli.Context, complaint string) string {
	name, unknown := strings.CutPrefix(complaint, unknownFlag)
	if !unknown {
		return ""
	}
	name = strings.TrimLeft(name, "-")
	var nearest string
	for _, flag := range c.Command.VisibleFlags() {
		for _, known := range flag.Names() {
			nearest = nearer(name, nearest, known)
		}
	}
	if nearest == "" {
		return ""
	}
	return " (did you mean --" + nearest + "?)"
}

// suggestCommand returns what to add where a word is no command: the nearest one there is.
func suggestCommand(commands []*cli.Command, word string) string {
	var nearest string
	for _, c := range commands {
		if !c.Hidden {
			nearest = nearer(word, nearest, c.Name)
		}
	}
	if nearest == "" {
		return ""
	}
	return " (did you mean " + nearest + "?)"
}

// nearer returns which of two candidates is nearer to a word. Candidates that differ in more than a third of their
// letters are none.
func nearer(word, best, candidate string) string {
	distance := editDistance(word, candidate)
	if 3*distance > max(len(word), len(candidate)) || best != "" && distance >= editDistance(word, best) {
		return best
	}
	return candidate
}

// editDistance is the least number of bytes to insert, remove, replace or swap with their neighbour.
func editDistance(a, b string) int {
	previous, row := make([]int, len(b)+1), make([]int, len(b)+1)
	var before []int
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, previous, row = previous, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			changed := previous[j]
			if a[i] != b[j] {
				changed++
			}
			row[j+1] = min(changed, previous[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
