package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"
)

// cmdPortable checks an exported index against the FASTA files it names, as a program in another language would use it.
func cmdPortable(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, 3)
	var x struct {
		Version        string
		Created        string
		Mtimes         map[string]float64 `json:"fasta_mtimes"`
		TotalSequences int64              `json:"total_sequences"`
		TotalTokens    int64              `json:"total_tokens"`
		Sequences      []struct {
			ID     string `json:"sequence_id"`
			Length int64
			Path   string `json:"file_path"`
			Offset int64  `json:"byte_offset"`
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &x))
	if x.Version != "1.0" || x.Created == "" || len(x.Mtimes) == 0 {
		ts.Fatalf("version %q, created %q, files %v", x.Version, x.Created, x.Mtimes)
	}
	if x.TotalSequences != int64(number(ts, args[1])) || x.TotalTokens != int64(number(ts, args[2])) || len(x.Sequences) != number(ts, args[1]) {
		ts.Fatalf("%d sequences, %d listed, %d tokens", x.TotalSequences, len(x.Sequences), x.TotalTokens)
	}
	files := make(map[string][]byte)
	for path, mtime := range x.Mtimes {
		content, err := os.ReadFile(path)
		ts.Check(err)
		info, err := os.Stat(path)
		ts.Check(err)
		if now := float64(info.ModTime().UnixNano()) / 1e9; math.Abs(now-mtime) > 1e-6 {
			ts.Fatalf("%s has mtime %f, the index %f", path, now, mtime)
		}
		files[path] = content
	}
	seen := make(map[string]bool)
	var total int64
	for i, s := range x.Sequences {
		if i > 0 && s.Length > x.Sequences[i-1].Length {
			ts.Fatalf("sequence %d of %d residues follows one of %d", i, s.Length, x.Sequences[i-1].Length)
		}
		place := s.Path + ":" + strconv.FormatInt(s.Offset, 10)
		if seen[place] {
			ts.Fatalf("%s is listed twice", place)
		}
		seen[place] = true
		content := files[s.Path]
		if s.Offset < 0 || s.Offset >= int64(len(content)) || content[s.Offset] != '>' {
			ts.Fatalf("%s: byte %d is no '>'", s.Path, s.Offset)
		}
		id, length := recordAt(content, s.Offset)
		if id == "" {
			id = strconv.FormatInt(s.Offset, 10)
		}
		if id != s.ID || length != s.Length {
			ts.Fatalf("%s: at byte %d is %q of %d residues, the index says %q of %d", s.Path, s.Offset, id, length, s.ID, s.Length)
		}
		total += length
	}
	if total != x.TotalTokens {
		ts.Fatalf("the lengths add up to %d, the index says %d", total, x.TotalTokens)
	}
}

// recordAt reads a record the plain way.
func recordAt(content []byte, offset int64) (id string, length int64) {
	for i, line := range strings.SplitAfter(string(content[offset:]), "\n") {
		switch {
		case i == 0:
			if fields := strings.Fields(line[1:]); len(fields) > 0 {
				id = fields[0]
			}
		case strings.HasPrefix(line, ">"):
			return id, length
		default:
			length += int64(len(strings.Join(strings.Fields(line), "")))
		}
	}
	return id, length
}

var formatVersion = regexp.MustCompile(`format_version\d`)

func cmdNewer(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, 1)
	path := ts.MkAbs(args[0])
	content, err := os.ReadFile(path)
	ts.Check(err)
	if !formatVersion.Match(content) {
		ts.Fatalf("%s: no format version", args[0])
	}
	ts.Check(os.WriteFile(path, formatVersion.ReplaceAll(content, []byte("format_version9")), 0o666))
}

func cmdSpoil(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, 1)
	path := ts.MkAbs(args[0])
	content, err := os.ReadFile(path)
	ts.Check(err)
	part, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
	ts.Check(err)
	columns := part.Metadata().RowGroups[0].Columns
	embedding := columns[len(columns)-1].MetaData
	content[embedding.DataPageOffset+embedding.TotalCompressedSize-1] ^= 1
	ts.Check(os.WriteFile(path, content, 0o666))
}

var plannedShare = regexp.MustCompile(`(?m)^ *\d+/\d+ +\S+ +\S+ +\S+% +(\d+) +\S+$`)

func cmdBlocks(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	planned := 0
	for _, share := range plannedShare.FindAllStringSubmatch(ts.ReadFile(args[0]), -1) {
		planned += number(ts, share[1])
	}
	if n := len(partNames(ts, args[1])); n == 0 || n != planned {
		ts.Fatalf("%d blocks planned, %d parts", planned, n)
	}
}

func cmdTable(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, 3)
	rows := -1
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if columns := strings.Count(line, "\t") + 1; columns != number(ts, args[2]) {
			ts.Fatalf("%d columns in %q", columns, line)
		}
		rows++
	}
	if rows != number(ts, args[1]) {
		ts.Fatalf("%d rows under the header", rows)
	}
}

var npyShape = regexp.MustCompile(`'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)`)

// cmdNPY checks the header of a NumPy array, the size of its data, and that every value is a number.
func cmdNPY(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, 3)
	content := []byte(ts.ReadFile(args[0]))
	if !bytes.HasPrefix(content, []byte("\x93NUMPY")) {
		ts.Fatalf("no NumPy file")
	}
	header := 10 + int(binary.LittleEndian.Uint16(content[8:]))
	shape := npyShape.FindSubmatch(content[:header])
	if shape == nil || string(shape[1]) != args[1] || string(shape[2]) != args[2] {
		ts.Fatalf("header %q", content[10:header])
	}
	data := content[header:]
	if len(data) != 4*number(ts, args[1])*number(ts, args[2]) {
		ts.Fatalf("%d bytes of data", len(data))
	}
	for ; len(data) > 0; data = data[4:] {
		if v := float64(math.Float32frombits(binary.LittleEndian.Uint32(data))); math.IsNaN(v) || math.IsInf(v, 0) {
			ts.Fatalf("value %v", v)
		}
	}
}
