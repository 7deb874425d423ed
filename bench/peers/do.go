package peers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

// Do does a task with this program's own packages. A read task copies the records, sorted, to copyTo where that is not
// empty. What Python's programs don't count does not count here either: starting, and loading a model.
func Do(ctx context.Context, t Task, copyTo string) (Outcome, error) {
	begin := time.Now()
	x, _, err := index.Ensure(ctx, []string{t.FASTA}, index.Options{})
	if err != nil {
		return Outcome{}, err
	}
	defer x.Close()
	switch t.Job {
	case Index, Reuse:
		return Outcome{Seconds: time.Since(begin).Seconds(), Records: x.Len(), Residues: x.Tokens()}, nil
	case Read:
		return read(ctx, x, copyTo)
	case Embed:
		return embedAll(ctx, x, t)
	}
	return Outcome{}, fmt.Errorf("%w: job %q", errors.ErrUnsupported, t.Job)
}

// read sums up all records longest first.
func read(ctx context.Context, x *index.Index, copyTo string) (o Outcome, err error) {
	out := bufio.NewWriterSize(io.Discard, 1<<20)
	if copyTo != "" {
		file, err := os.Create(copyTo)
		if err != nil {
			return o, err
		}
		defer file.Close()
		out.Reset(file)
	}
	begin := time.Now()
	var sum Sum
	sources := infer.NewSources(x)
	defer sources.Close()
	err = sources.Each(ctx, index.Share(x.Len(), 0, 1), func(r *infer.Record) error {
		if copyTo == "" {
			return sum.Add(r.Body)
		}
		out.Write(r.Header) // the first error is kept for Flush
		out.Write(r.Body)
		return nil
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return o, err
	}
	seconds := time.Since(begin).Seconds()
	if copyTo != "" {
		o, err = parseSorted(copyTo)
	} else {
		o = sum.Outcome
	}
	o.Seconds = seconds
	return o, err
}

// embedAll embeds all records and writes the rows in the order of the file.
func embedAll(ctx context.Context, x *index.Index, t Task) (o Outcome, err error) {
	device, err := cpu.New(t.Threads)
	if err != nil {
		return o, err
	}
	defer device.Close()
	model, err := esm2.Load(t.Model, device)
	if err != nil {
		return o, err
	}
	defer model.Close()
	embedder, err := infer.NewEmbedder(x, model, infer.EmbeddingColumn(model.Config()), infer.DropGaps, int64(t.Cut), infer.CPUTokenBudget)
	if err != nil {
		return o, err
	}
	defer embedder.Close()
	rows := make([][]float32, x.Len())
	begin := time.Now()
	err = embedder.Embed(ctx, index.Share(x.Len(), 0, 1), func(int64) (string, bool) { return "", false }, func(b *infer.Batch) error {
		for _, row := range b.Rows {
			rows[row.Ordinal] = slices.Clone(row.Values)
			o.Records++
			o.Residues += row.Residues
		}
		return nil
	})
	o.Seconds = time.Since(begin).Seconds()
	if err != nil {
		return o, err
	}
	return o, writeRows(t.Rows, rows)
}
