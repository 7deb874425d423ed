package index

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestExportJSON(t *testing.T) {
	f := newFixture(t)
	a, b := someRecords(1500, 1), []testRecord{{header: "quo\"te\\<&>\u2028", lines: []string{"MKV"}, eol: "\n"}, {header: "\xff\xfe", lines: []string{"MK"}, eol: "\n"}}
	pathA, pathB := f.write("a.fa", fastaText(a)), f.write("b.fa", fastaText(b))
	f.setTime("a.fa", time.Unix(1700000000, 250000000))
	x, _ := f.ensure(Options{}, pathA, pathB)
	var out bytes.Buffer
	if altered, err := x.ExportJSON(&out); err != nil || altered != 1 {
		t.Fatalf("%d ids altered, %v", altered, err)
	}
	var have struct {
		Version   string             `json:"version"`
		Created   time.Time          `json:"created"`
		Mtimes    map[string]float64 `json:"fasta_mtimes"`
		Total     int64              `json:"total_sequences"`
		Tokens    int64              `json:"total_tokens"`
		Sequences []struct {
			ID     string `json:"sequence_id"`
			Length int64  `json:"length"`
			Path   string `json:"file_path"`
			Offset int64  `json:"byte_offset"`
		} `json:"sequences"`
	}
	decoder := json.NewDecoder(&out)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&have); err != nil {
		t.Fatal(err)
	}
	if have.Version != "1.0" || !have.Created.Equal(x.Created()) || have.Total != x.Len() || have.Tokens != x.Tokens() {
		t.Errorf("%s %v %d %d", have.Version, have.Created, have.Total, have.Tokens)
	}
	if len(have.Mtimes) != 2 || have.Mtimes[pathA] != 1700000000.25 {
		t.Errorf("%v", have.Mtimes)
	}
	model := modelOf(a, b)
	if len(have.Sequences) != len(model) {
		t.Fatalf("%d sequences", len(have.Sequences))
	}
	for i, s := range have.Sequences {
		want := model[i]
		id := strings.ToValidUTF8(string(want.ID), "\ufffd")
		if id == "\ufffd" { // each of the two bytes is replaced
			id = "\ufffd\ufffd"
		}
		if s.ID != id || s.Length != want.Length || s.Path != x.Files()[want.File].Path || s.Offset != want.Offset {
			t.Fatalf("sequence %d is %+v, not %+v", i, s, want)
		}
	}
}

func TestExportOfNothing(t *testing.T) {
	f := newFixture(t)
	x, _ := f.ensure(Options{}, f.write("a.fa", ""))
	var out bytes.Buffer
	if altered, err := x.ExportJSON(&out); altered != 0 || err != nil || !json.Valid(out.Bytes()) || !bytes.Contains(out.Bytes(), []byte(`"sequences": []`)) {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestSecondsAreThoseOfPython(t *testing.T) {
	// python3 -c 'import os; os.utime("f", ns=(0, N)); print(os.path.getmtime("f"))'
	for ns, want := range map[int64]string{1795371815355200511: "1795371815.3552005", 1: "0.000000001", -500000000: "-0.5", 0: "0"} {
		if have := pythonSeconds(ns); have != want {
			t.Errorf("%d: %s, not %s", ns, have, want)
		}
	}
}

func TestExportReportsDamage(t *testing.T) {
	_, _, path, content, _ := wholeIndex(t)
	at := bytes.Index(content, []byte("r149"))
	content[at] ^= 1
	damaged := path + ".damaged"
	if err := os.WriteFile(damaged, content, 0o644); err != nil {
		t.Fatal(err)
	}
	x, err := Open(damaged)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := x.ExportJSON(new(bytes.Buffer)); err == nil {
		t.Error("no error")
	}
}
