package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"longfirst/bench/limits"
)

// Files of a results folder.
const (
	textFile = "bench.txt"
	jsonFile = "bench.json"
)

// File is one more file of a results folder.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// Folder makes a new folder <date>-<machine> below dir for the results of a report and returns its path. A second one of the
// day gets a number.
func (r *Report) Folder(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	name := filepath.Join(dir, r.Started.Format("2006-01-02")+"-"+r.Machine.slug())
	folder := name
	for n := 2; ; n++ {
		err := os.Mkdir(folder, 0o777)
		if err == nil {
			return folder, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		folder = fmt.Sprintf("%s.%d", name, n)
	}
}

// Save writes the report and more files to a folder, over those of an earlier state of the report.
func (r *Report) Save(folder string, more ...File) error {
	var errs []error
	for _, f := range append([]File{{textFile, r.WriteText}, {jsonFile, r.WriteJSON}}, more...) {
		errs = append(errs, replaceFile(filepath.Join(folder, f.Name), f.Write))
	}
	return errors.Join(errs...)
}

// replaceFile writes a file beside the one of that name and renames it over it: a kill leaves one or the other.
func replaceFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), path)
}

// Load reads the report of a results folder, or of a JSON file. Errors: ErrReport, what reading gives.
func Load(path string) (*Report, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, jsonFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrReport, path, err)
	}
	if len(r.Results) == 0 && len(r.Limits) == 0 {
		return nil, fmt.Errorf("%w: %s: it holds neither results nor limits", ErrReport, path)
	}
	for i := range r.Limits {
		l := &r.Limits[i]
		if l.Limit, err = limits.Parse(l.Name); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrReport, path, err)
		}
	}
	return r, nil
}

// Newest returns the results folder below dir whose run started last, of those that ended.
func Newest(dir string) (string, *Report, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*", jsonFile))
	if err != nil {
		return "", nil, err
	}
	var folder string
	var newest *Report
	for _, name := range names {
		r, err := Load(name)
		if err != nil {
			return "", nil, err
		}
		if r.Partial == "" && (newest == nil || r.Started.After(newest.Started)) {
			folder, newest = filepath.Dir(name), r
		}
	}
	if newest == nil {
		return "", nil, fmt.Errorf("%w: %s: there are no results; longfirst bench --out %s keeps some", ErrReport, dir, dir)
	}
	return folder, newest, nil
}
