package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"longfirst/infer/backend"
)

const (
	// faultVariable tells the device of a worker process how to fail: ACTION:RESIDUES, several separated by spaces. What
	// action says happens with every batch that holds the residues in one of its sequences:
	//
	//	kill   the process kills itself
	//	panic  the process panics
	//	memory the process uses up the memory it may have
	//	nan    the embedding of the sequence holds a NaN
	//	huge   the embedding of the sequence holds a number that half precision does not
	//	hold   the process says so in the folder of holdVariable, and waits until there is a file "go"
	//
	// "nodevice" is a device that can't be opened, "slow" one that takes a while for every batch.
	faultVariable = "LONGFIRST_TEST_FAULT"

	// holdVariable names the folder in which a script and a held process find each other.
	holdVariable = "LONGFIRST_TEST_HOLD"
)

// slowness is what a slow device takes longer for a batch: a run is then long enough to be met in the middle.
const slowness = 10 * time.Millisecond

type openBackend func(device string, threads int) (backend.Backend, error)

// withFaults returns a way of opening devices that fail as spec says.
func withFaults(open openBackend, spec string) openBackend {
	if spec == "" {
		return open
	}
	faults := strings.Fields(spec)
	return func(device string, threads int) (backend.Backend, error) {
		b, err := open(device, threads)
		if err != nil || len(os.Args) < 2 || os.Args[1] != "worker" {
			return b, err
		}
		f := &faultyBackend{Backend: b}
		for _, text := range faults {
			action, residues, _ := strings.Cut(text, ":")
			if action == "nodevice" {
				return nil, errors.Join(errors.New("the device has fallen off the bus"), b.Close())
			}
			f.faults = append(f.faults, fault{action, tokensOf(residues)})
		}
		return f, nil
	}
}

// fault is what happens with a batch that holds the tokens.
type fault struct {
	action string
	tokens []byte
}

// poison returns the value that spoils an embedding, 0 for faults of other kinds.
func (f fault) poison() float32 {
	switch f.action {
	case "nan":
		return float32(math.NaN())
	case "huge":
		return 1e5
	}
	return 0
}

// tokensOf returns the token ids of residues in ESM-2's vocabulary.
func tokensOf(residues string) []byte {
	const first, vocabulary = 4, "LAGVSERTIDPKQNFYMHWCXBUZO.-"
	ids := make([]byte, len(residues))
	for i := range residues {
		ids[i] = byte(first + strings.IndexByte(vocabulary, residues[i]))
	}
	return ids
}

// faultyBackend is a device whose streams fail.
type faultyBackend struct {
	backend.Backend
	faults []fault
}

func (b *faultyBackend) Steps() uint64 { return b.Backend.(backend.Stepper).Steps() }

func (b *faultyBackend) NewStream(maxTokens, maxSequences int) (backend.Stream, error) {
	s, err := b.Backend.NewStream(maxTokens, maxSequences)
	return &faultyStream{Stream: s, faults: b.faults}, err
}

type faultyStream struct {
	backend.Stream
	faults []fault
	batch  backend.Batch
	pooled []float32
}

func (s *faultyStream) Begin(b backend.Batch) error {
	s.batch = b
	for _, f := range s.faults {
		if f.action == "slow" {
			time.Sleep(slowness)
		}
		if f.poison() != 0 || len(s.sequences(f)) == 0 {
			continue
		}
		switch f.action {
		case "kill":
			self, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = self.Kill()
			}
			panic(err)
		case "panic":
			panic(lateWords("a fault on purpose"))
		case "memory":
			useUpMemory()
		case "hold":
			if err := hold(os.Getenv(holdVariable)); err != nil {
				return err
			}
		}
	}
	return s.Stream.Begin(b)
}

// lateWords is a panic that takes a while to be told. The runtime asks for the text when the goroutine's deferred calls
// are done and before the process ends: what other goroutines make of these calls they can do meanwhile.
type lateWords string

func (w lateWords) Error() string {
	time.Sleep(20 * time.Millisecond)
	return string(w)
}

// sequences returns the sequences of the batch that hold the residues of a fault.
func (s *faultyStream) sequences(f fault) (found []int) {
	for i := range s.batch.Sequences() {
		if len(f.tokens) > 0 && bytes.Contains(s.batch.Tokens[s.batch.CuSeqlens[i]:s.batch.CuSeqlens[i+1]], f.tokens) {
			found = append(found, i)
		}
	}
	return found
}

func (s *faultyStream) MeanPool(dst []float32, src backend.Activation) {
	s.pooled = dst
	s.Stream.MeanPool(dst, src)
}

func (s *faultyStream) Finish() error {
	err := s.Stream.Finish()
	for _, f := range s.faults {
		if f.poison() == 0 {
			continue
		}
		for _, i := range s.sequences(f) {
			s.pooled[i*len(s.pooled)/s.batch.Sequences()] = f.poison()
		}
	}
	return err
}

// holdPatience is longer than any script waits, so that no script takes the end of its own waiting for an answer.
const holdPatience = 4 * scriptPatience

// hold makes a file held.PID, which holds the number of this process, and waits for the file "go". The file parentdeath
// says which signal this process gets when its supervisor dies.
func hold(dir string) error {
	pid := fmt.Sprint(os.Getpid())
	if err := os.WriteFile(filepath.Join(dir, "parentdeath"), []byte(parentDeath+"\n"), 0o666); err != nil {
		return err
	}
	temporary := filepath.Join(dir, pid)
	if err := os.WriteFile(temporary, []byte(pid), 0o666); err != nil {
		return err
	}
	if err := os.Rename(temporary, filepath.Join(dir, "held."+pid)); err != nil {
		return err
	}
	for begin := time.Now(); time.Since(begin) < holdPatience; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "go")); err == nil {
			return nil
		}
	}
	return errors.New("nobody let go of a held process")
}
