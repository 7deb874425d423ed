package output

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/zeebo/xxh3"
)

// ArrayInfo is what a part says of its array file of a column.
type ArrayInfo struct {
	Column   string `json:"column"`
	Rows     int64  `json:"rows"`     // residues of all records of the part
	Checksum string `json:"xxh3_128"` // of the elements, without the header; lower hex
}

// residueHeaderBytes is the size of the header of every array file, NumPy's for any shape it can have.
const residueHeaderBytes = 128

// residueWriter writes an array file of a part.
type residueWriter struct {
	column  Column
	dtype   DType
	path    string // where it is published
	file    diskFile
	hash    *xxh3.Hasher
	to      *bufio.Writer
	rows    int64
	encoded []byte
}

func createResidues(dir Dir, id PartID, c Column, dtype DType) (*residueWriter, error) {
	w := &residueWriter{column: c, dtype: dtype, path: dir.Array(id, c), hash: xxh3.New()}
	if err := makeDurable(filepath.Dir(w.path)); err != nil {
		return nil, err
	}
	var err error
	if w.file, err = dir.createTemporary(id.ArrayName()); err != nil {
		return nil, err
	}
	w.to = bufio.NewWriterSize(w.file, ioBufferSize)
	_, err = w.to.Write(make([]byte, residueHeaderBytes)) // its place
	return w, err
}

// append writes the rows of a record and returns where they begin.
func (w *residueWriter) append(values []float32) (offset int64, err error) {
	offset = w.rows
	w.rows += int64(len(values) / w.column.Width)
	for len(values) > 0 && err == nil {
		n := min(len(values), ioBufferSize/4)
		w.encoded = w.dtype.encode(w.encoded[:0], values[:n])
		values = values[n:]
		w.hash.Write(w.encoded)
		_, err = w.to.Write(w.encoded)
	}
	return offset, err
}

// publish completes the file and makes it durable under its name.
func (w *residueWriter) publish() (ArrayInfo, error) {
	err := w.to.Flush()
	if err == nil {
		_, err = w.file.WriteAt(npyHeader(w.dtype, w.rows, w.column.Width), 0)
	}
	return ArrayInfo{Column: w.column.Name, Rows: w.rows, Checksum: string(digits(w.hash))}, publish(w.file, w.path, err)
}

func (w *residueWriter) abort() {
	w.file.Close()
	disk.Remove(w.file.Name())
}

