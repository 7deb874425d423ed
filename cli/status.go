package main

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// stderr is where everything but data goes.
var stderr = &statusLine{w: os.Stderr}

// statusLine writes lines, the last of which may be a status that is drawn over and over: whatever is written takes its
// place.
type statusLine struct {
	mu    sync.Mutex
	w     io.Writer
	drawn bool
}

const eraseLine = "\r\x1b[K"

func (s *statusLine) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	return s.w.Write(p)
}

// draw shows a status, in place of the one before.
func (s *statusLine) draw(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprint(s.w, eraseLine+text)
	s.drawn = true
}

// clear takes the status away.
func (s *statusLine) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
}

func (s *statusLine) erase() {
	if s.drawn {
		fmt.Fprint(s.w, eraseLine)
		s.drawn = false
	}
}
