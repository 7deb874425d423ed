package infer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"longfirst/infer/output"
)

// Recomputed is a row of a data set beside what computing it again gives.
type Recomputed struct {
	Ordinal   int64
	ID        string
	Identical bool    // bit for bit, in all columns
	Largest   float64 // largest difference, as a share of the largest value of its column
	Cosine    float64 // of the angle between them, in the column where it is least
}

// Sample computes n records, spread evenly over the index, again, and compares them with the rows of the data set.
// Records that the data set states to be empty or failed are passed over.
func (e *Embedder) Sample(ctx context.Context, plan *Plan, dir output.Dir, n int64) ([]Recomputed, error) {
	total := plan.Index.Len()
	n = min(n, total)
	var results []Recomputed
	for i := range n {
		position := i * total / n
		rank := int(position % int64(plan.World))
		cuts, err := plan.Cuts(rank)
		if err != nil {
			return nil, err
		}
		item := position / int64(plan.World)
		id := output.PartID{Rank: rank, World: plan.World, Block: cuts.Of(item)}
		none := func(int64) (string, bool) { return "", false }
		err = e.Embed(ctx, plan.Share(rank).Sub(item, item+1), none, func(b *Batch) error {
			for _, row := range b.Rows {
				r, found, err := compareRow(dir.Part(id), row)
				if err != nil {
					return err
				}
				if found {
					results = append(results, r)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// compareRow finds the row of a record in a part and compares it.
func compareRow(path string, again output.Row) (r Recomputed, found bool, err error) {
	part, err := output.OpenPart(path)
	if err != nil {
		return r, false, err
	}
	defer part.Close()
	for row, err := range part.Rows() {
		if err != nil {
			return r, false, err
		}
		if row.Ordinal != again.Ordinal {
			continue
		}
		if row.MD5 != again.MD5 || row.Residues != again.Residues {
			return r, false, fmt.Errorf("%s: record %s (ordinal %d) was computed from another sequence than the FASTA file holds now",
				path, row.ID, row.Ordinal)
		}
		r = Recomputed{Ordinal: row.Ordinal, ID: row.ID, Identical: true, Cosine: 1}
		return r, true, r.compareColumns(part, row, &again)
	}
	return r, false, nil
}

// compareColumns compares what a part holds of a row with what came out again.
func (r *Recomputed) compareColumns(part *output.Part, row, again *output.Row) error {
	was := row.Values
	for c, values := range part.Info.Columns.InRows().Split(again.Values) {
		r.compare(c.Element(part.Info.DType), was[:c.Width], values)
		was = was[c.Width:]
	}
	for i, c := range part.Info.Columns.InArrays() {
		array, err := part.OpenArray(c)
		if err != nil {
			return err
		}
		was, err := array.Read(row.Offsets[i], row.Residues)
		if err := errors.Join(err, array.Close()); err != nil {
			return err
		}
		r.compare(part.Info.DType, was, again.PerResidue[i])
	}
	return nil
}

// compare takes note of a column, stored as t.
func (r *Recomputed) compare(t output.DType, was, again []float32) {
	if t == output.Float16 {
		output.RoundToFloat16(again)
	}
	r.Identical = r.Identical && slices.Equal(was, again)
	r.Largest = max(r.Largest, LargestDifference(was, again))
	r.Cosine = min(r.Cosine, Cosine(was, again))
}

// LargestDifference returns the largest |a-b| as a share of the largest |a|.
func LargestDifference(a, b []float32) float64 {
	var difference, largest float64
	for i := range a {
		difference = max(difference, math.Abs(float64(a[i])-float64(b[i])))
		largest = max(largest, math.Abs(float64(a[i])))
	}
	if largest == 0 {
		return difference
	}
	return difference / largest
}

// Cosine returns the cosine of the angle between two rows; two of zeros are equal.
func Cosine(a, b []float32) float64 {
	var product, squareA, squareB float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		product, squareA, squareB = product+x*y, squareA+x*x, squareB+y*y
	}
	if squareA == 0 && squareB == 0 {
		return 1
	}
	return product / math.Sqrt(squareA*squareB)
}
