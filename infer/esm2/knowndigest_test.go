package esm2_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// ownCache gives a test a cache folder of its own and returns its files.
func ownCache(t *testing.T) func() []string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the user's cache folder is where XDG_CACHE_HOME says on Linux only")
	}
	folder := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", folder)
	return func() []string {
		files, err := filepath.Glob(filepath.Join(folder, "longfirst", "models", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
}

// age sets the mtime of a model's files.
func age(t *testing.T, dir string, to time.Time) {
	t.Helper()
	stamps, err := esm2.Stamps(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range stamps {
		if err := os.Chtimes(filepath.Join(dir, f.Name), to, to); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKnownDigest(t *testing.T) {
	files := ownCache(t)
	dir := copyFolder(t, batchModel)
	want := digest(t, dir)
	known := func() string {
		t.Helper()
		d, err := esm2.KnownDigest(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if got := known(); got != want || len(files()) != 0 {
		t.Errorf("files written just now: %s, want %s; remembered are %v", got, want, files())
	}
	hourAgo := time.Now().Add(-time.Hour)
	age(t, dir, hourAgo)
	if got := known(); got != want || len(files()) != 1 {
		t.Fatalf("old files: %s, want %s; remembered are %v", got, want, files())
	}

	// Content that changes behind an equal size and mtime shows that the weights are not read again.
	weights := filepath.Join(dir, safetensors.SingleFile)
	content, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(content)
	changed[len(changed)-1] ^= 1
	replace := func(by []byte, mtime time.Time) {
		t.Helper()
		if err := os.WriteFile(weights, by, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(weights, mtime, mtime); err != nil {
			t.Fatal(err)
		}
	}
	replace(changed, hourAgo)
	other := digest(t, dir)
	if got := known(); got != want || other == want {
		t.Errorf("the weights were read again, or Digest did not read them")
	}
	replace(changed, hourAgo.Add(time.Nanosecond))
	if got := known(); got != other {
		t.Errorf("changed weights: %s, want %s", got, other)
	}
	replace(content, hourAgo.Add(2*time.Nanosecond))
	if got := known(); got != want {
		t.Errorf("weights changed back: %s, want %s", got, want)
	}

	// A file that is damaged is not believed.
	for _, damage := range []string{"", "{", `{"Digest":"00"}`} {
		if err := os.WriteFile(files()[0], []byte(damage), 0o666); err != nil {
			t.Fatal(err)
		}
		if got := known(); got != want {
			t.Errorf("with %q: %s, want %s", damage, got, want)
		}
	}
}
