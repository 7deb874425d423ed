//go:build !windows

package mapped

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestUnchanged(t *testing.T) {
	content := []byte(">a\nACGT\n")
	written := time.Unix(1_700_000_000, 123456789)
	for _, test := range []struct {
		name   string
		change func(path string) error
		says   []string // nothing where the file counts as unchanged
	}{
		{"left alone", func(string) error { return nil }, nil},
		{"read", func(path string) error { _, err := os.ReadFile(path); return err }, nil},
		{"touched", func(path string) error { return os.Chtimes(path, written, written.Add(1000)) },
			[]string{"8 bytes, modified 2023-11-14T22:13:20.123456789Z", "2023-11-14T22:13:20.123457789Z"}},
		{"appended", func(path string) error {
			file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = file.WriteString(">b\n")
			return err
		}, []string{"was 8 bytes", "now 11 bytes"}},
		{"appended and dated back", func(path string) error {
			if err := os.WriteFile(path, append(content, 'A'), 0o644); err != nil {
				return err
			}
			return os.Chtimes(path, written, written)
		}, []string{"was 8 bytes", "now 9 bytes"}},
		{"truncated", func(path string) error { return os.Truncate(path, 5) }, []string{"was 8 bytes", "now 5 bytes"}},
		{"replaced by an equal file", func(path string) error {
			if err := os.WriteFile(path+".new", content, 0o644); err != nil {
				return err
			}
			if err := os.Chtimes(path+".new", written, written); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, []string{"another file took its place"}},
		{"removed", os.Remove, []string{"no longer found"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, content)
			if err := os.Chtimes(path, written, written); err != nil {
				t.Fatal(err)
			}
			f := openTest(t, path, true)
			if want := (Stamp{int64(len(content)), written.UnixNano()}); f.Stamp() != want {
				t.Fatalf("stamp %v, want %v", f.Stamp(), want)
			}
			if err := test.change(path); err != nil {
				t.Fatal(err)
			}
			err := f.Unchanged()
			if len(test.says) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrChanged) {
				t.Fatalf("not seen: %v", err)
			}
			for _, part := range append(test.says, path) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}
