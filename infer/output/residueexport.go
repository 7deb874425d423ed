package output

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// exportFiles writes a file NAME.npy [residues, D] for each embedded record into outDir, for numpy.load, and files.tsv with a
// line for each in input order: id, ordinal, file name, residues. Names are those of ExportESMExtract.
func (s *source) exportFiles(ctx context.Context, outDir string) (Export, error) {
	if err := os.MkdirAll(outDir, 0o777); err != nil {
		return Export{}, err
	}
	list, err := os.Create(filepath.Join(outDir, FilesFile))
	if err != nil {
		return Export{}, err
	}
	defer list.Close()
	lines := bufio.NewWriterSize(list, ioBufferSize)
	lines.WriteString("id\tordinal\tfile\tresidues\n") // an error stays with the buffer
	names := fileNames{}
	err = s.eachRecord(ctx, func(id, ordinal string, residues int64, elements []byte) error {
		name := names.next(id, ordinal) + ".npy"
		header := npyHeader(s.dtype(), residues, s.column.Width)
		if err := os.WriteFile(filepath.Join(outDir, name), append(header, elements...), 0o666); err != nil {
			return err
		}
		line := append(append(append(appendField(nil, id), '\t'), ordinal...), '\t')
		line = strconv.AppendInt(append(appendField(line, name), '\t'), residues, 10)
		_, err := lines.Write(append(line, '\n'))
		return err
	})
	if err != nil {
		return Export{}, err
	}
	if err := lines.Flush(); err != nil {
		return Export{}, err
	}
	e := s.export()
	e.Files = []string{list.Name()}
	return e, list.Close()
}

// writeRecords writes an archive with an array for each record, in input order.
func (s *source) writeRecords(ctx context.Context, w io.Writer) error {
	archive := zip.NewWriter(w)
	names := fileNames{}
	err := s.eachRecord(ctx, func(id, ordinal string, residues int64, elements []byte) error {
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: names.next(id, ordinal) + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := entry.Write(npyHeader(s.dtype(), residues, s.column.Width)); err != nil {
			return err
		}
		_, err = entry.Write(elements)
		return err
	})
	if err != nil {
		return err
	}
	return archive.Close()
}

// eachRecord visits the records in input order with what the column per residue has of them, as it is stored. The elements
// are valid during the call only. The order of the records is made in OUT/tmp, where it takes a line for each.
func (s *source) eachRecord(ctx context.Context, visit func(id, ordinal string, residues int64, elements []byte) error) error {
	if err := os.MkdirAll(s.dir.Tmp(), 0o777); err != nil {
		return err
	}
	folder, err := s.dir.createTemporaryFolder("export")
	if err != nil {
		return err
	}
	o := &ordered{folder: folder, rows: s.ranks.n}
	defer o.close()
	if err := s.writePlaces(ctx, folder); err != nil {
		return err
	}
	var part *Part
	var array *Array
	opened := -1
	closeArray := func() {
		if array != nil {
			array.Close()
			part.Close()
		}
	}
	defer func() { closeArray() }()
	return o.lines(ctx, func(line []byte) error {
		var place [3]int64 // residues, part, offset
		for i := range place {
			if place[i], err = strconv.ParseInt(string(fieldOf(line, 2+i)), 10, 64); err != nil {
				return err
			}
		}
		if number := int(place[1]); number != opened {
			closeArray()
			array, opened = nil, number
			if part, err = OpenPart(s.paths[number]); err != nil {
				return err
			}
			if array, err = part.OpenArray(s.column); err != nil {
				part.Close()
				return err
			}
		}
		elements, err := array.Bytes(place[2], place[0])
		if err != nil {
			return err
		}
		return visit(idOf(line), string(fieldOf(line, 1)), place[0], elements)
	})
}

// writePlaces writes, in input order, where the records are: id, ordinal, residues, part, offset.
func (s *source) writePlaces(ctx context.Context, folder string) error {
	lines, err := newLineSorter(folder, s.ranks.n)
	if err != nil {
		return err
	}
	defer lines.close()
	var line []byte
	number := int64(-1)
	err = s.each(ctx, func(part *Part) error {
		number++
		for row, err := range part.RowsOf(s.column) {
			if err != nil {
				return err
			}
			line = appendField(line[:0], row.ID)
			for _, n := range [...]int64{row.Ordinal, row.Residues, number, row.Offsets[0]} {
				line = strconv.AppendInt(append(line, '\t'), n, 10)
			}
			if err := lines.add(s.ranks.rank(row.Ordinal), append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := lines.writeTo(ctx, filepath.Join(folder, IDsFile), []byte("places\n")); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	return nil
}
