package output

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Dir is the folder OUT of a data set.
type Dir string

// Embeddings returns the folder of the parts.
func (d Dir) Embeddings() string { return filepath.Join(string(d), "embeddings") }

// Tmp returns the folder of files being written. Whatever is left in it is worthless.
func (d Dir) Tmp() string { return filepath.Join(string(d), "tmp") }

// Logs returns the folder of the children's logs.
func (d Dir) Logs() string { return filepath.Join(string(d), "logs") }

// Manifest returns the path of the manifest.
func (d Dir) Manifest() string { return filepath.Join(string(d), "manifest.json") }

// Success returns the path of the mark of a complete data set.
func (d Dir) Success() string { return filepath.Join(string(d), "_SUCCESS") }

// Skipped returns the path of the list of records without a row.
func (d Dir) Skipped() string { return filepath.Join(string(d), "skipped.tsv") }

// Report returns the path of the page that shows what happened.
func (d Dir) Report() string { return filepath.Join(string(d), "report.html") }

// WriteReport replaces the page that shows what happened.
func (d Dir) WriteReport(page []byte) error { return d.writeAtomic(d.Report(), page) }

// Part returns the path of a part.
func (d Dir) Part(id PartID) string { return filepath.Join(d.Embeddings(), id.Name()) }

// Array returns the path of a part's array file of a column.
func (d Dir) Array(id PartID, c Column) string {
	return filepath.Join(string(d), c.Name, id.ArrayName())
}

// Create makes the folders that are missing and removes what processes of this host that have ended left in Tmp.
func (d Dir) Create() error {
	if err := d.makeFolders(); err != nil {
		return err
	}
	return d.removeTemporary(func(t temporary) bool { return t.host == hostName() && !processAlive(t.pid) })
}

// makeFolders makes the folders that are missing, all of them with one wait for the disk.
func (d Dir) makeFolders() error {
	if err := makeDurable(string(d)); err != nil {
		return err
	}
	made := false
	for _, folder := range []string{d.Embeddings(), d.Tmp(), d.Logs()} {
		switch err := os.Mkdir(folder, 0o777); {
		case err == nil:
			made = true
		case !errors.Is(err, fs.ErrExist):
			return err
		}
	}
	if !made {
		return nil
	}
	return disk.SyncDir(string(d))
}

// makeDurable makes a folder and those above it that are missing, so that a power cut does not take them away with all
// that was synced in them.
func makeDurable(folder string) error {
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(folder)
	if err := makeDurable(above); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return disk.SyncDir(above)
}

// Parts lists the parts there are. Foreign names what else lies in the folder of the parts, and would be in the way of
// the programs that open it.
func (d Dir) Parts() (parts map[PartID]string, foreign []string, err error) {
	entries, err := os.ReadDir(d.Embeddings())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	parts = make(map[PartID]string, len(entries))
	for _, e := range entries {
		path := filepath.Join(d.Embeddings(), e.Name())
		if id, ok := ParsePartName(e.Name()); ok && e.Type().IsRegular() {
			parts[id] = path
		} else {
			foreign = append(foreign, path)
		}
	}
	return parts, foreign, nil
}

// Clear removes the data set and leaves other files alone. The manifest goes last: while a part is left, so is what
// says where it came from.
func (d Dir) Clear() error {
	parts, _, err := d.Parts()
	if err != nil {
		return err
	}
	if err := d.RemoveSuccess(); err != nil {
		return err
	}
	for _, path := range append(slices.Collect(maps.Values(parts)), d.Skipped(), d.Report()) {
		if err := removeIfThere(path); err != nil {
			return err
		}
	}
	if err := disk.SyncDir(d.Embeddings()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.removeArrays(); err != nil {
		return err
	}
	return removeIfThere(d.Manifest())
}

// RemoveSuccess removes the mark of a complete data set, for good.
func (d Dir) RemoveSuccess() error {
	if _, err := os.Lstat(d.Success()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := removeIfThere(d.Success()); err != nil {
		return err
	}
	return disk.SyncDir(string(d))
}

func removeIfThere(path string) error {
	if err := disk.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// A temporary file is named TARGET~HOST~PID~N.tmp. The host is there because OUT may be shared by machines, each of
// which can only tell its own processes from dead ones.
var temporaryNumber atomic.Int64

func (d Dir) temporaryPath(target string) string {
	name := fmt.Sprintf("%s~%s~%d~%d.tmp", target, hostName(), os.Getpid(), temporaryNumber.Add(1))
	return filepath.Join(d.Tmp(), name)
}

// createTemporary creates a file that will become target. An earlier process of the same number may have left one of
// the same name.
func (d Dir) createTemporary(target string) (diskFile, error) {
	for {
		f, err := disk.Create(d.temporaryPath(target))
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

func (d Dir) createTemporaryFolder(target string) (string, error) {
	for {
		path := d.temporaryPath(target)
		if err := os.Mkdir(path, 0o777); !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
}

// temporary is what the name of a temporary file says.
type temporary struct {
	target, host string
	pid          int
}

func parseTemporaryName(name string) (temporary, bool) {
	name, ok := strings.CutSuffix(name, ".tmp")
	fields := strings.Split(name, "~")
	if !ok || len(fields) != 4 {
		return temporary{}, false
	}
	pid, err := strconv.Atoi(fields[2])
	return temporary{fields[0], fields[1], pid}, err == nil && pid > 0
}

// removeTemporary removes the temporary files that are stale.
func (d Dir) removeTemporary(stale func(temporary) bool) error {
	entries, err := os.ReadDir(d.Tmp())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if t, ok := parseTemporaryName(e.Name()); ok && stale(t) {
			if err := os.RemoveAll(filepath.Join(d.Tmp(), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// hostName returns the host's name with only characters that any file system takes.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
}

// writeAtomic writes a file so that it is seen whole or not at all.
func (d Dir) writeAtomic(path string, content []byte) error {
	f, err := d.createTemporary(filepath.Base(path))
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return publish(f, path, err)
}

// publish syncs and closes f, renames it to path and syncs the folder. Given an error it only removes f.
func publish(f diskFile, path string, err error) error {
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = disk.Rename(f.Name(), path)
	}
	if err != nil {
		disk.Remove(f.Name())
		return err
	}
	return disk.SyncDir(filepath.Dir(path))
}
