package expand

import (
	"cmp"
	"io"
)

const (
	relaySize  = 256 << 10 // bytes of a piece
	relayAhead = 4         // pieces in hand
)

// relay copies r to w, writing a piece while the next ones are read: decompressing and what is done with the text go on
// at the same time. It returns when neither is running.
func relay(w io.Writer, r io.Reader) error {
	free, full := make(chan []byte, relayAhead), make(chan []byte, relayAhead)
	for range relayAhead {
		free <- nil
	}
	written := make(chan error, 1)
	go func() {
		defer close(free)
		for piece := range full {
			if _, err := w.Write(piece); err != nil {
				written <- err
				return
			}
			free <- piece[:cap(piece)]
		}
		written <- nil
	}()
	var reading error
	for piece := range free {
		if piece == nil {
			piece = make([]byte, relaySize)
		}
		var n int
		n, reading = fill(r, piece)
		full <- piece[:n]
		if reading != nil {
			break
		}
	}
	close(full)
	if reading == io.EOF {
		reading = nil
	}
	return cmp.Or(<-written, reading)
}

// fill reads until p is full or r fails, io.EOF included.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var read int
		read, err = r.Read(p[n:])
		n += read
	}
	return n, err
}
