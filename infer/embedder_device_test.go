package infer

import (
	"testing"

	"longfirst/index"
	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/esm2"
)

// watchedDevice counts the batches that its streams have in hand.
type watchedDevice struct {
	backend.Backend
	inHand, most int
	broken       bool // a stream was given a batch while it had one
}

func (d *watchedDevice) NewStream(tokens, sequences int) (backend.Stream, error) {
	s, err := d.Backend.NewStream(tokens, sequences)
	return &watchedStream{Stream: s, device: d}, err
}

type watchedStream struct {
	backend.Stream
	device *watchedDevice
	busy   bool
}

func (s *watchedStream) Begin(b backend.Batch) error {
	s.device.broken = s.device.broken || s.busy
	s.busy = true
	s.device.inHand++
	s.device.most = max(s.device.most, s.device.inHand)
	return s.Stream.Begin(b)
}

func (s *watchedStream) Finish() error {
	if s.busy {
		s.busy = false
		s.device.inHand--
	}
	return s.Stream.Finish()
}

// TestBatchesOverlap: the next batch has begun before the one before it is waited for, each on a stream that is free.
func TestBatchesOverlap(t *testing.T) {
	x := buildIndex(t, manyRecords(60, 1))
	b, err := cpu.New(2)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	device := &watchedDevice{Backend: b}
	m, err := esm2.Load(tinyModel(t), device)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	e, err := NewEmbedder(x, m, EmbeddingColumn(m.Config()), DropGaps, 0, 300)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for range 2 {
		if rows, _ := embedAll(t, e, index.Share(x.Len(), 0, 1), none); len(rows) != 60 {
			t.Fatalf("%d rows", len(rows))
		}
	}
	if device.most != batchesOnDevice || device.inHand != 0 || device.broken {
		t.Errorf("at most %d batches in hand, %d at the end, one begun on a busy stream: %t", device.most, device.inHand, device.broken)
	}
}
