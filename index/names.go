package index

import (
	"context"

	"github.com/zeebo/xxh3"
)

// namesExtension is the bucket by which records are found by their ids.
func (x *Index) namesExtension() *extension {
	return &extension{
		bucket: []byte("names"), version: 1, what: "names",
		size: func(x *Index) int64 { return 1<<20 + x.Len()*(fragmentSize+int64(positionWidth(x.Len())))*9/8 },
		fill: fillNames,
	}
}

// AddNames returns an index in which Find needs no look at all entries, with the bucket names made where there was none:
// once, at about half a microsecond and 8 bytes a record, in Options.Memory. It takes over x. Of the options it uses
// Memory, Threads, Temp and Log. An index that can't be written is returned without the bucket, which the log says.
//
// Errors, which leave no index open: ErrCorrupt, ctx's cause, and what opening an index gives.
func AddNames(ctx context.Context, x *Index, opt Options) (*Index, error) {
	return extend(ctx, x, opt, x.namesExtension())
}

// HasNames tells whether the index has the bucket names.
func (x *Index) HasNames() bool {
	head, err := x.extended(x.namesExtension())
	return head != nil && err == nil
}

// hashID is what ids are hashed by unless a test says otherwise.
func hashID(id []byte) uint64 { return xxh3.Hash(id) }
