package infer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"longfirst/infer/output"
)

// Recomputed is a row of a data set beside what computing it again gives.
type Recomputed struct {
	Ordinal   int64
	ID        string
	Identical bool    // bit for bit
	Largest   float64 // largest difference, as a share of the row's largest value
	Cosine    float64 // of the angle between them
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
		if part.Info.DType == output.Float16 {
			output.RoundToFloat16(again.Embedding)
		}
		r = Recomputed{Ordinal: row.Ordinal, ID: row.ID, Identical: slices.Equal(row.Embedding, again.Embedding)}
		r.Largest, r.Cosine = LargestDifference(row.Embedding, again.Embedding), cosine(row.Embedding, again.Embedding)
		return r, true, nil
	}
	return r, false, nil
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

// cosine returns the cosine of the angle between two rows.
func cosine(a, b []float32) float64 {
	var product, squareA, squareB float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		product, squareA, squareB = product+x*y, squareA+x*x, squareB+y*y
	}
	return product / math.Sqrt(squareA*squareB)
}
