package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"longfirst/index"
)

// ensureFunc is index.Ensure, or a test's stand-in for a file system that a test can't have.
type ensureFunc func(ctx context.Context, fastas []string, opt index.Options) (*index.Index, index.Outcome, error)

// ensurePlaced builds or reuses the index. Where the file system it would lie on has no file locks, as Lustre without
// flock and NFS without a lock daemon, and nobody named a place, it is kept in node-local space: each machine then has
// one of its own, with the same digest.
func ensurePlaced(ctx context.Context, ensure ensureFunc, fastas []string, opt index.Options) (*index.Index, index.Outcome, error) {
	x, outcome, err := ensure(ctx, fastas, opt)
	if opt.Path != "" || !errors.Is(err, index.ErrNoLocks) {
		return x, outcome, err
	}
	local, placeErr := localPlace(fastas)
	if placeErr != nil {
		return nil, 0, fmt.Errorf("%w; node-local space can't be used either: %w", err, placeErr)
	}
	opt.Log.Warn("the index is kept in node-local space: there are no file locks where it would lie otherwise", "path", local, "reason", err)
	opt.Path = local
	return ensure(ctx, fastas, opt)
}

// localPlace returns where the index of a list of files lies in node-local space: a folder of the user's own in $TMPDIR,
// under a name that depends on the absolute paths.
func localPlace(fastas []string) (string, error) {
	sum := sha256.New()
	for _, path := range fastas {
		path, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%d:%s", len(path), path)
	}
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("longfirst-%d", os.Getuid()))
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return "", err
	}
	// Others may write to $TMPDIR, and an index that was put there is believed.
	if own := info.IsDir() && info.Mode().Perm() == 0o700; !own && runtime.GOOS != "windows" {
		return "", fmt.Errorf("%s: this is no folder for its owner alone (mode %v); remove it, or name a file with --index", folder, info.Mode())
	}
	name := filepath.Base(fastas[0]) + "-" + hex.EncodeToString(sum.Sum(nil)[:8]) + index.Extension
	return filepath.Join(folder, name), nil
}
