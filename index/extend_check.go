package index

import (
	"context"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
)

// extensions are all there are.
func (x *Index) extensions() []*extension {
	return []*extension{x.namesExtension(), x.classesExtension()}
}

// checkExtension compares the bucket of an extension, if there is one, with what it would be filled with now.
func (x *Index) checkExtension(ctx context.Context, e *extension) error {
	head, err := x.extended(e)
	if head == nil || err != nil {
		return err
	}
	var bucket *bolt.Bucket
	if err := guard(x.path, func() error {
		bucket = x.tx.Bucket(e.bucket)
		return nil
	}); err != nil {
		return err
	}
	opt := Options{Temp: os.TempDir()}
	var pages int64
	own, err := e.fill(ctx, x, opt.resourcesBeside(x.path), func(key, value []byte) error {
		pages++
		return guard(x.path, func() error {
			if string(bucket.Get(key)) != string(value) {
				return x.extensionCorrupt(e, fmt.Errorf("page %d is missing or damaged", pages-1))
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if pages != head.pages || string(own) != string(head.own) {
		return x.extensionCorrupt(e, errExtensionHead)
	}
	return guard(x.path, func() error {
		var keys int64
		cursor := bucket.Cursor()
		for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
			keys++
		}
		if keys != pages+1 {
			return x.extensionCorrupt(e, fmt.Errorf("it has %d keys, not %d", keys, pages+1))
		}
		return nil
	})
}
