package index

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// eachExtensionPage calls take with a copy of every page of an extension that the index has.
func (x *Index) eachExtensionPage(ctx context.Context, e *extension, take putFunc) error {
	var cursor *bolt.Cursor
	var key, value []byte
	step := func() error { // guarded: bbolt's bytes may fault, and what take does is not ours
		var k, v []byte
		if cursor == nil {
			cursor = x.tx.Bucket(e.bucket).Cursor()
			cursor.Seek(headKey)
		}
		if k, v = cursor.Next(); int64(len(v)) > x.size {
			return x.extensionCorrupt(e, errPageShape)
		}
		key, value = append(key[:0], k...), append(value[:0], v...)
		return nil
	}
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := guard(x.path, step); err != nil || len(key) == 0 {
			return err
		}
		if err := take(key, value); err != nil {
			return err
		}
	}
}
