package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/index"
)

// A file system without locks, as no test can count on having: everything outside the node-local folder.
func TestIndexGoesWhereLocksAre(t *testing.T) {
	shared, local := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", local)
	t.Setenv("TMP", local)
	fasta := filepath.Join(shared, "in.fa")
	if err := os.WriteFile(fasta, []byte(">a\nMKT\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	ensure := func(ctx context.Context, fastas []string, opt index.Options) (*index.Index, index.Outcome, error) {
		if !strings.HasPrefix(opt.Path, local) {
			return nil, 0, fmt.Errorf("%s: %w", opt.Path, index.ErrNoLocks)
		}
		return index.Ensure(ctx, fastas, opt)
	}
	var log strings.Builder
	opt := index.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, want := range []index.Outcome{index.Created, index.Reused} {
		x, outcome, err := ensurePlaced(t.Context(), ensure, []string{fasta}, opt)
		if err != nil {
			t.Fatal(err)
		}
		if outcome == index.Settled {
			outcome = index.Reused // the file was just written: its time had to be settled
		}
		if outcome != want || !strings.HasPrefix(x.Path(), local) || x.Len() != 1 || !strings.Contains(log.String(), x.Path()) {
			t.Errorf("%v, %s, %d records; log %s", outcome, x.Path(), x.Len(), &log)
		}
		x.Close()
	}

	// A place that was named is not left for another.
	opt.Path = filepath.Join(shared, "named.lfx")
	if _, _, err := ensurePlaced(t.Context(), ensure, []string{fasta}, opt); !errors.Is(err, index.ErrNoLocks) {
		t.Error(err)
	}

	// Nor is an index believed that others may have put there.
	opt.Path = ""
	folders, err := filepath.Glob(filepath.Join(local, "longfirst-*"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	if err := os.Chmod(folders[0], 0o777); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(folders[0]); err != nil || info.Mode().Perm() != 0o777 {
		t.Skip("folders have no modes here")
	}
	if _, _, err := ensurePlaced(t.Context(), ensure, []string{fasta}, opt); !errors.Is(err, index.ErrNoLocks) || !strings.Contains(err.Error(), "no folder for its owner alone") {
		t.Error(err)
	}
}
