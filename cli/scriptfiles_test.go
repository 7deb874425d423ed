package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// need ends the script unless a command has between least and most arguments.
func need(ts *testscript.TestScript, neg bool, args []string, least, most int) {
	if neg || len(args) < least || most >= 0 && len(args) > most {
		ts.Fatalf("wrong use: see scriptCommands")
	}
}

// number reads a number, or ends the script.
func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

// cmdFASTA writes random proteins. Lengths go evenly from the longest to the shortest; a record's place is that in the
// order of length, so that a mark says which block it is in, while the records stand in the file in random order.
func cmdFASTA(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, -1)
	records, shortest, longest, seed, lineEnd := 0, 40, 80, uint64(1), "\n"
	marks := map[int]string{}
	for _, option := range args[1:] {
		name, value, _ := strings.Cut(option, "=")
		switch name {
		case "records":
			records = number(ts, value)
		case "length":
			low, high, _ := strings.Cut(value, "-")
			shortest, longest = number(ts, low), number(ts, high)
		case "seed":
			seed = uint64(number(ts, value))
		case "crlf":
			lineEnd = "\r\n"
		case "mark":
			place, residues, _ := strings.Cut(value, ":")
			marks[number(ts, place)] = residues
		default:
			ts.Fatalf("fasta: no option %q", option)
		}
	}
	random := rand.New(rand.NewPCG(seed, 0))
	sequences := make([]string, records)
	for place := range sequences {
		length := longest - (longest-shortest)*place/max(1, records-1)
		residues := []byte(marks[place])
		for len(residues) < length {
			residues = append(residues, "ACDEFGHIKLMNPQRSTVWY"[random.IntN(20)])
		}
		sequences[place] = string(residues)
	}
	random.Shuffle(records, func(i, j int) { sequences[i], sequences[j] = sequences[j], sequences[i] })
	var text strings.Builder
	for i, sequence := range sequences {
		fmt.Fprintf(&text, ">p%d random protein of %d residues%s", i, len(sequence), lineEnd)
		for line := range slices.Chunk([]byte(sequence), 60) {
			text.Write(line)
			text.WriteString(lineEnd)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o666))
}

func cmdConcat(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, -1)
	var text strings.Builder
	for _, name := range args[1:] {
		text.WriteString(ts.ReadFile(name))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o666))
}

func cmdWrite(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

func cmdAppend(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	defer f.Close()
	_, err = f.WriteString(text)
	ts.Check(err)
}

func cmdFlipByte(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	path, offset := ts.MkAbs(args[0]), number(ts, args[1])
	content, err := os.ReadFile(path)
	ts.Check(err)
	if offset < 0 {
		offset += len(content)
	}
	content[offset] ^= 0xff
	ts.Check(os.WriteFile(path, content, 0o666))
}

func cmdReplace(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, 3)
	path := ts.MkAbs(args[0])
	content, err := os.ReadFile(path)
	ts.Check(err)
	if len(args[1]) != len(args[2]) || !bytes.Contains(content, []byte(args[1])) {
		ts.Fatalf("%s: no %q to be replaced by as many bytes", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(content, []byte(args[1]), []byte(args[2])), 0o666))
}

func cmdTruncate(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	size := int64(0)
	if percent, ok := strings.CutSuffix(args[1], "%"); ok {
		size = info.Size() * int64(number(ts, percent)) / 100
	} else {
		size = int64(number(ts, args[1]))
	}
	ts.Check(os.Truncate(path, size))
}

func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, 1)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	for chunk := make([]byte, 1<<10); err == nil; {
		_, err = f.Write(chunk)
	}
}

func cmdTouch(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	path := ts.MkAbs(args[0])
	when := time.Now()
	if args[1] != "now" {
		info, err := os.Stat(path)
		ts.Check(err)
		by, err := time.ParseDuration(args[1])
		ts.Check(err)
		when = info.ModTime().Add(by)
	}
	ts.Check(os.Chtimes(path, time.Time{}, when))
}

func cmdCopyTime(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Chtimes(ts.MkAbs(args[1]), time.Time{}, info.ModTime()))
}

func cmdCopyDir(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}

// cmdSameLine compares the lines that hold a word, such as "digest" of two outputs of index show.
func cmdSameLine(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("wrong use: see scriptCommands")
	}
	lines := func(name string) (found []string) {
		for line := range strings.Lines(ts.ReadFile(name)) {
			if strings.Contains(line, args[0]) {
				found = append(found, line)
			}
		}
		return found
	}
	a, b := lines(args[1]), lines(args[2])
	if len(a) == 0 || slices.Equal(a, b) == neg {
		ts.Fatalf("%s: %q\n%s: %q", args[1], a, args[2], b)
	}
}

// partsOf returns the content of the parts of the data set in dir.
func partsOf(ts *testscript.TestScript, dir string) map[string][]byte {
	paths, err := filepath.Glob(filepath.Join(ts.MkAbs(dir), "embeddings", "part-*.parquet"))
	ts.Check(err)
	parts := make(map[string][]byte, len(paths))
	for _, path := range paths {
		content, err := os.ReadFile(path)
		ts.Check(err)
		parts[filepath.Base(path)] = content
	}
	return parts
}

func cmdSameParts(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("wrong use: see scriptCommands")
	}
	a, b := partsOf(ts, args[0]), partsOf(ts, args[1])
	var differences []string
	for name, content := range a {
		if !bytes.Equal(content, b[name]) {
			differences = append(differences, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			differences = append(differences, name)
		}
	}
	slices.Sort(differences)
	if len(a) == 0 || (len(differences) == 0) == neg {
		ts.Fatalf("%d parts and %d; missing or different: %q", len(a), len(b), differences)
	}
}

func cmdParts(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	count := func() int { return len(partNames(ts, args[0])) }
	if exactly, ok := strings.CutPrefix(args[1], "="); ok {
		if n := count(); n != number(ts, exactly) {
			ts.Fatalf("%d parts", n)
		}
		return
	}
	n := number(ts, args[1])
	poll(ts, func() bool { return count() >= n }, "%s has no %d parts", args[0], n)
}

func partNames(ts *testscript.TestScript, dir string) []string {
	paths, err := filepath.Glob(filepath.Join(ts.MkAbs(dir), "embeddings", "part-*.parquet"))
	ts.Check(err)
	return paths
}
