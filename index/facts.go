package index

import (
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"
)

// formatName is the fact that tells our databases from those of others.
const formatName = "longfirst index"

// facts is the bucket meta: what holds for the index as a whole.
type facts struct {
	builder    string
	created    time.Time
	records    int64
	residues   int64
	longest    int64 // residues of the longest record
	duplicates int64 // records whose id an earlier record has
	pages      int64
	digest     Digest
}

// The names of the facts that are read before the others, or written apart from them.
const (
	factFormat   = "format"
	factVersion  = "format_version"
	factChecksum = "checksum" // CRC-32C over all other pairs of meta and mtime, see pairChecksum
	factComplete = "complete" // "yes", written last
	factEntries  = "page_entries"
)

// pairs returns the facts as stored, all but checksum.
func (f *facts) pairs() map[string]string {
	decimal := func(v int64) string { return strconv.FormatInt(v, 10) }
	return map[string]string{
		factFormat:   formatName,
		factVersion:  decimal(FormatVersion),
		factEntries:  decimal(pageEntries),
		factComplete: "yes",
		"builder":    f.builder,
		"created":    f.created.UTC().Format(time.RFC3339),
		"records":    decimal(f.records),
		"residues":   decimal(f.residues),
		"longest":    decimal(f.longest),
		"duplicates": decimal(f.duplicates),
		"pages":      decimal(f.pages),
		"digest":     f.digest.String(),
	}
}

// parseFacts reads what pairs wrote. The pairs have passed their checksum, so an error here is another writer's.
func parseFacts(pairs map[string]string) (f facts, err error) {
	fail := func(name string) { err = fmt.Errorf("fact %s is %q", name, pairs[name]) }
	number := func(name string, dst *int64) {
		v, bad := strconv.ParseInt(pairs[name], 10, 64)
		if bad != nil || v < 0 || v > maxValue {
			fail(name)
		}
		*dst = v
	}
	var entries int64
	number(factEntries, &entries)
	number("records", &f.records)
	number("residues", &f.residues)
	number("longest", &f.longest)
	number("duplicates", &f.duplicates)
	number("pages", &f.pages)
	f.builder = pairs["builder"]
	var bad error
	if f.created, bad = time.Parse(time.RFC3339, pairs["created"]); bad != nil {
		fail("created")
	}
	if n, bad := hex.Decode(f.digest[:], []byte(pairs["digest"][:min(len(pairs["digest"]), 64)])); bad != nil || n != 32 {
		fail("digest")
	}
	if entries != pageEntries {
		fail(factEntries)
	}
	if f.pages != pagesOf(f.records) {
		fail("pages")
	}
	if pairs[factComplete] != "yes" {
		fail(factComplete)
	}
	return f, err
}

// pagesOf returns the number of pages that hold records.
func pagesOf(records int64) int64 { return (records + pageEntries - 1) / pageEntries }

// builderName names the program that writes an index.
func builderName() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return "longfirst " + info.Main.Version + " " + info.GoVersion
	}
	return "longfirst"
}
