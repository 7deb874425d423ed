package output

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// IDsFile is the file of the ids that ExportNPY and ExportSafetensors write.
const IDsFile = "ids.tsv"

// arrayName is what an export calls the numbers of a column, and the file they are in before its extension.
func (c Column) arrayName() string {
	if c.Name == "embedding" {
		return "embeddings"
	}
	return c.Name
}

// ExportedColumns are the columns of ids.tsv, in order, under a header line of these names. Line i+1 after the header
// and row i of the array are one record.
var ExportedColumns = []string{
	"id", "ordinal", "file", "byte_offset", "length", "residues", "unknown", "truncated", "md5", "description",
}

// Export is what was exported.
type Export struct {
	Rows    int64 // embedded records; records without a row are not exported
	Records int64 // of the index
	Column  Column
	DType   DType
	Files   []string
}

// source is a data set being exported: its parts and the rank of each of their rows in input order.
type source struct {
	dir      Dir
	manifest Manifest
	column   Column // what is exported
	paths    []string
	ranks    *ordinalSet
}

// openSource opens a data set to export a column; "" is its first one.
func openSource(ctx context.Context, dir Dir, column string) (*source, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	s := &source{dir: dir, manifest: m, ranks: newOrdinalSet(m.Index.Records)}
	if s.column = m.Options.Columns[0]; column != "" {
		if s.column, err = m.Options.Columns.Find(column); err != nil {
			return nil, err
		}
	}
	parts, _, err := dir.WholeParts(m.Options.Columns)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.SortedFunc(maps.Keys(parts), PartID.Compare) {
		s.paths = append(s.paths, parts[id])
	}
	err = s.each(ctx, func(part *Part) error {
		if cs, t := part.Info.Columns, part.Info.DType; !cs.Equal(m.Options.Columns) || t != m.Options.DType {
			return fmt.Errorf("%s: %w: columns %v of %s, the manifest says %v of %s",
				part.Path, ErrMixedParts, cs, t, m.Options.Columns, m.Options.DType)
		}
		for ordinal, err := range part.Ordinals() {
			switch {
			case err != nil:
				return err
			case ordinal < 0 || ordinal >= m.Index.Records:
				return fmt.Errorf("%s: %w: ordinal %d in a data set of %d records", part.Path, ErrMixedParts, ordinal, m.Index.Records)
			case !s.ranks.add(ordinal):
				return fmt.Errorf("%s: %w: ordinal %d", part.Path, ErrDuplicateRow, ordinal)
			}
		}
		return nil
	})
	s.ranks.seal()
	return s, err
}

func (s *source) export() Export {
	return Export{Rows: s.ranks.n, Records: s.manifest.Index.Records, Column: s.column, DType: s.dtype()}
}

// dtype is the type of the exported column's elements.
func (s *source) dtype() DType { return s.column.Element(s.manifest.Options.DType) }

// each opens one part after the other.
func (s *source) each(ctx context.Context, visit func(*Part) error) error {
	for _, path := range s.paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, err := OpenPart(path)
		if err != nil {
			return err
		}
		err = visit(part)
		part.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// ExportNPY writes embeddings.npy, or COLUMN.npy of another column (shape (n, D), C order, '<f4', or '<f2' of a float16 data
// set), and ids.tsv into outDir, both with the n embedded records in input order. Files of these names are replaced when both
// are complete. Memory does not grow with the rows but for one bit per record of the index.
//
// A column per residue becomes a file for each record instead: see exportFiles.
func ExportNPY(ctx context.Context, dir Dir, column, outDir string) (Export, error) {
	s, err := openSource(ctx, dir, column)
	if err != nil {
		return Export{}, err
	}
	if s.column.PerResidue() {
		return s.exportFiles(ctx, outDir)
	}
	return s.exportArray(ctx, outDir, s.column.arrayName()+".npy", npyHeader)
}

// ExportSafetensors writes embeddings.safetensors, one tensor "embeddings" [n, D] of F32 or F16, and ids.tsv as ExportNPY
// does. File and tensor of another column have its name.
func ExportSafetensors(ctx context.Context, dir Dir, column, outDir string) (Export, error) {
	s, err := openSource(ctx, dir, column)
	if err != nil {
		return Export{}, err
	}
	if err := s.inRows("safetensors"); err != nil {
		return Export{}, err
	}
	return s.exportArray(ctx, outDir, s.column.arrayName()+".safetensors", safetensorsHeader(s.column.arrayName()))
}

// inRows refuses a column per residue to a format that has no form for it.
func (s *source) inRows(format string) error {
	if s.column.PerResidue() {
		return fmt.Errorf("%w: %s writes one row for a record, and %s has one for a residue; export it as npy or npz",
			ErrColumns, format, s.column.Name)
	}
	return nil
}

// exportArray writes ids.tsv and a file that is a header and, behind it, the column in row-major order.
func (s *source) exportArray(ctx context.Context, outDir, name string, header arrayHeader) (Export, error) {
	if err := os.MkdirAll(outDir, 0o777); err != nil {
		return Export{}, err
	}
	tmp, err := os.MkdirTemp(outDir, ".export-*")
	if err != nil {
		return Export{}, err
	}
	defer os.RemoveAll(tmp)
	if err := s.write(ctx, tmp, name, header); err != nil {
		return Export{}, err
	}
	e := s.export()
	for _, name := range []string{name, IDsFile} {
		path := filepath.Join(outDir, name)
		if err := os.Rename(filepath.Join(tmp, name), path); err != nil {
			return Export{}, err
		}
		e.Files = append(e.Files, path)
	}
	return e, syncDir(outDir)
}

// write writes the array, under that name, and ids.tsv into folder.
func (s *source) write(ctx context.Context, folder, name string, header arrayHeader) error {
	dtype, width := s.dtype(), s.column.Width
	array, err := createArray(filepath.Join(folder, name), header(dtype, s.ranks.n, width), dtype, s.ranks.n, width)
	if err != nil {
		return err
	}
	defer array.close()
	lines, err := newLineSorter(folder, s.ranks.n)
	if err != nil {
		return err
	}
	defer lines.close()
	var line []byte
	err = s.each(ctx, func(part *Part) error {
		for row, err := range part.RowsOf(s.column) {
			if err != nil {
				return err
			}
			rank := s.ranks.rank(row.Ordinal)
			if err := array.writeRow(rank, row.Values); err != nil {
				return err
			}
			line = appendIDs(line[:0], row)
			if err := lines.add(rank, line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := lines.writeTo(ctx, filepath.Join(folder, IDsFile), headerLine(ExportedColumns)); err != nil {
		return err
	}
	return array.finish()
}
