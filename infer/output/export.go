package output

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Names of the files that exports write.
const (
	NPYFile         = "embeddings.npy"
	SafetensorsFile = "embeddings.safetensors"
	IDsFile         = "ids.tsv"
)

// ExportedColumns are the columns of ids.tsv, in order, under a header line of these names. Line i+1 after the header
// and row i of embeddings.npy are one record.
var ExportedColumns = []string{
	"id", "ordinal", "file", "byte_offset", "length", "residues", "unknown", "truncated", "md5", "description",
}

// Export is what was exported.
type Export struct {
	Rows      int64 // embedded records; records without a row are not exported
	Records   int64 // of the index
	Dimension int
	DType     DType
	Files     []string
}

// source is a data set being exported: its parts and the rank of each of their rows in input order.
type source struct {
	dir      Dir
	manifest Manifest
	paths    []string
	ranks    *ordinalSet
}

func openSource(ctx context.Context, dir Dir) (*source, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	parts, _, err := dir.Parts()
	if err != nil {
		return nil, err
	}
	s := &source{dir: dir, manifest: m, ranks: newOrdinalSet(m.Index.Records)}
	for _, id := range slices.SortedFunc(maps.Keys(parts), PartID.Compare) {
		s.paths = append(s.paths, parts[id])
	}
	err = s.each(ctx, func(part *Part) error {
		if d, t := part.Info.Dimension, part.Info.DType; d != m.Options.Dimension || t != m.Options.DType {
			return fmt.Errorf("%s: %w: %d values of %s a row, the manifest says %d of %s",
				part.Path, ErrMixedParts, d, t, m.Options.Dimension, m.Options.DType)
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
	options := s.manifest.Options
	return Export{Rows: s.ranks.n, Records: s.manifest.Index.Records, Dimension: options.Dimension, DType: options.DType}
}

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

// ExportNPY writes embeddings.npy (shape (n, D), C order, '<f4', or '<f2' of a float16 data set) and ids.tsv into
// outDir, both with the n embedded records in input order. Files of these names are replaced when both are complete.
// Memory does not grow with the rows but for one bit per record of the index.
func ExportNPY(ctx context.Context, dir Dir, outDir string) (Export, error) {
	return exportArray(ctx, dir, outDir, NPYFile, npyHeader)
}

// ExportSafetensors writes embeddings.safetensors, one tensor "embeddings" [n, D] of F32 or F16, and ids.tsv as ExportNPY
// does.
func ExportSafetensors(ctx context.Context, dir Dir, outDir string) (Export, error) {
	return exportArray(ctx, dir, outDir, SafetensorsFile, safetensorsHeader)
}

// exportArray writes ids.tsv and a file that is a header and, behind it, the embeddings in row-major order.
func exportArray(ctx context.Context, dir Dir, outDir, name string, header arrayHeader) (Export, error) {
	s, err := openSource(ctx, dir)
	if err != nil {
		return Export{}, err
	}
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
	options := s.manifest.Options
	array, err := createArray(filepath.Join(folder, name), header(options.DType, s.ranks.n, options.Dimension), options.DType, s.ranks.n, options.Dimension)
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
		for row, err := range part.Rows() {
			if err != nil {
				return err
			}
			rank := s.ranks.rank(row.Ordinal)
			if err := array.writeRow(rank, row.Embedding); err != nil {
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
