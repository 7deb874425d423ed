package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"longfirst/index"
	"longfirst/infer"
)

// idGetter gets records by their ids and keeps account of what was asked for.
type idGetter struct {
	log            *slog.Logger
	index          *index.Index
	sources        *infer.Sources
	asked, missing int64
}

// idsAtATime bounds the memory that ids take.
const idsAtATime = 1 << 17

// all writes the records of the ids of the command line, then those of a file, or of standard input for -.
func (g *idGetter) all(ctx context.Context, arguments []string, file string, write func(*infer.Record) error) error {
	var in io.Reader = strings.NewReader("")
	switch file {
	case "":
	case "-":
		in = os.Stdin
	default:
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("--ids-from: %w", err)
		}
		defer f.Close()
		in = f
	}
	var ids [][]byte
	for _, id := range arguments {
		ids = append(ids, []byte(id))
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), longestIDLine)
	var text []byte // of ids, many in one piece of memory
	for lines.Scan() {
		line := bytes.TrimLeft(lines.Bytes(), " \t\r\v\f")
		if end := bytes.IndexAny(line, " \t\r\v\f"); end >= 0 {
			line = line[:end]
		}
		if len(line) == 0 {
			continue
		}
		if len(line) > cap(text)-len(text) {
			text = make([]byte, 0, max(1<<16, len(line)))
		}
		text = append(text, line...)
		if ids = append(ids, text[len(text)-len(line):]); len(ids) == idsAtATime {
			if err := g.some(ctx, ids, write); err != nil {
				return err
			}
			ids = ids[:0]
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("--ids-from %s: %w", file, err)
	}
	return g.some(ctx, ids, write)
}

// longestIDLine bounds the lines of ids, which have at most 1 MiB themselves.
const longestIDLine = 4 << 20

// some writes the records of some ids in their order.
func (g *idGetter) some(ctx context.Context, ids [][]byte, write func(*infer.Record) error) error {
	seen := make([]bool, len(ids))
	var numbers []int // of the ids of the records that are on their way to write
	var entries iter.Seq2[*index.Entry, error] = func(yield func(*index.Entry, error) bool) {
		for found, err := range g.index.Find(ctx, ids) {
			if err != nil {
				yield(nil, err)
				return
			}
			seen[found.Number] = true
			numbers = append(numbers, found.Number)
			if !yield(&found.Entry, nil) {
				return
			}
		}
	}
	same := sameID{log: g.log, files: g.index.Files(), number: -1}
	err := g.sources.EachOf(ctx, entries, func(r *infer.Record) error {
		same.add(numbers[0], &r.Entry)
		numbers = numbers[1:]
		return write(r)
	})
	if err != nil {
		return err
	}
	same.end()
	g.asked += int64(len(ids))
	for i, id := range ids {
		if !seen[i] {
			g.missing++
			g.log.Error("not found: " + string(id))
		}
	}
	return nil
}

// sameID lists the records that share one id asked for.
type sameID struct {
	log     *slog.Logger
	files   []index.FileInfo
	number  int // of the id
	id      []byte
	records int64
	places  []place // of the first of them
}

type place struct {
	file   int
	offset int64
}

// listedPlaces is how many records of an id are listed, at most.
const listedPlaces = 100

// add takes the next record; those of one id follow each other.
func (s *sameID) add(number int, e *index.Entry) {
	if number != s.number {
		s.end()
		s.number, s.records, s.places = number, 0, s.places[:0]
	}
	s.records++
	s.id = append(s.id[:0], e.ID...)
	if s.records <= listedPlaces {
		s.places = append(s.places, place{e.File, e.Offset})
	}
}

// end lists the records of the last id, if they are several.
func (s *sameID) end() {
	if s.records < 2 {
		return
	}
	var text strings.Builder
	for i, p := range s.places {
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%s byte %d", filepath.Base(s.files[p.file].Path), p.offset)
	}
	if s.records > listedPlaces {
		text.WriteString(", ...")
	}
	s.log.Warn(fmt.Sprintf("%s is the id of %d records, all of which are written", s.id, s.records), "at", text.String())
}
