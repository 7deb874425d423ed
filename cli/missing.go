package main

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"longfirst/cli/engine"
	"longfirst/index"
	"longfirst/infer/cuda"
	"longfirst/infer/output"
	"longfirst/infer/worker"
)

// reportMissing names the ranks, blocks and records that a data set lacks, and the command that computes them.
func reportMissing(log *slog.Logger, out string, m output.Manifest, x *index.Index, found worker.Found) {
	missing := found.Proof.Missing
	log.Error("blocks missing: run infer again", "blocks", len(missing), "first", missing[0])
	var ranks, whole []int
	var wholeBlocks int
	var wholeRecords int64
	for _, g := range found.Gaps {
		ranks = append(ranks, g.Rank)
		if len(g.Missing) == g.Blocks {
			whole = append(whole, g.Rank)
			wholeBlocks += g.Blocks
			wholeRecords += g.Records
			continue
		}
		log.Error(fmt.Sprintf("rank %d lacks %s of its %d blocks", g.Rank, thousands(int64(len(g.Missing))), g.Blocks), "blocks", engine.FormatNumbers(g.Missing), "records", g.Records)
	}
	if len(whole) > 0 {
		log.Error(fmt.Sprintf("nothing is there of rank %s", engine.FormatNumbers(whole)), "blocks", wholeBlocks, "records", wholeRecords)
	}
	log.Error("they are computed by: " + strings.Join(inferCommandLine(out, m, x, ranks), " "))
}

// inferCommandLine returns the words that compute ranks of a data set, as a shell takes them.
func inferCommandLine(out string, m output.Manifest, x *index.Index, ranks []int) []string {
	words := []string{"longfirst", "infer", "--model", m.Model.Path, "--out", out}
	o := m.Options
	if o.MaxLength == 0 {
		words = append(words, "--max-length", "none")
	} else if o.MaxLength != defaultMaxLength {
		words = append(words, "--max-length", fmt.Sprint(o.MaxLength))
	}
	if o.Gaps != defaultGaps {
		words = append(words, "--gaps", o.Gaps)
	}
	words = append(words, columnWords(m)...)
	if o.DType != output.Float32 {
		words = append(words, "--dtype", string(o.DType))
	}
	if strings.HasPrefix(m.NumericClass, worker.CPUInt8+"-") {
		words = append(words, "--compute", "int8")
	} else if p, ok := cuda.ClassPrecision(m.NumericClass); ok {
		words = append(words, "--device", "cuda", "--compute", string(p))
	}
	words = append(words, "--world-size", fmt.Sprint(m.WorldSize))
	if len(ranks) < m.WorldSize {
		words = append(words, "--rank", engine.FormatNumbers(ranks))
	}
	var fastas []string
	for _, f := range x.Files() {
		fastas = append(fastas, f.Path)
	}
	if path, err := index.DefaultPath(fastas); err != nil || path != x.Path() {
		words = append(words, "--index", x.Path())
	}
	words = append(words, fastas...)
	for i, word := range words {
		words[i] = shellQuoted(word)
	}
	return words
}

// shellQuoted writes a word as a POSIX shell reads it back.
func shellQuoted(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+=:,@%", r)
	}
	if word != "" && !slices.ContainsFunc([]rune(word), func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// writeMissing writes a table of the records of missing blocks.
func writeMissing(w io.Writer, found worker.Found, files []index.FileInfo) error {
	if _, err := fmt.Fprintln(w, "rank\tblock\tordinal\tid\tfile\tbyte_offset\tlength"); err != nil {
		return err
	}
	for r, err := range found.MissingRecords() {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%s\t%d\t%d\n", r.Rank, r.Block, r.Ordinal, r.ID, files[r.File].Path, r.Offset, r.Length); err != nil {
			return err
		}
	}
	return nil
}
