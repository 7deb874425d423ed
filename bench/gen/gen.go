package gen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// Options describe a FASTA file. The file ends with the record that reaches the first of the two limits.
type Options struct {
	Shape   Shape
	Seed    uint64
	Records int64 // 0: not limited
	Bytes   int64 // 0: not limited
	Length  int64 // residues of every record; 0: as the shape has it
}

// Summary is what was written.
type Summary struct {
	Records  int64
	Residues int64
	Longest  int64 // residues of the longest record
	Bytes    int64
}

func (o Options) check() (spec, error) {
	if o.Records < 0 || o.Bytes < 0 || o.Records == 0 && o.Bytes == 0 {
		return spec{}, fmt.Errorf("%w: %d records and %d bytes: give at least one limit above 0", ErrOption, o.Records, o.Bytes)
	}
	if o.Length < 0 {
		return spec{}, fmt.Errorf("%w: records of %d residues", ErrOption, o.Length)
	}
	shape, err := o.Shape.spec()
	if o.Length > 0 {
		shape.length = func(*rand.Rand, int64) int64 { return o.Length }
	}
	return shape, err
}

// Write writes the FASTA file of opt to w. Errors: ErrOption, w's, ctx's cause.
func Write(ctx context.Context, w io.Writer, opt Options) (Summary, error) {
	var sum Summary
	shape, err := opt.check()
	if err != nil {
		return sum, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil) // once the last record is written no more are made
	for batch := range shape.batches(ctx, opt) {
		b := <-batch
		upTo := sum.take(b, opt)
		if _, err := w.Write(b.text[:upTo]); err != nil {
			return sum, err
		}
		b.free()
		if sum.reached(opt) {
			return sum, nil
		}
	}
	return sum, context.Cause(ctx)
}

// take adds records of a batch up to the limits, and returns where in the text they end.
func (sum *Summary) take(b *batch, opt Options) (upTo int) {
	for i, length := range b.lengths {
		if sum.reached(opt) {
			break
		}
		sum.Records++
		sum.Residues += length
		sum.Longest = max(sum.Longest, length)
		sum.Bytes += int64(b.ends[i] - upTo)
		upTo = b.ends[i]
	}
	return upTo
}

func (sum *Summary) reached(opt Options) bool {
	return opt.Records > 0 && sum.Records >= opt.Records || opt.Bytes > 0 && sum.Bytes >= opt.Bytes
}

// WriteFile writes the FASTA file of opt to path. A file that could not be written whole is removed; with options that are
// refused, what stands there is left alone.
func WriteFile(ctx context.Context, path string, opt Options) (Summary, error) {
	if _, err := opt.check(); err != nil {
		return Summary{}, err
	}
	file, err := os.Create(path)
	if err != nil {
		return Summary{}, err
	}
	sum, err := Write(ctx, file, opt)
	if err = errors.Join(err, file.Close()); err != nil {
		return sum, errors.Join(fmt.Errorf("%s: %w", path, err), os.Remove(path))
	}
	return sum, nil
}
