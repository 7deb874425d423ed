package workloads

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"longfirst/index"
)

// program is the executable of longfirst, for what only whole processes show.
type program string

func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, string(p), args...)
}

// run runs a command and returns what it printed to stdout.
func (p program) run(ctx context.Context, args ...string) (string, error) {
	var out, complaints bytes.Buffer
	c := p.command(ctx, args...)
	c.Stdout, c.Stderr = &out, &complaints
	if err := c.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return "", cause
		}
		return "", fmt.Errorf("longfirst %s: %w: %s", strings.Join(args, " "), err, lastLine(complaints.String()))
	}
	return out.String(), nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// inference is a command line of `longfirst infer` on the CPU, always in the same shares.
type inference struct {
	program program
	model   *model
	in      *input
	world   int
}

func (i inference) args(out string, workers, threads int) []string {
	args := []string{"infer", "--quiet", "--device", "cpu", "--model", i.model.folder, "--out", out, "--index", i.in.indexPath(),
		"--workers", strconv.Itoa(workers), "--threads", strconv.Itoa(threads), "--world-size", strconv.Itoa(i.world)}
	return append(args, i.in.paths...)
}

// prepare makes the input, its index and the model, and returns how many residues are embedded.
func (i inference) prepare(ctx context.Context, dir string) (residues int64, err error) {
	if err := i.model.prepare(dir); err != nil {
		return 0, err
	}
	x, err := i.in.index(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer x.Close()
	for length, err := range x.Lengths(index.Share(x.Len(), 0, 1)) {
		if err != nil {
			return 0, err
		}
		residues += min(length, maxLength)
	}
	return residues, nil
}

// content names what a data set holds: its parts, names and bytes, which are the same for every run with the same
// shares.
func content(out string) (sum uint64, parts int, err error) {
	names, err := filepath.Glob(filepath.Join(out, "embeddings", "part-*"))
	if err != nil {
		return 0, 0, err
	}
	hash := xxh3.New()
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, 0, err
		}
		hash.WriteString(filepath.Base(name))
		hash.Write(text)
	}
	return hash.Sum64(), len(names), nil
}

// complete returns the content of a data set, which must say of itself that it is whole.
func complete(out string) (uint64, error) {
	if _, err := os.Stat(filepath.Join(out, "_SUCCESS")); err != nil {
		return 0, err
	}
	sum, parts, err := content(out)
	if err == nil && parts == 0 {
		err = fmt.Errorf("%s: there are no parts", out)
	}
	return sum, err
}
