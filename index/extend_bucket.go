package index

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// transactionBytes bounds what a transaction holds, which bbolt copies once.
const transactionBytes = 2 << 20

// bucketWriter fills a bucket with pairs whose keys ascend, many to a transaction.
type bucketWriter struct {
	db      *bolt.DB
	name    []byte
	pending []pair
	size    int
}

type pair struct{ key, value []byte }

// clear makes the bucket empty: there may be one of another version.
func (w *bucketWriter) clear() error {
	return w.db.Update(func(tx *bolt.Tx) error {
		if tx.Bucket(w.name) != nil {
			if err := tx.DeleteBucket(w.name); err != nil {
				return err
			}
		}
		_, err := tx.CreateBucket(w.name)
		return err
	})
}

func (w *bucketWriter) put(ctx context.Context, key, value []byte) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	memory := append(append(make([]byte, 0, len(key)+len(value)), key...), value...)
	w.pending = append(w.pending, pair{memory[:len(key):len(key)], memory[len(key):]})
	if w.size += len(memory); w.size < transactionBytes {
		return nil
	}
	return w.flush()
}

func (w *bucketWriter) flush() error {
	err := w.db.Update(func(tx *bolt.Tx) error {
		bucket := tx.Bucket(w.name)
		bucket.FillPercent = 1 // keys arrive in order
		for _, p := range w.pending {
			if err := bucket.Put(p.key, p.value); err != nil {
				return err
			}
		}
		return nil
	})
	w.pending, w.size = w.pending[:0], 0
	return err
}
