package index

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

// source is a FASTA file of the list as it is now.
type source struct {
	path   string // absolute, cleaned
	stamp  mapped.Stamp
	format expand.Format // once that is known
	text   *text         // of a compressed file, once that is known
}

// textPath returns the path of the file that has the text of s.
func (s source) textPath() string {
	if s.text != nil {
		return s.text.path
	}
	return s.path
}

// textSize returns the bytes of the text of s.
func (s source) textSize() int64 {
	if s.text != nil {
		return s.text.fact.Text.Size
	}
	return s.stamp.Size
}

// located makes a refusal of the text of a compressed file name that file.
func (s source) located(err error) error {
	if s.text == nil {
		return err
	}
	return inText(err, s.text.path, s.path)
}

// sources looks at the files of a list. A file given twice, under whatever names, is refused: every record of it would
// be computed twice, which nobody asks for on purpose.
func sources(fastas []string) ([]source, error) {
	if len(fastas) == 0 {
		return nil, ErrNoFiles
	}
	list, infos := make([]source, len(fastas)), make([]os.FileInfo, len(fastas))
	alike := map[mapped.Stamp][]int{} // a file has one stamp under all its names
	for i, name := range fastas {
		path, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: FASTA file not found: %w; check the path", name, err)
		case err != nil:
			return nil, err
		case info.IsDir():
			return nil, fmt.Errorf("%s: %w; name the FASTA files in it", name, mmapfasta.ErrDirectory)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s: %w; read it from standard input: longfirst ... - < %s", name, mmapfasta.ErrNotRegular, name)
		}
		stamp := mapped.StampOf(info)
		for _, j := range alike[stamp] {
			if os.SameFile(infos[j], info) {
				return nil, fmt.Errorf("%s and %s: %w; leave one out", fastas[j], name, ErrRepeated)
			}
		}
		alike[stamp] = append(alike[stamp], i)
		list[i], infos[i] = source{path: path, stamp: stamp}, info
	}
	return list, nil
}
