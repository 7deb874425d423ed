package cpu

import (
	"fmt"

	"longfirst/infer/backend"
)

// checks holds what a stream was made for and its batch, and refuses operations whose shapes disagree: the first
// refusal ends the batch, and Finish reports it.
type checks struct {
	maxTokens    int
	maxSequences int
	batch        backend.Batch
	longest      int   // tokens of the longest sequence
	refused      error // the first operation with bad shapes
}

func newChecks(maxTokens, maxSequences int) (checks, error) {
	if maxTokens < 1 || maxSequences < 1 {
		return checks{}, fmt.Errorf("%w: a stream for %d tokens in %d sequences", ErrArgument, maxTokens, maxSequences)
	}
	return checks{maxTokens: maxTokens, maxSequences: maxSequences}, nil
}

// tokens returns T of the batch in hand.
func (c *checks) tokens() int { return len(c.batch.Tokens) }

func (c *checks) begin(b backend.Batch) error {
	if n := b.Sequences(); len(b.Tokens) > c.maxTokens || n < 1 || n > c.maxSequences ||
		b.CuSeqlens[0] != 0 || int(b.CuSeqlens[n]) != len(b.Tokens) {
		return fmt.Errorf("%w: a batch of %d tokens in %d sequences, the stream holds %d in %d",
			ErrArgument, len(b.Tokens), n, c.maxTokens, c.maxSequences)
	}
	c.batch, c.longest, c.refused = b, 0, nil
	for i := range b.Sequences() {
		c.longest = max(c.longest, int(b.CuSeqlens[i+1]-b.CuSeqlens[i]))
	}
	return nil
}

// fits refuses an operation whose shapes disagree.
func (c *checks) fits(ok bool, operation, format string, args ...any) bool {
	if !ok && c.refused == nil {
		c.refused = fmt.Errorf("%w: %s: %s", ErrArgument, operation, fmt.Sprintf(format, args...))
	}
	return ok
}

// The shapes of the operations; see package backend. Activations are given by their widths.

func (c *checks) fitsEmbed(dst int, table *matrix) bool {
	if !c.fits(dst == table.k, "embed", "table [%d, %d], destination of width %d", table.n, table.k, dst) {
		return false
	}
	for _, token := range c.batch.Tokens {
		if !c.fits(int(token) < table.n, "embed", "token %d of a table of %d", token, table.n) {
			return false
		}
	}
	return true
}

func (c *checks) fitsNorm(dst, src int, gain, bias *vector) bool {
	return c.fits(dst == src && gain.Len() == src && bias.Len() == src, "norm",
		"source of width %d, gain [%d], bias [%d], destination of width %d", src, gain.Len(), bias.Len(), dst)
}

func (c *checks) fitsLinear(operation string, dst, src int, w *matrix, bias *vector) bool {
	return c.fits(src == w.k && dst == w.n && bias.Len() == w.n, operation,
		"source of width %d, weight [%d, %d], bias [%d], destination of width %d", src, w.n, w.k, bias.Len(), dst)
}

func (c *checks) fitsQKV(dst, src int, w *matrix, bias, frequencies *vector, heads int) bool {
	return c.fits(w.n%3 == 0 && heads > 0 && w.n/3%(2*heads) == 0 && frequencies.Len() == w.n/3/heads/2, "qkv",
		"%d rows, %d heads, %d frequencies", w.n, heads, frequencies.Len()) &&
		c.fitsLinear("qkv", dst, src, w, bias)
}

func (c *checks) fitsAttention(dst, qkv, heads int) bool {
	return c.fits(heads > 0 && dst%heads == 0 && qkv == 3*dst, "attention",
		"%d heads, qkv of width %d, destination of width %d", heads, qkv, dst)
}

func (c *checks) fitsMean(dst []float32, src int) bool {
	sequences := c.batch.Sequences()
	return c.fits(len(dst) == sequences*src, "mean", "room for %d numbers of %d sequences of width %d", len(dst), sequences, src)
}

func (c *checks) fitsRead(dst []float32, src int) bool {
	return c.fits(len(dst) == c.tokens()*src, "read", "room for %d numbers of %d", len(dst), c.tokens()*src)
}
