package esm2

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// knownDigest is a digest computed before and what must be equal for it to hold: a file of JSON in the user's cache
// folder, one for each model folder.
type knownDigest struct {
	Numerics string // the config's, whose text is part of the digest
	Files    []FileStamp
	Digest   string
}

// suspectAge is how old a file must have been when it was read: a coarse clock may give a later change the same mtime.
const suspectAge = 2 * time.Second

// KnownDigest is Digest, without reading the weights where they were read before: the digest is remembered in the user's
// cache folder and holds while every file of the model has an equal size and mtime. Whoever forges those must call
// Digest.
func KnownDigest(ctx context.Context, dir string) (string, error) {
	config, err := ReadConfig(dir)
	if err != nil {
		return "", err
	}
	now := knownDigest{Numerics: config.numerics()}
	if now.Files, err = Stamps(dir); errors.Is(err, fs.ErrNotExist) {
		return Digest(ctx, dir) // says better what is missing
	} else if err != nil {
		return "", err
	}
	place, err := knownDigestPlace(dir)
	if err != nil {
		return Digest(ctx, dir)
	}
	if known, ok := readKnownDigest(place); ok && known.Numerics == now.Numerics && slices.Equal(known.Files, now.Files) {
		return known.Digest, nil
	}
	begin := time.Now()
	if now.Digest, err = Digest(ctx, dir); err != nil {
		return "", err
	}
	if settled(now.Files, begin) && CheckStamps(dir, now.Files) == nil {
		now.write(place)
	}
	return now.Digest, nil
}

// knownDigestPlace returns the file for a model folder.
func knownDigestPlace(dir string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Dir(cache)); err != nil {
		return "", err // there is no home folder, and none is made
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	name := sha256.Sum256([]byte(path))
	return filepath.Join(cache, "longfirst", "models", hex.EncodeToString(name[:16])+".json"), nil
}

func readKnownDigest(place string) (known knownDigest, ok bool) {
	text, err := os.ReadFile(place)
	if err != nil || json.Unmarshal(text, &known) != nil {
		return known, false
	}
	sum, err := hex.DecodeString(known.Digest)
	return known, err == nil && len(sum) == sha256.Size
}

// settled tells whether no file was changed so shortly before begin that its mtime may not show a later change.
func settled(files []FileStamp, begin time.Time) bool {
	return !slices.ContainsFunc(files, func(f FileStamp) bool {
		return f.Stamp.MtimeNS > begin.Add(-suspectAge).UnixNano()
	})
}

// write keeps the digest: whole, or not at all. What can't be kept is computed again.
func (k knownDigest) write(place string) {
	folder := filepath.Dir(place)
	text, err := json.Marshal(k)
	if err != nil || os.MkdirAll(folder, 0o755) != nil {
		return
	}
	file, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return
	}
	_, err = file.Write(text)
	if errors.Join(err, file.Close()) != nil || os.Rename(file.Name(), place) != nil {
		os.Remove(file.Name())
	}
}
