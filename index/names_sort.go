package index

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"
)

// name is what the bucket names holds of a record.
type name struct {
	hash     uint64 // of its id
	position int64
}

const nameSize = 16 // bytes, in memory and in a spill

func compareNames(a, b name) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.position, b.position))
}

// sortNames sorts names, which come by position, with the help of scratch of the same size: dealt by their highest bits
// into parts of a few, which are then sorted one by one. Hashes are alike in number everywhere but for ids that repeat.
func sortNames(names, scratch []name) []name {
	const perPart = 8
	shift := 64 - max(1, min(16, bits.Len(uint(len(names)/perPart))))
	next := make([]int, 1<<(64-shift)+1)
	for _, n := range names {
		next[n.hash>>shift+1]++
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	sorted := scratch[:len(names)]
	for _, n := range names {
		part := n.hash >> shift
		sorted[next[part]] = n
		next[part]++ // in the end, where the part ends
	}
	start := 0
	for _, end := range next[:len(next)-1] {
		slices.SortFunc(sorted[start:end], compareNames)
		start = end
	}
	return sorted
}

// nameSorter sorts any number of names in bounded memory: full runs are sorted and spilled, and merged in the end.
type nameSorter struct {
	names, scratch []name
	limit          int // names in a run
	spill          func() (*spill, error)
	runs           []spilledNames
}

// spilledNames lie in the spill as blocks: CRC-32C and number of names, uint32, little-endian, then the names.
type spilledNames struct{ start, end int64 }

const (
	namesPerBlock = 1 << 12
	nameBlockHead = 8
)

// newNameSorter keeps within about memory bytes; total names are to come.
func newNameSorter(memory, total int64, spill func() (*spill, error)) *nameSorter {
	limit := int(min(max(memory/(2*nameSize), namesPerBlock), max(total, 1)))
	return &nameSorter{names: make([]name, 0, limit), scratch: make([]name, limit), limit: limit, spill: spill}
}

// add takes the next name. Positions ascend.
func (s *nameSorter) add(n name) error {
	if len(s.names) == s.limit {
		if err := s.spillRun(); err != nil {
			return err
		}
	}
	s.names = append(s.names, n)
	return nil
}

func (s *nameSorter) spillRun() error {
	file, err := s.spill()
	if err != nil {
		return err
	}
	run := spilledNames{start: file.size}
	for block := range slices.Chunk(sortNames(s.names, s.scratch), namesPerBlock) {
		text := make([]byte, nameBlockHead, nameBlockHead+nameSize*len(block))
		binary.LittleEndian.PutUint32(text[4:], uint32(len(block)))
		for _, n := range block {
			text = binary.LittleEndian.AppendUint64(text, n.hash)
			text = binary.LittleEndian.AppendUint64(text, uint64(n.position))
		}
		binary.LittleEndian.PutUint32(text, crc32.Checksum(text[4:], castagnoli))
		if err := file.append(text); err != nil {
			return err
		}
	}
	run.end = file.size
	s.runs, s.names = append(s.runs, run), s.names[:0]
	return nil
}

// each calls take with all names in order.
func (s *nameSorter) each(take func(name) error) error {
	if len(s.runs) == 0 {
		for _, n := range sortNames(s.names, s.scratch) {
			if err := take(n); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spillRun(); err != nil {
		return err
	}
	s.names, s.scratch = nil, nil
	file, err := s.spill()
	if err != nil {
		return err
	}
	var merged nameHeap
	for _, run := range s.runs {
		r := &nameRun{file: file, in: bufio.NewReaderSize(io.NewSectionReader(file.file, run.start, run.end-run.start), 1<<16)}
		if ok, err := r.next(); err != nil {
			return err
		} else if ok {
			merged = append(merged, r)
		}
	}
	heap.Init(&merged)
	for len(merged) > 0 {
		r := merged[0]
		if err := take(r.first); err != nil {
			return err
		}
		if ok, err := r.next(); err != nil {
			return err
		} else if !ok {
			heap.Pop(&merged)
			continue
		}
		heap.Fix(&merged, 0)
	}
	return nil
}

// nameRun reads a run back.
type nameRun struct {
	file  *spill
	in    *bufio.Reader
	first name
	block []byte // of names behind first
}

// next makes the next name the first, false at the end.
func (r *nameRun) next() (bool, error) {
	if len(r.block) == 0 {
		ok, err := r.readBlock()
		if err != nil {
			return false, fmt.Errorf("%s: reading back what did not fit in memory: %w; check the disk", r.file.file.Name(), err)
		}
		if !ok {
			return false, nil
		}
	}
	r.first = name{binary.LittleEndian.Uint64(r.block), int64(binary.LittleEndian.Uint64(r.block[8:]))}
	r.block = r.block[nameSize:]
	return true, nil
}

func (r *nameRun) readBlock() (bool, error) {
	var head [nameBlockHead]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		if err == io.EOF {
			return false, nil
		}
		return false, err
	}
	count := binary.LittleEndian.Uint32(head[4:])
	if count == 0 || count > namesPerBlock {
		return false, errors.New("a block is damaged")
	}
	r.block = make([]byte, nameSize*count)
	if _, err := io.ReadFull(r.in, r.block); err != nil {
		return false, err
	}
	if binary.LittleEndian.Uint32(head[:]) != crc32.Update(crc32.Checksum(head[4:], castagnoli), castagnoli, r.block) {
		return false, errors.New("a block fails its checksum")
	}
	return true, nil
}

// nameHeap orders runs by their first names.
type nameHeap []*nameRun

func (h nameHeap) Len() int           { return len(h) }
func (h nameHeap) Less(i, j int) bool { return compareNames(h[i].first, h[j].first) < 0 }
func (h nameHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *nameHeap) Push(run any)      { *h = append(*h, run.(*nameRun)) }
func (h *nameHeap) Pop() any {
	last := len(*h) - 1
	run := (*h)[last]
	*h = (*h)[:last]
	return run
}
