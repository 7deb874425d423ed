package workloads

import (
	"context"
	"errors"
	"fmt"
	"time"

	"longfirst/bench"
	"longfirst/bench/limits"
	"longfirst/index"
	"longfirst/infer"
	"longfirst/mmapfasta/mapped"
)

// ColdOrder reads records that follow each other in the sorted order from a file of which nothing is in memory, as when
// it is larger than memory: once as the program does, which tells the kernel of records before it reads them, and once
// through a mapping that nothing is said about. The records are so few that none of them brings what another needs but
// by reading ahead. "Cold" is for this system; what lies below, a host's cache for one, may be warm.
type ColdOrder struct {
	In *input

	index           *index.Index
	path            string
	records         index.Range
	told, plain     bodySum
	toldIn, plainIn time.Duration
}

const coldRecords = 4096

func (w *ColdOrder) Name() string { return "read-cold" }

func (w *ColdOrder) Case() string { return "input=" + w.In.String() }

func (w *ColdOrder) Shows() string {
	return "how fast records in length order come from a file of which nothing is in the page cache, and how many times as fast that is as a mapping that nothing is said about"
}

func (w *ColdOrder) Limits() []limits.Limit { return []limits.Limit{oneReader} }

func (w *ColdOrder) Prepare(ctx context.Context, dir string) (err error) {
	if w.index, err = w.In.index(ctx, dir); err != nil {
		return err
	}
	w.path = w.In.paths[0]
	n := w.index.Len()
	w.records = index.Share(n, 0, 1).Sub(n/2, min(n, n/2+coldRecords))
	return evict(w.path)
}

// Run times its two halves itself: emptying the cache before each is no part of them.
func (w *ColdOrder) Run(ctx context.Context) error {
	w.told, w.plain = bodySum{}, bodySum{}
	if err := w.readTold(ctx); err != nil {
		return err
	}
	return w.readPlain()
}

func (w *ColdOrder) readTold(ctx context.Context) error {
	if err := evict(w.path); err != nil {
		return err
	}
	begun := time.Now()
	sources := infer.NewSources(w.index)
	err := sources.Each(ctx, w.records, func(r *infer.Record) error {
		w.told.add(r.Body)
		return nil
	})
	w.toldIn = time.Since(begun)
	return errors.Join(err, sources.Close())
}

func (w *ColdOrder) readPlain() error {
	if err := evict(w.path); err != nil {
		return err
	}
	begun := time.Now()
	file, err := mapped.Open(w.path)
	if err != nil {
		return err
	}
	for e, err := range w.index.Entries(w.records) {
		if err != nil {
			return errors.Join(err, file.Close())
		}
		body, err := file.View(e.BodyOffset, e.BodyEnd, nil)
		if err != nil {
			return errors.Join(err, file.Close())
		}
		w.plain.add(body)
	}
	w.plainIn = time.Since(begun)
	return file.Close()
}

func (w *ColdOrder) Figures(bench.Elapsed) []bench.Figure {
	n := float64(w.records.Len())
	return []bench.Figure{
		bench.PerSecond("records/s", n, w.toldIn),
		bench.PerSecond("plain-records/s", n, w.plainIn),
		{Unit: "times-plain", Value: float64(w.plainIn) / float64(w.toldIn)},
	}
}

// Check compares what both ways read.
func (w *ColdOrder) Check(context.Context) error {
	if w.told != w.plain || w.told.bytes == 0 {
		return fmt.Errorf("%s: %d bytes, hash %016x one way, %d, hash %016x the other", w.path, w.told.bytes, w.told.hash, w.plain.bytes, w.plain.hash)
	}
	return nil
}

func (w *ColdOrder) Sentence(r *bench.Result) string {
	return fmt.Sprintf("Reading longest first with nothing in memory (%s): %.0f records/s, %.1f times a plain mapping; both read the same bytes.",
		w.In, r.Main().Median, r.Find("times-plain").Median)
}

func (w *ColdOrder) Close() error {
	if w.index == nil {
		return nil
	}
	return w.index.Close()
}
