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
	return o.Shape.spec()
}

// bufferBytes is written at a time.
const bufferBytes = 1 << 20

// Write writes the FASTA file of opt to w. Errors: ErrOption, w's, ctx's cause.
func Write(ctx context.Context, w io.Writer, opt Options) (Summary, error) {
	var sum Summary
	shape, err := opt.check()
	if err != nil {
		return sum, err
	}
	out := &buffer{w: w, ctx: ctx, text: make([]byte, 0, bufferBytes)}
	source := rand.NewPCG(0, 0)
	draw := rand.New(source)
	for {
		ordinal := sum.Records
		source.Seed(scramble(opt.Seed), scramble(^uint64(ordinal)))
		length := shape.length(draw)
		out.text = shape.header(out.text, draw, ordinal)
		if err := shape.body(out, source, length); err != nil {
			return sum, err
		}
		sum.Records++
		sum.Residues += length
		sum.Longest = max(sum.Longest, length)
		sum.Bytes = out.written + int64(len(out.text))
		if sum.Records == opt.Records || opt.Bytes > 0 && sum.Bytes >= opt.Bytes {
			return sum, out.flush()
		}
	}
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

// buffer collects text and hands it on in large pieces.
type buffer struct {
	w       io.Writer
	ctx     context.Context
	text    []byte
	written int64 // before text
}

func (b *buffer) flush() error {
	if err := context.Cause(b.ctx); err != nil {
		return err
	}
	n, err := b.w.Write(b.text)
	b.written += int64(n)
	b.text = b.text[:0]
	return err
}

// reserve makes room for n more bytes.
func (b *buffer) reserve(n int) error {
	if len(b.text)+n <= cap(b.text) {
		return nil
	}
	return b.flush()
}

// scramble spreads a small number over 64 bits, so that neighbouring seeds and ordinals start far apart (the finalizer of
// SplitMix64, Steele et al. 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
