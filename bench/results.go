package bench

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Files of a results folder.
const (
	textFile = "bench.txt"
	jsonFile = "bench.json"
)

// Save writes the report to a new folder <date>-<machine> below dir and returns its path. A second one of the day gets a
// number.
func (r *Report) Save(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	name := filepath.Join(dir, r.Started.Format("2006-01-02")+"-"+r.Machine.slug())
	folder := name
	for n := 2; ; n++ {
		err := os.Mkdir(folder, 0o777)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		folder = fmt.Sprintf("%s.%d", name, n)
	}
	return folder, errors.Join(writeFile(filepath.Join(folder, textFile), r.WriteText), writeFile(filepath.Join(folder, jsonFile), r.WriteJSON))
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