// encode appends values as they are stored.
func (t DType) encode(dst []byte, values []float32) []byte {
	for _, v := range values {
		if t == Float16 {
			dst = binary.LittleEndian.AppendUint16(dst, toFloat16(v))
		} else {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

// Array is an open array file of a part, [rows, width].
type Array struct {
	Column Column
	file   *os.File
	dtype  DType
	rows   int64
	bytes  []byte
}

// OpenArray opens the array file of a column. The error is ErrCorruptPart for a file that is not what the part says.
func (p *Part) OpenArray(c Column) (*Array, error) {
	info, err := p.Info.array(c)
	if err != nil {
		return nil, err
	}
	path := Dir(filepath.Dir(filepath.Dir(p.Path))).Array(p.Info.PartID, c)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	a := &Array{Column: c, file: file, dtype: p.Info.DType, rows: info.Rows}
	if err := guard(path, a.check); err != nil {
		file.Close()
		return nil, err
	}
	return a, nil
}

// array returns what the part says of the array of a column.
func (info PartInfo) array(c Column) (ArrayInfo, error) {
	for _, a := range info.Arrays {
		if a.Column == c.Name {
			return a, nil
		}
	}
	return ArrayInfo{}, fmt.Errorf("part %s: %w: no array %s", info.PartID, ErrNoColumn, c.Name)
}

// check compares the file with what it must be, but for its elements.
func (a *Array) check() error {
	stat, err := a.file.Stat()
	if err != nil {
		return err
	}
	if want := residueHeaderBytes + a.rows*a.rowBytes(); stat.Size() != want {
		return fmt.Errorf("%d bytes, its part asks for %d", stat.Size(), want)
	}
	header := make([]byte, residueHeaderBytes)
	if _, err := a.file.ReadAt(header, 0); err != nil {
		return err
	}
	if !bytes.Equal(header, npyHeader(a.dtype, a.rows, a.Column.Width)) {
		return errors.New("another header than its part asks for")
	}
	return nil
}

func (a *Array) rowBytes() int64 { return int64(a.Column.Width * a.dtype.Size()) }

// Bytes returns the elements of n rows as they are stored. Valid until the next call.
func (a *Array) Bytes(offset, n int64) ([]byte, error) {
	if offset < 0 || n < 0 || offset > a.rows-n {
		return nil, fmt.Errorf("%s: %w: rows %d to %d of %d", a.file.Name(), ErrCorruptPart, offset, offset+n, a.rows)
	}
	if need := n * a.rowBytes(); int64(cap(a.bytes)) < need {
		a.bytes = make([]byte, need)
	}
	a.bytes = a.bytes[:n*a.rowBytes()]
	_, err := a.file.ReadAt(a.bytes, residueHeaderBytes+offset*a.rowBytes())
	return a.bytes, err
}

// Read returns n rows.
func (a *Array) Read(offset, n int64) ([]float32, error) {
	content, err := a.Bytes(offset, n)
	if err != nil {
		return nil, err
	}
	values := make([]float32, n*int64(a.Column.Width))
	a.dtype.decode(values, content)
	return values, nil
}

// Close closes the file.
func (a *Array) Close() error { return a.file.Close() }

// checkArrays compares the part's array files with what it says of them: their size, and their bytes if asked for.
func (p *Part) checkArrays(checksum bool) error {
	for _, c := range p.Info.Columns.InArrays() {
		if err := p.checkArray(c, checksum); err != nil {
			return err
		}
	}
	return nil
}

func (p *Part) checkArray(c Column, checksum bool) error {
	a, err := p.OpenArray(c)
	if err != nil {
		return err
	}
	defer a.Close()
	stated, err := p.Info.array(c)
	if err != nil || !checksum {
		return err
	}
	return guard(a.file.Name(), func() error {
		hash := xxh3.New()
		if _, err := io.Copy(hash, io.NewSectionReader(a.file, residueHeaderBytes, a.rows*a.rowBytes())); err != nil {
			return err
		}
		if computed := string(digits(hash)); computed != stated.Checksum {
			return fmt.Errorf("its elements have the checksum %s, its part states %s", computed, stated.Checksum)
		}
		return nil
	})
}

// WholeParts lists the parts whose array files are there as well: one that lacks them is missing.
func (d Dir) WholeParts(columns Columns) (parts map[PartID]string, foreign []string, err error) {
	if parts, foreign, err = d.Parts(); err != nil {
		return nil, nil, err
	}
	for _, c := range columns.InArrays() {
		entries, err := os.ReadDir(filepath.Dir(d.Array(PartID{}, c)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		there := make(map[PartID]bool, len(entries))
		for _, e := range entries {
			if id, ok := ParseArrayName(e.Name()); ok && e.Type().IsRegular() {
				there[id] = true
			}
		}
		for id := range parts {
			if !there[id] {
				delete(parts, id)
			}
		}
	}
	return parts, foreign, nil
}

// removeArrays removes the array files of a data set, whatever its columns are named, and their folders.
func (d Dir) removeArrays() error {
	folders, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		path := filepath.Join(string(d), folder.Name())
		files, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		arrays := 0
		for _, f := range files {
			if _, ok := ParseArrayName(f.Name()); ok {
				arrays++
				if err := removeIfThere(filepath.Join(path, f.Name())); err != nil {
					return err
				}
			}
		}
		if arrays > 0 && arrays == len(files) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
