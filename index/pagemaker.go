package index

import (
	"context"
	"io"

	bolt "go.etcd.io/bbolt"
)

// pageMaker makes pages ahead of the transactions that write them.
type pageMaker struct {
	full  chan *pageBatch // closed behind the last
	empty chan *pageBatch
}

// pageBatch is the pages of one transaction. bbolt keeps values until their transaction is committed; then the memory is
// used again.
type pageBatch struct {
	keys   [][keySize]byte
	ends   []int
	memory []byte // the pages, end to end
	err    error  // instead of pages
}

// batchesAhead is how many transactions' pages are in memory.
const batchesAhead = 2

// makePages calls pages until its end, its first error or that of ctx, which come in a batch of their own.
func makePages(ctx context.Context, pages func(dst []byte) ([keySize]byte, []byte, error)) pageMaker {
	m := pageMaker{make(chan *pageBatch, batchesAhead), make(chan *pageBatch, batchesAhead)}
	for range batchesAhead {
		m.empty <- &pageBatch{}
	}
	go func() {
		defer close(m.full)
		for {
			var batch *pageBatch
			select {
			case batch = <-m.empty:
			case <-ctx.Done():
				return
			}
			more := batch.fill(pages)
			if len(batch.keys) > 0 || batch.err != nil {
				m.full <- batch // has room for all there are
			}
			if !more {
				return
			}
		}
	}()
	return m
}

// fill makes up to a transaction's pages and tells whether there may be more.
func (b *pageBatch) fill(pages func(dst []byte) ([keySize]byte, []byte, error)) bool {
	b.keys, b.ends, b.memory = b.keys[:0], b.ends[:0], b.memory[:0]
	for range pagesPerTransaction {
		key, memory, err := pages(b.memory)
		if err == io.EOF {
			return false
		}
		if err != nil {
			b.err = err
			return false
		}
		b.memory = memory
		b.keys, b.ends = append(b.keys, key), append(b.ends, len(memory))
	}
	return true
}

// put writes the pages in their order, which is that of the bucket.
func (b *pageBatch) put(tx *bolt.Tx, sum digester) error {
	bucket, err := tx.CreateBucketIfNotExists(bucketLength)
	if err != nil {
		return err
	}
	bucket.FillPercent = 1 // keys arrive in order
	start := 0
	for i, end := range b.ends {
		value := b.memory[start:end:end]
		start = end
		sum.page(value)
		if err := bucket.Put(b.keys[i][:], value); err != nil {
			return err
		}
	}
	return nil
}
