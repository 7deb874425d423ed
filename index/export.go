package index

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// ExportJSON writes the index in its portable form, streaming:
//
//	{"version": "1.0", "created": RFC 3339,
//	 "fasta_mtimes": {path: seconds since 1970}, "total_sequences": n, "total_tokens": residues,
//	 "sequences": [{"sequence_id", "length", "file_path", "byte_offset"} …]}
//
// Sequences stand in index order, longest first; paths are absolute; seconds are what Python's os.path.getmtime
// returns. JSON is Unicode text: each byte of an id or a path that is not UTF-8 becomes U+FFFD. It returns the number of
// ids and paths that this happened to.
func (x *Index) ExportJSON(w io.Writer) (altered int64, err error) {
	out := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(out, "{\n\"version\": \"1.0\",\n\"created\": %q,\n\"fasta_mtimes\": {", x.Created().UTC().Format(time.RFC3339))
	names := make([][]byte, len(x.files))
	for i, file := range x.files {
		names[i] = jsonText([]byte(file.Path), &altered)
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "\n%s: %s", names[i], pythonSeconds(file.Stamp.MtimeNS))
	}
	fmt.Fprintf(out, "},\n\"total_sequences\": %d,\n\"total_tokens\": %d,\n\"sequences\": [", x.Len(), x.Tokens())
	for e, err := range x.Entries(Share(x.Len(), 0, 1)) {
		if err != nil {
			return altered, err
		}
		if e.Position > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "\n{\"sequence_id\": %s, \"length\": %d, \"file_path\": %s, \"byte_offset\": %d}",
			jsonText(e.ID, &altered), e.Length, names[e.File], e.Offset)
	}
	out.WriteString("]\n}\n")
	return altered, out.Flush()
}

func jsonText(bytes []byte, altered *int64) []byte {
	if !utf8.Valid(bytes) {
		*altered++
	}
	text, err := json.Marshal(string(bytes))
	if err != nil {
		panic(err) // a string always encodes
	}
	return text
}

// pythonSeconds is computed as CPython does: whole seconds and 1e-9 times the rest, added as float64.
func pythonSeconds(ns int64) string {
	t := time.Unix(0, ns)
	return strconv.FormatFloat(float64(t.Unix())+1e-9*float64(t.Nanosecond()), 'f', -1, 64)
}
