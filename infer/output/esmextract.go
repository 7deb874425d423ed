package output

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/zeebo/xxh3"
)

// FilesFile names the file of each record that ExportESMExtract wrote.
const FilesFile = "files.tsv"

// ExportESMExtract writes a file for each embedded record into outDir, as fair-esm's esm-extract does with --include
// mean: ID.pt, from which torch.load gets {"label": id, "mean_representations": {layer: tensor of D}}. files.tsv has a line
// for each: id, ordinal, file name.
//
// What a file name can't hold, or some system reads otherwise, is written as % and two hexadecimal digits: / \ | : * ? " < >
// %, control characters, and a dot in front. Of ids that are equal, or differ in case only, all but the first get ~ and their
// ordinal. Longer names than a file system takes are cut and get it as well. Memory: about 16 bytes a row for the names.
func ExportESMExtract(ctx context.Context, dir Dir, column, outDir string) (Export, error) {
	s, err := openSource(ctx, dir, column)
	if err != nil {
		return Export{}, err
	}
	if s.column.Pool != PoolMean {
		return Export{}, fmt.Errorf("%w: esm-extract writes means, and %s is none; export it as npy or npz", ErrColumns, s.column.Name)
	}
	o, err := s.inOrder(ctx)
	if err != nil {
		return Export{}, err
	}
	defer o.close()
	if err := os.MkdirAll(outDir, 0o777); err != nil {
		return Export{}, err
	}
	list, err := os.Create(filepath.Join(outDir, FilesFile))
	if err != nil {
		return Export{}, err
	}
	defer list.Close()
	lines := bufio.NewWriterSize(list, ioBufferSize)
	lines.WriteString("id\tordinal\tfile\n") // an error stays with the buffer
	names := fileNames{}
	err = o.each(ctx, func(line, elements []byte) error {
		id, ordinal := idOf(line), string(fieldOf(line, 1))
		name := names.next(id, ordinal) + ".pt"
		content, err := torchFile(id, s.column.Layer, o.dtype, elements)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(outDir, name), content, 0o666); err != nil {
			return err
		}
		field := appendField(nil, id)
		_, err = lines.Write(appendField(append(append(append(field, '\t'), ordinal...), '\t'), name))
		lines.WriteByte('\n')
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

// fileNames gives each record a name that no other has, whatever the file system makes of case. It keeps hashes: two
// names of equal hash cost the second one its plain form, no more.
type fileNames map[uint64]bool

// maxStem leaves room for ~ORDINAL.pt within the 255 bytes that file systems take.
const maxStem = 200

func (n fileNames) next(id, ordinal string) string {
	stem := escapeFileName(id)
	cut := len(stem) > maxStem
	if cut {
		stem = strings.ToValidUTF8(stem[:maxStem], "")
	}
	// A plain name holds a ~ that an id brought, so names with an ordinal are entered as well.
	if cut || !n.enter(stem) {
		stem += "~" + ordinal
		for !n.enter(stem) {
			stem += "~"
		}
	}
	return stem
}

func (n fileNames) enter(stem string) bool {
	key := xxh3.HashString(strings.ToLower(stem))
	if n[key] {
		return false
	}
	n[key] = true
	return true
}

func escapeFileName(id string) string {
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		if c < ' ' || c == 0x7f || strings.IndexByte(`/\|:*?"<>%`, c) >= 0 || c == '.' && i == 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// torchFile returns the bytes of a file that torch.load reads, also with weights_only: a zip archive of a pickle and the
// elements (torch/serialization.py).
func torchFile(label string, layer int, dtype DType, elements []byte) ([]byte, error) {
	storage := "FloatStorage"
	if dtype == Float16 {
		storage = "HalfStorage"
	}
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for _, entry := range []struct {
		name    string
		content []byte
	}{
		{"archive/data.pkl", representationPickle(label, layer, storage, len(elements)/dtype.Size())},
		{"archive/byteorder", []byte("little")},
		{"archive/data/0", elements},
		{"archive/version", []byte("3\n")},
	} {
		size := uint64(len(entry.content))
		w, err := archive.CreateRaw(&zip.FileHeader{Name: entry.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(entry.content),
			CompressedSize64: size, UncompressedSize64: size})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(entry.content); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return file.Bytes(), err
}

// representationPickle returns {"label": label, "mean_representations": {layer: tensor [n]}} in protocol 2
// (https://peps.python.org/pep-0307/). The tensor is a call of torch's own function on storage 0.
func representationPickle(label string, layer int, storage string, n int) []byte {
	b := []byte("\x80\x02}(")
	text := func(s string) {
		b = binary.LittleEndian.AppendUint32(append(b, 'X'), uint32(len(s)))
		b = append(b, s...)
	}
	number := func(n int) { b = binary.LittleEndian.AppendUint32(append(b, 'J'), uint32(min(n, math.MaxInt32))) }
	text("label")
	text(label)
	text("mean_representations")
	b = append(b, "}"...)
	number(layer)
	b = append(b, "ctorch._utils\n_rebuild_tensor_v2\n(("...)
	text("storage")
	b = append(b, "ctorch\n"+storage+"\n"...)
	text("0")
	text("cpu")
	number(n)
	b = append(b, "tQ"...) // the storage, by its persistent id
	number(0)              // offset
	number(n)              // shape
	b = append(b, 0x85)
	number(1) // strides
	b = append(b, 0x85)
	b = append(b, 0x89)                               // requires_grad
	b = append(b, "ccollections\nOrderedDict\n)R"...) // hooks
	return append(b, "tRsu."...)
}
