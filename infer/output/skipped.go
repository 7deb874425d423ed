package output

import (
	"cmp"
	"slices"
	"strconv"
)

// skippedHeader names the columns of skipped.tsv.
const skippedHeader = "ordinal\tid\tfile\tbyte_offset\tlength\treason\tdetail\n"

// WriteSkipped writes OUT/skipped.tsv, the records without a row, by ordinal under a header line. Fields are written as
// in ids.tsv.
func WriteSkipped(dir Dir, skips []Skip) error {
	sorted := slices.SortedFunc(slices.Values(skips), func(a, b Skip) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	text := []byte(skippedHeader)
	for _, s := range sorted {
		text = strconv.AppendInt(text, s.Ordinal, 10)
		text = appendField(append(text, '\t'), s.ID)
		text = appendField(append(text, '\t'), s.File)
		text = strconv.AppendInt(append(text, '\t'), s.ByteOffset, 10)
		text = strconv.AppendInt(append(text, '\t'), s.Length, 10)
		text = appendField(append(text, '\t'), string(s.Reason))
		text = appendField(append(text, '\t'), s.Detail)
		text = append(text, '\n')
	}
	return dir.writeAtomic(dir.Skipped(), text)
}
