package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"longfirst/infer"
	"longfirst/infer/output"
)

// compareRuns tells whether two data sets hold the same parts, byte for byte.
func (d *demo) compareRuns(a, b string) (bool, error) {
	var contents [2]map[string]string
	for i, name := range []string{a, b} {
		dir := output.Dir(filepath.Join(d.dir, name))
		parts, _, err := dir.Parts()
		if err != nil {
			return false, err
		}
		contents[i] = make(map[string]string)
		for id, path := range parts {
			text, err := os.ReadFile(path)
			if err != nil {
				return false, err
			}
			contents[i][id.Name()] = string(text)
		}
	}
	return len(contents[0]) > 0 && maps.Equal(contents[0], contents[1]), nil
}

// sortedRows returns the rows of a data set in input order.
func (d *demo) sortedRows(name string) ([]output.Row, error) {
	parts, _, err := output.Dir(filepath.Join(d.dir, name)).Parts()
	if err != nil {
		return nil, err
	}
	var rows []output.Row
	for _, path := range parts {
		part, err := output.OpenPart(path)
		if err != nil {
			return nil, err
		}
		for row, err := range part.Rows() {
			if err != nil {
				part.Close()
				return nil, err
			}
			copied := *row
			copied.Values = slices.Clone(row.Values)
			rows = append(rows, copied)
		}
		part.Close()
	}
	slices.SortFunc(rows, func(a, b output.Row) int { return int(a.Ordinal - b.Ordinal) })
	return rows, nil
}

// compareExpected prints the largest difference from what transformers computed.
func (d *demo) compareExpected(name string) error {
	rows, err := d.sortedRows(name)
	if err != nil {
		return err
	}
	expected, err := parseExpected(expectedEmbeddings)
	if err != nil {
		return err
	}
	if len(rows) != len(expected) {
		return fmt.Errorf("%d rows, transformers has %d", len(rows), len(expected))
	}
	var largest float64
	for _, row := range rows {
		want, ok := expected[row.Ordinal]
		if !ok || len(want) != len(row.Values) {
			return fmt.Errorf("record %s (ordinal %d) is not among transformers' rows", row.ID, row.Ordinal)
		}
		largest = max(largest, infer.LargestDifference(want, row.Values))
	}
	fmt.Fprintf(d.out, "largest difference from transformers: %.1e of a row's largest value (limit %.0e)\n", largest, demoTolerance)
	if largest > demoTolerance {
		return errors.New("the embeddings differ from those of transformers by more than the limit")
	}
	return nil
}

// parseExpected reads a table of lines "ordinal TAB value TAB value …" under a header line.
func parseExpected(table string) (map[int64][]float32, error) {
	lines := strings.Split(strings.TrimSpace(table), "\n")
	rows := make(map[int64][]float32, len(lines))
	for _, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		ordinal, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, err
		}
		row := make([]float32, len(fields)-1)
		for i, f := range fields[1:] {
			v, err := strconv.ParseFloat(f, 32)
			if err != nil {
				return nil, err
			}
			row[i] = float32(v)
		}
		rows[ordinal] = row
	}
	return rows, nil
}

// rows prints n rows of a data set in input order, those first of which there is something to tell.
func (d *demo) rows(name string, n int) error {
	rows, err := d.sortedRows(name)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b output.Row) int { return cmp.Compare(ordinary(a), ordinary(b)) })
	rows = rows[:min(n, len(rows))]
	slices.SortFunc(rows, func(a, b output.Row) int { return int(a.Ordinal - b.Ordinal) })
	fmt.Fprintf(d.out, "%-16s %8s %9s %8s  embedding\n", "id", "residues", "truncated", "unknown")
	for _, row := range rows {
		fmt.Fprintf(d.out, "%-16s %8d %9d %8d  %+.4f …\n", row.ID, row.Residues, row.Truncated, row.Unknown, row.Values[:min(4, len(row.Values))])
	}
	return nil
}

// ordinary is 0 for a record of which not every residue became the token it has, else 1.
func ordinary(row output.Row) int {
	if row.Unknown > 0 || row.Length != row.Residues {
		return 0
	}
	return 1
}
