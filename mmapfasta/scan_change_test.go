//go:build !windows

package mmapfasta

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// TestScanSeesChange changes the file when its first record arrives, which is before its second chunk is read.
func TestScanSeesChange(t *testing.T) {
	content := proteins(16<<10, "\n")
	for name, change := range map[string]func(path string) error{
		"appended": func(path string) error {
			file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			_, err = file.WriteString(">new\nAC\n")
			return err
		},
		"truncated":      func(path string) error { return os.Truncate(path, 9<<10) },
		"truncated to 0": func(path string) error { return os.Truncate(path, 0) },
		"touched":        func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1e9, 5)) },
		"replaced": func(path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path+".new", content, 0o644); err != nil {
				return err
			}
			if err := os.Chtimes(path+".new", time.Time{}, info.ModTime()); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
		"removed": os.Remove,
		"overwritten with what is refused": func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte{0}, len(content)), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, content)
			// Older than the clock's grain, so that writing changes the time.
			if err := os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)); err != nil {
				t.Fatal(err)
			}
			changed := false
			_, err := scanFile(t.Context(), path, 4<<10, Options{}, func(*Batch) error {
				if changed {
					return nil
				}
				changed = true
				return change(path)
			})
			if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v", err)
			}
		})
	}
}
