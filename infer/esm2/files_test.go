package esm2_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

func digest(t *testing.T, dir string) string {
	t.Helper()
	d, err := esm2.Digest(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDigest(t *testing.T) {
	want := digest(t, batchModel)
	if len(want) != 64 || want != strings.ToLower(want) {
		t.Errorf("digest %q", want)
	}
	dir := copyFolder(t, batchModel)
	stamps, err := esm2.Stamps(dir)
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	weights := filepath.Join(dir, safetensors.SingleFile)
	if err := os.Chtimes(weights, later, later); err != nil {
		t.Fatal(err)
	}
	edit := func(name, old, by string) {
		t.Helper()
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), old) {
			t.Fatalf("%s: no %q", name, old)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, by, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	edit("config.json", `"transformers_version"`, `"written_by"`)
	if got := digest(t, dir); got != want {
		t.Error("a copied, touched folder with another comment in its config has another digest")
	}
	touched, err := esm2.Stamps(dir)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(stamps, touched) || len(stamps) != 3 || stamps[2].Name != safetensors.SingleFile {
		t.Errorf("stamps %v, then %v", stamps, touched)
	}

	seen := map[string]string{want: "unchanged"}
	for _, change := range []struct {
		what string
		make func()
	}{
		{"config", func() { edit("config.json", "1e-05", "1e-06") }},
		{"vocabulary", func() { edit("vocab.txt", "<null_1>", "J") }},
		{"weights", func() {
			file, err := os.OpenFile(weights, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			file.Write([]byte{0})
			file.Close()
		}},
	} {
		change.make()
		d := digest(t, dir)
		if before, same := seen[d]; same {
			t.Errorf("after a change of the %s the digest is still that of %s", change.what, before)
		}
		seen[d] = change.what
	}
}

func TestDigestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := esm2.Digest(ctx, batchModel); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDigestOfShards(t *testing.T) {
	const sharded = "testdata/goldens/head64-sharded"
	stamps, err := esm2.Stamps(sharded)
	if err != nil || len(stamps) < 4 {
		t.Fatalf("%v, %v", stamps, err)
	}
	if digest(t, sharded) == digest(t, batchModel) {
		t.Error("two models, one digest")
	}
}
