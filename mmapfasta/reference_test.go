package mmapfasta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/zeebo/xxh3"
)

// found is a Record that outlives the scan.
type found struct {
	ID                          string
	Offset, BodyOffset, BodyEnd int64
	Length                      int64
	LineResidues, LineBytes     int64
}

// refused is what a test looks at in an error.
type refused struct {
	sentinel error
	offset   int64
	line     int64
}

func memory(content []byte) source {
	return source{bytes.NewReader(content), "memory.fa", int64(len(content))}
}

// scanMemory runs the scanner with a given chunk size.
func scanMemory(content []byte, chunkSize, threads int) ([]found, Summary, error) {
	var records []found
	sum, err := scanContent(context.Background(), memory(content), chunkSize, Options{Threads: threads}, func(b *Batch) error {
		return b.each(func(r *Record) error {
			records = append(records, found{string(r.ID), r.Offset, r.BodyOffset, r.BodyEnd, r.Length, r.LineResidues, r.LineBytes})
			return nil
		})
	})
	return records, sum, err
}

// referenceHash is the hash of content by its definition, for any chunk size.
func referenceHash(content []byte, chunkSize int) [16]byte {
	var sums []byte
	for chunk := range slices.Chunk(content, chunkSize) {
		sum := xxh3.Hash128(chunk).Bytes()
		sums = append(sums, sum[:]...)
	}
	return xxh3.Hash128(sums).Bytes()
}

func refusedBy(err error) refused {
	if err == nil {
		return refused{}
	}
	var e *ParseError
	if !errors.As(err, &e) {
		return refused{sentinel: err}
	}
	return refused{e.Err, e.Offset, e.Line}
}

const blanks = " \t\n\r\v\f"

func isBlank(c byte) bool { return bytes.IndexByte([]byte(blanks), c) >= 0 }

// referenceScan is the slow, obvious scanner: one byte after the other, the whole file in memory.
func referenceScan(content []byte) (records []found, err refused) {
	for _, magic := range []string{"\x1f\x8b", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", "PK\x03\x04", "\x04\x22\x4d\x18", "LZIP",
		"7z\xbc\xaf\x27\x1c", "\x1f\x9d"} {
		if bytes.HasPrefix(content, []byte(magic)) {
			return nil, refused{ErrCompressed, 0, 1}
		}
	}
	start := 0
	if bytes.HasPrefix(content, []byte("\xef\xbb\xbf")) {
		start = 3
	}
	line := int64(1)
	lineStart := true
	isHeader := false
	header, body := -1, -1 // offsets of the record being read
	for i := start; i < len(content); i++ {
		c := content[i]
		at := func(sentinel error) ([]found, refused) { return records, refused{sentinel, int64(i), line} }
		if lineStart && c == '>' {
			if body >= 0 {
				records = append(records, referenceRecord(content, header, body, i))
			}
			header, body, isHeader = i, -1, true
		}
		switch {
		case c == 0:
			return at(ErrNUL)
		case isHeader && c == '\r' && i+1 < len(content) && content[i+1] != '\n':
			return at(ErrBareCR)
		case header < 0 && c == '@':
			return at(ErrFASTQ)
		case header < 0 && !isBlank(c):
			return at(ErrNotFASTA)
		}
		lineStart = c == '\n'
		if lineStart {
			line++
			if isHeader {
				isHeader, body = false, i+1
			}
		}
	}
	if header >= 0 {
		if body < 0 {
			body = len(content)
		}
		records = append(records, referenceRecord(content, header, body, len(content)))
	}
	return records, refused{}
}

func referenceRecord(content []byte, header, body, end int) found {
	r := found{ID: referenceID(content[header+1 : body]), Offset: int64(header), BodyOffset: int64(body), BodyEnd: int64(end)}
	if r.ID == "" {
		r.ID = strconv.Itoa(header)
	}
	var positions []int
	for i, c := range content[body:end] {
		if !isBlank(c) {
			positions = append(positions, i)
		}
	}
	r.Length = int64(len(positions))
	r.LineResidues, r.LineBytes = referenceLayout(content[body:end], positions)
	return r
}

func referenceID(header []byte) string {
	id := ""
	for _, c := range header {
		switch {
		case isBlank(c) && id == "":
		case isBlank(c) || c == 1:
			return id
		default:
			id += string([]byte{c})
		}
	}
	return id
}

// referenceLayout tries the definition on every residue.
func referenceLayout(body []byte, positions []int) (residues, lineBytes int64) {
	if len(positions) == 0 {
		return 0, 0
	}
	width := 0 // of the first run of residues at the body's start
	for width < len(positions) && positions[width] == width {
		width++
	}
	if width == len(positions) {
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			return int64(width), int64(end + 1)
		}
		return int64(width), int64(len(body))
	}
	if width == 0 {
		return 0, 0
	}
	period := positions[width]
	lineEnd := string(body[width:period])
	if lineEnd != "\n" && lineEnd != "\r\n" {
		return 0, 0
	}
	for k, position := range positions {
		if position != k/width*period+k%width {
			return 0, 0
		}
		if k > 0 && k%width == 0 && string(body[position-len(lineEnd):position]) != lineEnd {
			return 0, 0
		}
	}
	return int64(width), int64(period)
}

// checkRecords returns what is wrong with the records of a file that was not refused: spans must tile the file, and what
// stands in them must be the record.
func checkRecords(content []byte, records []found, sum Summary) error {
	var residues, longest int64
	for i, r := range records {
		if i == 0 && bytes.ContainsFunc(bytes.TrimPrefix(content[:r.Offset], []byte("\xef\xbb\xbf")), func(c rune) bool { return c > 127 || !isBlank(byte(c)) }) {
			return fmt.Errorf("text before the first record: %q", content[:r.Offset])
		}
		next := int64(len(content))
		if i+1 < len(records) {
			next = records[i+1].Offset
		}
		if content[r.Offset] != '>' || r.Offset >= r.BodyOffset || r.BodyOffset > r.BodyEnd || r.BodyEnd != next {
			return fmt.Errorf("spans of record %d do not tile: %+v, next %d", i, r, next)
		}
		id, _ := ParseHeader(content[r.Offset:r.BodyOffset])
		if len(id) == 0 {
			id = strconv.AppendInt(nil, r.Offset, 10)
		}
		if string(id) != r.ID {
			return fmt.Errorf("record %d: header says id %q, scan %q", i, id, r.ID)
		}
		body := content[r.BodyOffset:r.BodyEnd]
		sequence := AppendResidues(nil, body)
		plain := slices.DeleteFunc(slices.Clone(body), isBlank)
		if int64(len(sequence)) != r.Length || !bytes.Equal(sequence, plain) {
			return fmt.Errorf("record %d: %d residues %q, scan says %d", i, len(sequence), sequence, r.Length)
		}
		if r.LineResidues > 0 {
			for k, c := range sequence {
				if at := int64(k)/r.LineResidues*r.LineBytes + int64(k)%r.LineResidues; body[at] != c {
					return fmt.Errorf("record %d: layout puts residue %d at byte %d of the body", i, k, at)
				}
			}
		}
		residues += r.Length
		longest = max(longest, r.Length)
	}
	if sum.Records != int64(len(records)) || sum.Residues != residues || sum.Longest != longest {
		return fmt.Errorf("summary %+v, records add up to %d, %d, %d", sum, len(records), residues, longest)
	}
	return nil
}
