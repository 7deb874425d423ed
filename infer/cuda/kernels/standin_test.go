//go:build standin

package kernels

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// standin is the program of testdata/serve.cc: all kernels compiled for this machine's CPU.
type standin struct {
	name   string // of the executable
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer
	cmd    *exec.Cmd
}

// objects are the compiled sources, by name; they are compiled once a test run.
var objects = sync.OnceValues(func() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "kernels")
	if err != nil {
		return nil, err
	}
	built := map[string]string{}
	sources, err := filepath.Glob("*.cu")
	if err != nil {
		return nil, err
	}
	sources = append(sources, "testdata/serve.cc")
	sources = append(sources, deviceSide...)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var failures []error
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, source := range sources {
		object := filepath.Join(dir, filepath.Base(source)+".o")
		built[source] = object
		wait.Go(func() {
			turns <- struct{}{}
			err := compile(source, object)
			<-turns
			mu.Lock()
			failures = append(failures, err)
			mu.Unlock()
		})
	}
	wait.Wait()
	return built, errors.Join(failures...)
})

// deviceSide are the sources of the stand-in that the kernels need.
var deviceSide = []string{"../standin/device.cc", "../standin/hopper.cc"}

func compile(source, object string, more ...string) error {
	arguments := []string{"-std=c++17", "-O2", "-Wall", "-Werror", "-Wno-unknown-pragmas", "-DLONGFIRST_STANDIN", "-c", "-o", object}
	if strings.HasSuffix(source, ".cu") {
		arguments = append(arguments, "-x", "c++")
	}
	arguments = append(append(arguments, more...), source)
	if out, err := exec.Command("g++", arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("g++ %s: %w\n%s", source, err, out)
	}
	return nil
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built, err := objects(); err == nil {
		os.RemoveAll(filepath.Dir(built[deviceSide[0]]))
	}
	os.Exit(status)
}

// start links the objects, with others in place of some, and runs the program until the test ends.
func start(t *testing.T, instead map[string]string) *standin {
	t.Helper()
	built, err := objects()
	if err != nil {
		t.Fatal(err)
	}
	s := &standin{name: filepath.Join(t.TempDir(), "standin")}
	arguments := []string{"-o", s.name}
	for source, object := range built {
		if other, ok := instead[source]; ok {
			object = other
		}
		arguments = append(arguments, object)
	}
	if out, err := exec.Command("g++", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("link: %v\n%s", err, out)
	}
	s.run(t)
	t.Cleanup(s.stop)
	return s
}

func (s *standin) run(t *testing.T) {
	s.errors.Reset()
	s.cmd = exec.Command(s.name)
	s.cmd.Stderr = &s.errors
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewReaderSize(out, 1<<16)
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (s *standin) stop() {
	s.in.Close()
	s.cmd.Wait()
}

// launch runs a kernel. Arguments are int, float64, or slices, which come back as the kernel left them; nil is a null
// pointer. An error is what the kernel did wrong.
func (s *standin) launch(l Launch, seed int, arguments ...any) error {
	var request bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			if err := binary.Write(&request, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	put(uint32(len(l.Name)), []byte(l.Name), uint32(l.Grid[0]), uint32(l.Grid[1]), uint32(l.Threads), uint32(l.Shared),
		uint64(seed), uint32(len(arguments)))
	for _, a := range arguments {
		switch a := a.(type) {
		case nil:
			put(uint8(0), uint64(0))
		case int:
			put(uint8(0), uint64(a))
		case float64:
			put(uint8(0), math.Float64bits(a))
		case []tensorMap:
			put(uint8(2), uint32(len(a)))
			for _, m := range a {
				put(uint64(binary.Size(m.data)), m.data, uint64(m.rows), uint64(m.columns), uint32(m.box.Rows), uint32(m.box.Columns))
			}
		default:
			put(uint8(1), uint64(binary.Size(a)), a)
		}
	}
	if _, err := s.in.Write(request.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", l.Name, err)
	}
	var length uint32
	if err := binary.Read(s.out, binary.LittleEndian, &length); err != nil {
		s.cmd.Wait()
		return fmt.Errorf("%s: the stand-in ended, as it does at an access outside of all buffers: %v %s", l.Name, s.cmd.ProcessState, s.errors.String())
	}
	text := make([]byte, length)
	var conflicts uint64
	if _, err := io.ReadFull(s.out, text); err != nil {
		return err
	}
	if err := binary.Read(s.out, binary.LittleEndian, &conflicts); err != nil {
		return err
	}
	for _, a := range arguments {
		switch a := a.(type) {
		case nil, int, float64:
		case []tensorMap:
			for _, m := range a {
				if err := binary.Read(s.out, binary.LittleEndian, m.data); err != nil {
					return err
				}
			}
		default:
			if err := binary.Read(s.out, binary.LittleEndian, a); err != nil {
				return err
			}
		}
	}
	switch {
	case length > 0:
		return errors.New(string(text))
	case conflicts > 0:
		return fmt.Errorf("%s: %d bank conflicts", l.Name, conflicts)
	}
	return nil
}
