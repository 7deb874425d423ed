//go:build standin

package kernels

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mutation is one fault put into a source.
type mutation struct{ file, what, from, to string }

func mutations(t *testing.T) (list []mutation) {
	text, err := os.ReadFile("testdata/mutations.txt")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var m mutation
		var from, to []string
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case strings.HasPrefix(line, "-"):
				from = append(from, line[1:])
			case strings.HasPrefix(line, "+"):
				to = append(to, line[1:])
			case line != "" && !strings.HasPrefix(line, "#"):
				m.file, m.what, _ = strings.Cut(line, ": ")
			}
		}
		if m.file != "" {
			m.from, m.to = strings.Join(from, "\n"), strings.Join(to, "\n")
			list = append(list, m)
		}
	}
	return list
}

// includers are the sources by whose checks a fault in a header is to be noticed: all of those that share its templates, as
// the linker takes one of each for all.
var includers = map[string][]string{"rotary.cuh": {"gemm.cu"}, "gelu.cuh": {"gelu.cu", "gemm.cu"},
	"gemm90.cuh": {"gemm90_add.cu", "gemm90_gelu.cu", "gemm90_qkv64.cu", "gemm90_qkv128.cu"}, "hopper.cuh": {"gemm90_add.cu"}}

// Every fault in the list makes a check fail.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and runs the kernels once for each fault")
	}
	checks := all()
	for _, m := range mutations(t) {
		t.Run(m.file+": "+m.what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, copied := range []string{".", "../standin"} {
				for _, pattern := range []string{"*.cu", "*.cuh", "*.h"} {
					copyFiles(t, filepath.Join(copied, pattern), filepath.Join(dir, "kernels", copied))
				}
			}
			mutated := filepath.Join(dir, "kernels", m.file)
			source, err := os.ReadFile(mutated)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(source), m.from); n != 1 {
				t.Fatalf("what is to be replaced occurs %d times:\n%s", n, m.from)
			}
			if err := os.WriteFile(mutated, []byte(strings.Replace(string(source), m.from, m.to, 1)), 0o666); err != nil {
				t.Fatal(err)
			}
			sources, ok := includers[m.file]
			if !ok {
				sources = []string{m.file}
			}
			instead := map[string]string{}
			for _, s := range sources {
				instead[s] = filepath.Join(dir, s+".o")
				if err := compile(filepath.Join(dir, "kernels", s), instead[s], "-w"); err != nil {
					t.Fatal(err)
				}
			}
			s := start(t, instead)
			for _, c := range checks {
				if !slices.Contains(sources, c.source) {
					continue
				}
				if err := c.run(s, rand.New(rand.NewPCG(1, 2))); err != nil {
					t.Log(c.name+":", err)
					return
				}
			}
			t.Error("no check noticed")
		})
	}
}

func copyFiles(t *testing.T, pattern, to string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err == nil {
		err = os.MkdirAll(to, 0o777)
	}
	for _, file := range files {
		if err != nil {
			break
		}
		var content []byte
		if content, err = os.ReadFile(file); err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(file)), content, 0o666)
		}
	}
	if err != nil {
		t.Fatal(fmt.Errorf("copy of %s: %w", pattern, err))
	}
}
