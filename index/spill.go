package index

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// spill is a file for what does not fit in memory while an index is built: sorted runs, and hashes of ids. Where the
// system lets it the file has no name, so that nothing is left of it however the process ends; elsewhere the next build
// sweeps it.
type spill struct {
	file *os.File
	name string // to be removed at the end
	size int64
}

// newSpill makes the file at path.
func newSpill(path string) (*spill, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, spillError(err)
	}
	s := &spill{file: file, name: path}
	if os.Remove(path) == nil {
		s.name = ""
	}
	return s, nil
}

// close gives the file up; nil is no file.
func (s *spill) close() {
	if s == nil {
		return
	}
	s.file.Close()
	if s.name != "" {
		os.Remove(s.name)
	}
}

// reserve makes sure that there is room for so many bytes more.
func (s *spill) reserve(size int64) error {
	folder := filepath.Dir(s.file.Name())
	if free, known := freeSpace(folder); known && free < size {
		return spillError(fmt.Errorf("%s: %w: about %d bytes are needed, %d are free", folder, ErrNoSpace, size, free))
	}
	return nil
}

// append writes p at the end of the file.
func (s *spill) append(p []byte) error {
	n, err := s.file.WriteAt(p, s.size)
	s.size += int64(n)
	if isFull(err) {
		err = fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	if err != nil {
		return spillError(err)
	}
	return nil
}

func spillError(err error) error {
	return fmt.Errorf("records that do not fit in memory: %w; give more --memory, or another folder with --tmp", err)
}

// spilledRun is a sorted run in a spill: its pages as an index has them, each behind its size (uint32, little-endian)
// and its key.
type spilledRun struct{ start, end int64 }

const spilledHead = 4 + keySize

// writeRun appends the entries of a stream.
func (s *spill) writeRun(from stream) (spilledRun, error) {
	run := spilledRun{start: s.size}
	var position int64
	var buffer []byte
	for {
		rows, err := from.block()
		if err != nil {
			return run, err
		}
		if rows == nil || len(buffer) > 1<<20 {
			if err := s.append(buffer); err != nil {
				return run, err
			}
			buffer = buffer[:0]
		}
		if rows == nil {
			run.end = s.size
			return run, nil
		}
		key := rows.key(position)
		begin := len(buffer)
		buffer = append(append(buffer, 0, 0, 0, 0), key[:]...)
		buffer = rows.appendPage(buffer, key)
		binary.LittleEndian.PutUint32(buffer[begin:], uint32(len(buffer)-begin-spilledHead))
		position += int64(rows.count)
	}
}

// spilledStream reads a run back.
type spilledStream struct {
	spill *spill
	in    *bufio.Reader
	left  int64
	head  [spilledHead]byte
	value []byte
	page  page
	rows  rows
}

func (s *spill) stream(run spilledRun, bufferSize int) *spilledStream {
	size := run.end - run.start
	return &spilledStream{spill: s, left: size, in: bufio.NewReaderSize(io.NewSectionReader(s.file, run.start, size), bufferSize)}
}

func (s *spilledStream) block() (*rows, error) {
	if s.left == 0 {
		return nil, nil
	}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("%s: reading back what did not fit in memory: %w; check the disk", s.spill.file.Name(), err)
	}
	return &s.rows, nil
}

func (s *spilledStream) read() error {
	if _, err := io.ReadFull(s.in, s.head[:]); err != nil {
		return err
	}
	size := int64(binary.LittleEndian.Uint32(s.head[:]))
	if s.left -= spilledHead + size; s.left < 0 {
		return errors.New("a page is cut short")
	}
	if int64(cap(s.value)) < size {
		s.value = make([]byte, size)
	}
	s.value = s.value[:size]
	if _, err := io.ReadFull(s.in, s.value); err != nil {
		return err
	}
	if err := s.page.decode(s.head[4:], s.value); err != nil {
		return err
	}
	return s.page.readAll(&s.rows)
}
