package peers

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed scripts/*.py
var scripts embed.FS

// writeScripts puts the Python side of the peers into a folder.
func writeScripts(dir string) error {
	names, err := scripts.ReadDir("scripts")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := scripts.ReadFile("scripts/" + name.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name.Name()), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// script is a peer that is used from Python, through one of the scripts.
type script struct {
	name, does  string
	job         Job
	python      string   // interpreter of the environment it is installed in
	packages    []string // the first one is the peer's own
	file        string
	arguments   []string // of this way to use it
	takesOption bool     // --model and the like, instead of the job's name
	takesCache  bool
}

func (s *script) Name() string { return s.name }

func (s *script) Job() Job { return s.job }

func (s *script) Does() string { return s.does }

// Version asks the environment for the package. A script that needs none beyond Python's own has the version of Python.
func (s *script) Version(ctx context.Context) (string, error) {
	ask := "import platform; print(platform.python_version())"
	if len(s.packages) > 0 {
		ask = "import importlib.metadata as m, sys; print(*[m.version(p) for p in sys.argv[1:]])"
	}
	out, err := exec.CommandContext(ctx, s.python, append([]string{"-c", ask}, s.packages...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New(lastLine(exit.Stderr))
		}
		return "", fmt.Errorf("%w: %w; make bench-peers installs it", ErrAbsent, err)
	}
	return strings.Fields(string(out))[0], nil
}

func (s *script) Command(t Task) []string {
	line := []string{s.python, filepath.Join(t.Scripts, s.file)}
	if !s.takesOption {
		return append(line, string(t.Job), t.FASTA)
	}
	line = append(line, t.FASTA, "--model", t.Model, "--rows", t.Rows, "--threads", strconv.Itoa(t.Threads), "--cut", strconv.Itoa(t.Cut))
	if s.takesCache {
		line = append(line, "--cache", t.Cache)
	}
	return append(line, s.arguments...)
}

func (s *script) Parse(stdout []byte, _ Task) (Outcome, error) { return parseLine(stdout) }

// parseLine reads the JSON object that is the last line of stdout: some programs print others before it.
func parseLine(stdout []byte) (o Outcome, err error) {
	line := lastLine(stdout)
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("%w: %q: %w", ErrOutput, line, err)
	}
	if o.Seconds <= 0 || o.Records < 0 || o.Residues < 0 {
		return o, fmt.Errorf("%w: %q", ErrOutput, line)
	}
	return o, nil
}

func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	return string(text[bytes.LastIndexByte(text, '\n')+1:])
}
