package gen

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
)

// batch is the text of records that follow each other.
type batch struct {
	text    []byte
	ends    []int   // of each record, in text
	lengths []int64 // of each record, in residues
}

// spare keeps batches whose memory can be used again.
var spare = sync.Pool{New: func() any { return new(batch) }}

func (b *batch) free() { spare.Put(b) }

// batches makes the records of a file on all cores, and yields what will hold them in their order.
func (s spec) batches(ctx context.Context, opt Options) <-chan chan *batch {
	inOrder := make(chan chan *batch, runtime.GOMAXPROCS(0))
	go func() {
		defer close(inOrder)
		for first := int64(0); opt.Records == 0 || first < opt.Records; first += s.batch {
			n := s.batch
			if opt.Records > 0 {
				n = min(n, opt.Records-first)
			}
			made := make(chan *batch, 1)
			select {
			case inOrder <- made:
				go func() { made <- s.make(opt.Seed, first, n) }()
			case <-ctx.Done():
				return
			}
		}
	}()
	return inOrder
}

// make makes n records from an ordinal on.
func (s spec) make(seed uint64, first, n int64) *batch {
	b := spare.Get().(*batch)
	b.text, b.ends, b.lengths = b.text[:0], b.ends[:0], b.lengths[:0]
	source := rand.NewPCG(0, 0)
	draw := rand.New(source)
	for ordinal := first; ordinal < first+n; ordinal++ {
		drawn := ordinal - ordinal%s.copies
		source.Seed(scramble(seed), scramble(^uint64(drawn)))
		length := s.length(draw, drawn)
		b.text = s.header(b.text, draw, drawn)
		b.text = s.body(b.text, source, length)
		b.ends = append(b.ends, len(b.text))
		b.lengths = append(b.lengths, length)
	}
	return b
}

// scramble spreads a small number over 64 bits, so that neighbouring seeds and ordinals start far apart (the finalizer of
// SplitMix64, Steele et al. 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
