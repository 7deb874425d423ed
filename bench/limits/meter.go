package limits

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Meter measures limits. It is not safe for concurrent use.
type Meter struct {
	loop    fmaLoop
	memory  []byte
	file    *os.File
	size    int64 // of the file
	workers []worker

	gpu GPU // nil without one

	disk     *os.File // the file again, read uncached; nil where that is not possible
	uncached string   // how
	cached   error    // why not
}

// worker is the state of one thread of a Meter. It goes on where it stopped, through all of its memory, so that nothing
// is read from a cache.
type worker struct {
	read     []byte // section of the memory
	from, to []byte // the halves of the section
	sums     [maxWidth]float32
	buffer   []byte // read calls copy into this; begins at a page, as O_DIRECT wants
	cursor   [kinds]int64
	_        [64]byte // keeps the cursors of two threads on lines of their own
}

const (
	memoryBytes = 256 << 20
	fileBytes   = 128 << 20

	stepTurns = 1 << 17  // of the FMA loop, about 0.3 ms
	stepBytes = 1 << 20  // of memory and files: of the size the scanner reads with
	pattern   = byte(90) // fills memory and file
)

// NewMeter prepares to measure limits of up to that many threads: it takes 256 MiB of memory, and in dir a file of 128 MiB
// that Close removes; dir's file system is the one whose disk is read.
func NewMeter(dir string, threads int) (*Meter, error) {
	return newMeter(dir, threads, memoryBytes, fileBytes)
}

func newMeter(dir string, threads, memoryBytes, fileBytes int) (_ *Meter, err error) {
	if threads < 1 {
		return nil, fmt.Errorf("%w: of %d threads", ErrLimit, threads)
	}
	m := &Meter{loop: fmaLoops[0], size: int64(fileBytes), workers: make([]worker, threads)}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	if m.memory, err = allocate(memoryBytes + threads*stepBytes); err != nil {
		return nil, fmt.Errorf("memory to measure: %w", err)
	}
	for i := range m.memory { // also gives every page memory of its own
		m.memory[i] = pattern
	}
	buffers := m.memory[memoryBytes:]
	section := memoryBytes / threads
	for i := range m.workers {
		w := &m.workers[i]
		w.read = m.memory[i*section : (i+1)*section]
		w.from, w.to = w.read[:section/2], w.read[section/2:section/2*2]
		w.buffer = buffers[i*stepBytes : (i+1)*stepBytes]
		w.cursor[FileRead] = m.size / int64(threads) * int64(i) / stepBytes * stepBytes
		w.cursor[DiskRead] = w.cursor[FileRead]
	}
	if m.file, err = os.Create(filepath.Join(dir, "file-read")); err != nil {
		return nil, err
	}
	if _, err = m.file.Write(m.memory[:fileBytes]); err != nil {
		return nil, err
	}
	if err = m.file.Sync(); err != nil {
		return nil, err
	}
	// Buffers are filled by reads of what the memory holds anyway.
	if m.disk, m.uncached, m.cached = openUncached(m.file.Name(), m.workers[0].buffer); m.cached != nil && !errors.Is(m.cached, ErrUncached) {
		return nil, m.cached
	}
	return m, nil
}

// Method says how a limit is measured, where there are several ways. Errors: ErrUncached, ErrNoGPU, where there is none.
func (m *Meter) Method(l Limit) (string, error) {
	switch {
	case l.Kind == DiskRead:
		return m.uncached, m.cached
	case l.Kind.onGPU() && m.gpu == nil:
		return "", ErrNoGPU
	case l.Kind.onGPU():
		return m.gpu.String(), nil
	}
	return "", nil
}

// Close frees the memory and removes the file.
func (m *Meter) Close() error {
	var errs []error
	if m.memory != nil {
		errs = append(errs, release(m.memory))
		m.memory = nil
	}
	if m.disk != nil {
		errs = append(errs, m.disk.Close())
		m.disk = nil
	}
	if m.file != nil {
		errs = append(errs, m.file.Close(), os.Remove(m.file.Name()))
		m.file = nil
	}
	return errors.Join(errs...)
}

// Measure runs the threads of a limit for about that long and returns the rate, in the unit of the limit, that they
// reached together.
func (m *Meter) Measure(l Limit, duration time.Duration) (float64, error) {
	if l.Kind >= kinds || l.Threads < 1 || l.Threads > len(m.workers) {
		return 0, fmt.Errorf("%w: kind %d on %d threads, of at most %d", ErrLimit, l.Kind, l.Threads, len(m.workers))
	}
	if _, err := m.Method(l); err != nil {
		return 0, err
	}
	if l.Kind.onGPU() {
		rate, err := measureGPU(m.gpu, l.Kind, duration)
		return rate / l.Kind.Scale(), err
	}
	var group sync.WaitGroup
	amounts := make([]int64, l.Threads)
	errs := make([]error, l.Threads)
	begin := time.Now()
	for i := range l.Threads {
		group.Go(func() {
			for {
				n, err := m.step(l.Kind, &m.workers[i])
				amounts[i] += n
				if err != nil {
					errs[i] = err
					return
				}
				if time.Since(begin) >= duration {
					return
				}
			}
		})
	}
	group.Wait()
	elapsed := time.Since(begin).Seconds()
	var total int64
	for _, n := range amounts {
		total += n
	}
	return float64(total) / elapsed / l.Kind.Scale(), errors.Join(errs...)
}
