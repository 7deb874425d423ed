package esm2

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/zeebo/xxh3"

	"longfirst/infer/safetensors"
	"longfirst/mmapfasta/mapped"
)

// FileStamp is a file of a model and what its equality is judged by.
type FileStamp struct {
	Name  string // in the model's folder
	Stamp mapped.Stamp
}

// Stamps returns the stamps of the files a model is made of: config, vocabulary, weights. Comparing them with earlier
// ones tells cheaply whether Digest must be computed again.
func Stamps(dir string) ([]FileStamp, error) {
	weights, err := safetensors.ModelFiles(dir)
	if err != nil {
		return nil, err
	}
	var stamps []FileStamp
	for _, path := range append([]string{filepath.Join(dir, ConfigFile), filepath.Join(dir, VocabularyFile)}, weights...) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		stamps = append(stamps, FileStamp{filepath.Base(path), mapped.StampOf(info)})
	}
	return stamps, nil
}

// Digest returns, in lower-case hex, what identifies the hidden states a model gives: the fields of the config that the
// forward pass uses, the vocabulary, and the content of the weights files. A copied, touched or renamed folder keeps its
// digest. It reads all weights once; an interrupted context ends it early.
func Digest(ctx context.Context, dir string) (string, error) {
	config, err := ReadConfig(dir)
	if err != nil {
		return "", err
	}
	vocabulary, err := ReadVocabulary(dir)
	if err != nil {
		return "", err
	}
	paths, err := safetensors.ModelFiles(dir)
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	fmt.Fprintf(digest, "%s\n%q\n", config.numerics(), vocabulary.tokens)
	for _, path := range paths {
		content, err := hashFile(ctx, path)
		if err != nil {
			return "", err
		}
		digest.Write(content[:])
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// hashFile returns the XXH3-128 of a file's bytes, big-endian, and its size.
func hashFile(ctx context.Context, path string) (content [24]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return content, err
	}
	defer f.Close()
	hasher := xxh3.New()
	buffer := make([]byte, 1<<20)
	var size uint64
	for {
		if err := ctx.Err(); err != nil {
			return content, fmt.Errorf("%s: reading the weights: %w", path, err)
		}
		n, err := f.Read(buffer)
		hasher.Write(buffer[:n])
		size += uint64(n)
		if err == io.EOF {
			break
		} else if err != nil {
			return content, err
		}
	}
	sum := hasher.Sum128().Bytes()
	copy(content[:16], sum[:])
	binary.BigEndian.PutUint64(content[16:], size)
	return content, nil
}

// CheckStamps returns an error when a file of the model is not as stamped.
func CheckStamps(dir string, stamps []FileStamp) error {
	now, err := Stamps(dir)
	if err != nil {
		return err
	}
	if len(now) != len(stamps) {
		return fmt.Errorf("%s: model %w: it has %d files, had %d", dir, mapped.ErrChanged, len(now), len(stamps))
	}
	for i, f := range stamps {
		if now[i] != f {
			return fmt.Errorf("%s: %w", filepath.Join(dir, f.Name), mapped.ErrChanged)
		}
	}
	return nil
}
