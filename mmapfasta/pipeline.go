package mmapfasta

import (
	"context"
	"fmt"

	"github.com/zeebo/xxh3"

	"longfirst/mmapfasta/inorder"
)

// chunkSize is the bytes read, hashed and scanned at a time: enough that calls cost nothing, little enough that a chunk
// stays in a core's cache from one to the next.
const chunkSize = 256 << 10

// hasher computes the hash of a file from those of its chunks: the XXH3-128 of their XXH3-128s, big-endian, end to end.
// So the chunks of one file are hashed on several cores.
type hasher struct{ sum *xxh3.Hasher128 }

func newHasher() hasher { return hasher{xxh3.New128()} }

func (h hasher) add(chunk [16]byte) { h.sum.Write(chunk[:]) }

func (h hasher) hash() [16]byte { return h.sum.Sum128().Bytes() }

// reading is how a file is read: the offset where its text starts, the bytes of a chunk, and how many goroutines work.
type reading struct {
	start   int64
	size    int
	threads int
}

// chunks reads all of src in chunks, lets work look at each, on several goroutines where there are several threads, and
// hands them to take in order. A chunk is valid during these calls only.
func (src source) chunks(ctx context.Context, r reading, work func(*chunk), take func(*chunk) error) error {
	count := (src.size + int64(r.size) - 1) / int64(r.size)
	threads := max(1, int(min(int64(r.threads), count)))
	ahead := 1
	if threads > 1 {
		ahead = 2 * threads
	}
	err := inorder.Do(count, threads, make([]chunk, ahead), func(c *chunk, number int64) {
		if c.err = context.Cause(ctx); c.err == nil {
			c.err = src.load(c, number*int64(r.size), r)
		}
		if c.err == nil {
			work(c)
		}
	}, func(c *chunk, _ int64) error {
		if c.err != nil {
			return c.err
		}
		return take(c)
	})
	if err != nil {
		return err
	}
	if n, _ := src.ReadAt(make([]byte, 1), src.size); n > 0 {
		return fmt.Errorf("%s: %w: it has more than its %d bytes", src.path, ErrChanged, src.size)
	}
	return nil
}

// leadIn is the room before a chunk in its memory, of which the last byte is the one before the chunk in the file.
const leadIn = 64

// load reads and hashes the chunk at offset. Bytes before the text's start are hashed but are no data.
func (src source) load(c *chunk, offset int64, r reading) error {
	size := int(min(int64(r.size), src.size-offset))
	if c.memory == nil {
		c.memory = make([]byte, leadIn+min(int64(r.size), src.size))
	}
	before := 0
	if offset > 0 {
		before = 1
	}
	if err := src.readFull(c.memory[leadIn-before:leadIn+size], offset-int64(before)); err != nil {
		return err
	}
	c.end = offset + int64(size)
	c.base, c.data, c.previous = offset, c.memory[leadIn:leadIn+size], c.memory[leadIn-1]
	c.hash = xxh3.Hash128(c.data).Bytes()
	if skip := min(r.start-offset, int64(size)); skip > 0 {
		c.base, c.data = c.base+skip, c.data[skip:]
	}
	if c.base <= r.start {
		c.previous = '\n'
	}
	return nil
}
