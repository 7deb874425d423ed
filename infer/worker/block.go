package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"longfirst/infer"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
	"longfirst/mmapfasta/mapped"
)

// compute computes a leased block and publishes its part, or computes the items of a probe and publishes nothing.
func (w *blockWorker) compute(ctx context.Context, lease Lease, life *life, report func(Progress) error) (Done, error) {
	life.believe(w.embedder.Beats)
	begin := time.Now()
	done := Done{Rank: lease.Rank, Block: lease.Block}
	block, start, stop, err := w.plan.Block(lease.Rank, lease.Block)
	if err != nil {
		return done, err
	}
	refuse := func(position int64) (string, bool) {
		reason, ok := lease.Refuse[position]
		return reason, ok
	}
	if lease.Probe != nil {
		err := w.embedder.Embed(ctx, block.Sub(lease.Probe.Start, lease.Probe.Stop), refuse, func(*infer.Batch) error { return nil })
		done.Seconds = time.Since(begin).Seconds()
		return done, err
	}
	part, err := output.CreatePart(w.dir, w.partInfo(lease, start, stop))
	if err != nil {
		return done, w.explain(err)
	}
	var skips []output.Skip
	err = w.embedder.Embed(ctx, block, refuse, func(b *infer.Batch) error {
		b.Drop(w.orders.Options.Columns, w.orders.Options.DType)
		if err := part.Append(b.Rows); err != nil {
			return err
		}
		skips = append(skips, b.Skips...)
		c := count(b)
		done.Counts.Add(c)
		return report(Progress{Rank: lease.Rank, Block: lease.Block, Residues: c.Residues, Records: c.Records})
	})
	if err == nil {
		err = w.unchanged()
	}
	if err != nil {
		part.Abort()
		return done, err
	}
	done.Seconds = time.Since(begin).Seconds()
	life.believeFor(publishingTime)
	return done, w.explain(part.Publish(skips))
}

// unchanged checks that the block was computed from the files of the run's orders, before it is published.
func (w *blockWorker) unchanged() error {
	if err := w.embedder.Sources.Unchanged(); err != nil {
		return err
	}
	if err := esm2.CheckStamps(w.orders.Model, w.orders.ModelFiles); err != nil {
		return fmt.Errorf("%w: %w; restore it, or begin anew with --overwrite", ErrModelChanged, err)
	}
	return nil
}

// explain says so where a file could not be written because its folder is gone.
func (w *blockWorker) explain(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, folder := range []string{w.dir.Embeddings(), w.dir.Tmp()} {
		if _, missing := os.Stat(folder); errors.Is(missing, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w: %w", folder, ErrOutGone, err)
		}
	}
	return err
}

func (w *blockWorker) partInfo(lease Lease, start, stop int64) output.PartInfo {
	o := w.orders
	return output.PartInfo{
		PartID:       output.PartID{Rank: lease.Rank, World: o.World, Block: lease.Block},
		FirstItem:    start,
		Items:        stop - start,
		IndexDigest:  o.IndexDigest,
		ModelDigest:  o.ModelDigest,
		NumericClass: w.backend.Class(),
		Columns:      o.Options.Columns,
		DType:        o.Options.DType,
		Program:      o.Program,
	}
}

func count(b *infer.Batch) Counts {
	var c Counts
	for _, row := range b.Rows {
		c.Records++
		c.Residues += row.Residues
		c.Removed += row.Length - row.Residues - row.Truncated
		c.Unknown += row.Unknown
		if row.Truncated > 0 {
			c.Truncated++
			c.Cut += row.Truncated
		}
	}
	for _, s := range b.Skips {
		if s.Reason == output.SkipEmpty {
			c.Empty++
		} else {
			c.Failed++
		}
	}
	return c
}

// stopsRun tells the failures that every block would meet from those that belong to one block.
func stopsRun(err error) bool {
	for _, target := range []error{mapped.ErrChanged, mapped.ErrTruncated, infer.ErrNotIndexed, infer.ErrNoBlock, esm2.ErrWeights, backend.ErrUnsupported, ErrOutGone, ErrModelChanged,
		fs.ErrPermission, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EFBIG} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
