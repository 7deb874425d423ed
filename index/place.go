package index

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Extension ends the name of an index.
const Extension = ".lfx"

// DefaultPath returns where the index of a list of FASTA files lies if nobody says otherwise: beside the first file,
// as <file>.lfx for one and <first file>+<number of others>-<hash of the list>.lfx for more, so that lists do not evict
// each other. Where that folder cannot be written and holds no valid index of the list either, it is in longfirst/ of
// the user's cache folder (XDG_CACHE_HOME on Linux), its name then carrying a hash of the absolute paths.
func DefaultPath(fastas []string) (string, error) {
	return defaultPath(fastas, writable)
}

func defaultPath(fastas []string, writable func(folder string) bool) (string, error) {
	list, err := sources(fastas)
	if err != nil {
		return "", err
	}
	folder, name := filepath.Split(list[0].path)
	folder = filepath.Clean(folder)
	keys, paths := make([]string, len(list)), make([]string, len(list))
	for i, s := range list {
		keys[i], paths[i] = fileKey(folder, s.path), s.path
	}
	beside := filepath.Join(folder, name+Extension)
	if len(list) > 1 {
		name = fmt.Sprintf("%s+%d", name, len(list)-1)
		beside = filepath.Join(folder, name+"-"+listHash(keys)+Extension)
	}
	if writable(folder) || serves(beside, list) {
		return beside, nil
	}
	cache, err := CacheFolder()
	if err != nil {
		return "", fmt.Errorf("%s cannot be written: %w; or name a file with --index", folder, err)
	}
	return filepath.Join(cache, name+"-"+listHash(paths)+Extension), nil
}

// CacheVariable is the environment variable that names the cache folder.
const CacheVariable = "LONGFIRST_CACHE_DIR"

// CacheFolder returns the folder of what can be made again: the texts of compressed files and of standard input, and the
// indexes of files in folders that cannot be written. It is what CacheVariable says, else longfirst/ in the user's cache
// folder.
func CacheFolder() (string, error) {
	if folder := os.Getenv(CacheVariable); folder != "" {
		return filepath.Abs(folder)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no cache folder: %w; name one with --cache-dir", err)
	}
	return filepath.Join(cache, "longfirst"), nil
}

// listHash tells lists apart. The keys of files below the index's folder are relative, so the hash moves with it.
func listHash(names []string) string {
	sum := sha256.New()
	for _, name := range names {
		fmt.Fprintf(sum, "%d:%s", len(name), name)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// serves tells whether the file at path is an index of just these files as they are.
func serves(path string, list []source) bool {
	x, err := Open(path)
	if err != nil {
		return false
	}
	defer x.Close()
	if len(listChanges(x.files, list)) > 0 {
		return false
	}
	for i, s := range list {
		if x.files[i].Stamp != s.stamp {
			return false
		}
	}
	return true
}
