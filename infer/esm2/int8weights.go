package esm2

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// Int8Weights returns the file of the model's weights quantized to int8 and whether it was made now. digest is the model's:
// a file made before is used again, once its checksum holds. It lies beside the model or, where that can't be written to, in
// the user's cache folder. Weights that are no numbers are ErrWeights.
func Int8Weights(ctx context.Context, dir, digest string) (path string, made bool, err error) {
	places := int8Places(dir, digest)
	for _, place := range places {
		if checkInt8(ctx, place, digest) == nil {
			return place, false, nil
		}
	}
	for _, place := range places {
		if err = makeInt8(ctx, dir, digest, place); err == nil {
			return place, true, nil
		}
		if !errors.Is(err, errPlace) {
			break
		}
	}
	return "", false, err
}

// errPlace tells that a file can't be written where it was to be.
var errPlace = errors.New("no quantized weights can be written there")

func int8Places(dir, digest string) []string {
	name := "int8-" + digest[:min(len(digest), 16)] + ".safetensors"
	places := []string{filepath.Join(dir, name)}
	if cache, err := os.UserCacheDir(); err == nil {
		places = append(places, filepath.Join(cache, "longfirst", "models", name))
	}
	return places
}

// checkInt8 reads a file of quantized weights through.
func checkInt8(ctx context.Context, path, digest string) error {
	set, err := openInt8(path, digest)
	if err != nil {
		return err
	}
	defer set.Close()
	return mapped.Guard(func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		sum, ok := set.Tensor("checksum")
		if !ok || len(sum.Data) != checksumSize {
			return fmt.Errorf("%s: %w: it has no checksum", path, ErrWeights)
		}
		var prefix [8]byte
		if _, err := io.ReadFull(f, prefix[:]); err != nil {
			return err
		}
		header := int64(binary.LittleEndian.Uint64(prefix[:]))
		data := set.Files()[0].Size() - 8 - header - checksumSize
		if _, err := f.Seek(header, io.SeekCurrent); err != nil {
			return err
		}
		hash := xxh3.New()
		if _, err := io.Copy(hash, &interrupted{ctx, io.LimitReader(f, data)}); err != nil {
			return err
		}
		if got := hash.Sum128().Bytes(); string(got[:]) != string(sum.Data) {
			return fmt.Errorf("%s: %w: its checksum does not hold", path, ErrWeights)
		}
		return nil
	}, set.Files()...)
}

// checksumSize is the bytes of an XXH3-128.
const checksumSize = 16

// interrupted is a reader that fails once its context is done.
type interrupted struct {
	context.Context
	io.Reader
}

func (r *interrupted) Read(p []byte) (int, error) {
	if err := r.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// makeInt8 quantizes a model into a file, which appears whole or not at all.
func makeInt8(ctx context.Context, dir, digest, place string) (err error) {
	if err := os.MkdirAll(filepath.Dir(place), 0o777); err != nil {
		return fmt.Errorf("%w: %w", errPlace, err)
	}
	f, err := os.CreateTemp(filepath.Dir(place), ".int8-*")
	if err != nil {
		return fmt.Errorf("%w: %w", errPlace, err)
	}
	defer func() {
		f.Close()
		os.Remove(f.Name())
	}()
	config, err := ReadConfig(dir)
	if err != nil {
		return err
	}
	set, err := safetensors.OpenModel(dir)
	if err != nil {
		return err
	}
	defer set.Close()
	if err := mapped.Guard(func() error { return writeInt8(ctx, f, set, config, digest) }, set.Files()...); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil && runtime.GOOS != "windows" {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%w: %w", errPlace, err)
	}
	return os.Rename(f.Name(), place)
}

// linearLayer is the name of a linear layer and its shape [n, k].
type linearLayer struct {
	name string
	n, k int
}

// linearLayers lists the layers that are quantized.
func (c Config) linearLayers() (list []linearLayer) {
	h, f := c.HiddenSize, c.IntermediateSize
	for i := exactLayers; i < c.Layers; i++ {
		name := fmt.Sprintf("encoder.layer.%d.", i)
		for _, l := range []linearLayer{
			{"attention.self.query", h, h}, {"attention.self.key", h, h}, {"attention.self.value", h, h}, {"attention.output.dense", h, h},
			{"intermediate.dense", f, h}, {"output.dense", h, f},
		} {
			list = append(list, linearLayer{name + l.name, l.n, l.k})
		}
	}
	return list
}

// writeInt8 writes the file, a layer at a time.
func writeInt8(ctx context.Context, to io.Writer, set *safetensors.Set, c Config, digest string) error {
	w, err := newWeights(set)
	if err != nil {
		return err
	}
	format := []byte(int8Format + "\n" + digest)
	header := []safetensors.Tensor{{Name: "format", DType: "U8", Shape: []int{len(format)}}}
	for _, l := range c.linearLayers() {
		weight, scales, sums := int8Names(l.name)
		header = append(header,
			safetensors.Tensor{Name: weight, DType: "I8", Shape: []int{l.n, backend.Int8Depth(l.k)}},
			safetensors.Tensor{Name: scales, DType: "F32", Shape: []int{l.n}},
			safetensors.Tensor{Name: sums, DType: "I32", Shape: []int{l.n}})
	}
	header = append(header, safetensors.Tensor{Name: "checksum", DType: "U8", Shape: []int{checksumSize}})
	buffered := bufio.NewWriterSize(to, 1<<20)
	file, err := safetensors.NewWriter(buffered, header, nil)
	if err != nil {
		return err
	}
	hash := xxh3.New()
	data := io.MultiWriter(file, hash)
	if _, err := data.Write(format); err != nil {
		return err
	}
	for _, l := range c.linearLayers() {
		t, err := w.tensor([]int{l.n, l.k}, l.name+".weight")
		if err != nil {
			return err
		}
		if err := w.finite(t); err != nil {
			return err
		}
		quantized, err := quantize(ctx, t, set.Files()...)
		if err != nil {
			return err
		}
		if _, err := data.Write(quantized.Values); err != nil {
			return err
		}
		if err := binary.Write(data, binary.LittleEndian, quantized.Scales); err != nil {
			return err
		}
		if err := binary.Write(data, binary.LittleEndian, quantized.Sums); err != nil {
			return err
		}
	}
	sum := hash.Sum128().Bytes()
	if _, err := file.Write(sum[:]); err != nil {
		return err
	}
	return errors.Join(file.Close(), buffered.Flush())
}

// quantize quantizes a weight, a view of mapped files, on all cores.
func quantize(ctx context.Context, t backend.Tensor, from ...*mapped.File) (backend.Int8Tensor, error) {
	n, k := t.Shape[0], t.Shape[1]
	depth, stride := backend.Int8Depth(k), k*t.DType.Size()
	q := backend.Int8Tensor{Name: t.Name, K: k, Values: make([]byte, n*depth), Scales: make([]float32, n), Sums: make([]int32, n)}
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	for first := range workers {
		group.Go(func() error {
			row := make([]float32, k)
			return mapped.Guard(func() error {
				for i := first; i < n; i += workers {
					if err := ctx.Err(); err != nil {
						return err
					}
					t.DType.Widen(row, t.Data[i*stride:])
					q.Scales[i], q.Sums[i] = backend.QuantizeRow(q.Values[i*depth:][:depth], row)
				}
				return nil
			}, from...)
		})
	}
	return q, group.Wait()
}
