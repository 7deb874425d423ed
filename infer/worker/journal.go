package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"longfirst/index"
	"longfirst/infer/output"
)

// A journal is a file of JSON lines in which a supervisor writes what happens, as it happens: what it began with, how each
// lease ended, how the run ended. Later runs append to it. A run that is killed leaves at most half a line, which readers
// pass over. Supervisors that share a data set have a journal each, named after the first rank they compute, on which they
// hold the lock.

// JournalLine is a line of a journal: a time and one of the rest.
type JournalLine struct {
	Time  time.Time `json:"time"`
	Begun *Begun    `json:"begun,omitempty"`
	Lease *Ended    `json:"lease,omitempty"`
	Death *Death    `json:"death,omitempty"`
	End   *RunEnd   `json:"end,omitempty"`
}

// Begun is what a run began with.
type Begun struct {
	Program      string `json:"program"`
	Machine      string `json:"machine"`
	Device       string `json:"device"`
	NumericClass string `json:"numeric_class"`
	Workers      int    `json:"workers"`
	Threads      int    `json:"threads"` // of each
	World        int    `json:"world_size"`
	Ranks        []int  `json:"ranks"`

	Blocks       int     `json:"blocks"`        // to compute
	BlocksBefore int     `json:"blocks_before"` // there already
	Residues     int64   `json:"residues"`      // to compute, at most
	FLOPS        float64 `json:"flops"`         // per second, what one device of the class was seen to reach

	Lengths []index.LengthBin `json:"lengths"` // of all records
}

// Ended is how a child's work on a block ended.
type Ended struct {
	Worker  int       `json:"worker"`
	Rank    int       `json:"rank"`
	Block   int       `json:"block"`
	Leased  time.Time `json:"leased"`
	Outcome Outcome   `json:"outcome"`
	Second  bool      `json:"second,omitempty"` // another child had the block in hand already
	Probe   bool      `json:"probe,omitempty"`  // of some of its records, to find the one at fault
	FLOPs   float64   `json:"flops,omitempty"`  // of a block that is done
	Counts  *Counts   `json:"counts,omitempty"` // of a block that is done
	Why     string    `json:"why,omitempty"`
}

// Outcome says how a lease ended.
type Outcome string

const (
	OutcomeDone    Outcome = "done"
	OutcomeLate    Outcome = "late" // another child had done the block before
	OutcomeFailed  Outcome = "failed"
	OutcomeDied    Outcome = "died"    // the child did
	OutcomeStopped Outcome = "stopped" // with the run
)

// Death is the end of a child that had nothing in hand.
type Death struct {
	Worker int    `json:"worker"`
	Why    string `json:"why"`
}

// RunEnd is the end of a run that was not killed.
type RunEnd struct {
	Error string `json:"error,omitempty"`
}

// journal is written by one goroutine. The nil journal writes nothing.
type journal struct {
	file   *os.File
	log    *slog.Logger
	failed bool
}

const (
	journalPrefix = "journal-r"
	journalSuffix = ".jsonl"
)

// openJournal opens the journal of a supervisor whose first rank that is. A run does not fail for want of a journal: the
// log says why there is none.
func openJournal(dir output.Dir, rank int, log *slog.Logger) *journal {
	path := filepath.Join(dir.Logs(), fmt.Sprintf("%s%05d%s", journalPrefix, rank, journalSuffix))
	j := &journal{log: log}
	var err error
	if j.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666); err == nil {
		err = j.endLine()
	}
	if err != nil {
		j.complain(err)
	}
	return j
}

// endLine ends the half line that a killed run left.
func (j *journal) endLine() error {
	size, err := j.file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	var last [1]byte
	if _, err := j.file.ReadAt(last[:], size-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = j.file.Write([]byte{'\n'})
	return err
}

// write appends a line in one call of the system.
func (j *journal) write(line JournalLine) {
	if j == nil || j.failed {
		return
	}
	line.Time = time.Now().UTC()
	text, err := json.Marshal(line)
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	if err != nil {
		j.complain(err)
	}
}

func (j *journal) complain(err error) {
	j.failed = true
	j.log.Warn("what happens is not written down for the report", "error", err)
}

func (j *journal) close() {
	if j.file != nil {
		j.file.Close()
	}
}

// ReadJournals returns the lines of each journal of a data set, in the order of their names. Lines that are no JSON are
// passed over.
func ReadJournals(dir output.Dir) (journals [][]JournalLine, err error) {
	paths, err := journalPaths(dir)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		lines, err := readJournal(path)
		if err != nil {
			return nil, err
		}
		journals = append(journals, lines)
	}
	return journals, nil
}

// removeJournals removes what was written about a data set that is to be begun anew.
func removeJournals(dir output.Dir) error {
	paths, err := journalPaths(dir)
	for _, path := range paths {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func journalPaths(dir output.Dir) ([]string, error) {
	entries, err := os.ReadDir(dir.Logs())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var paths []string
	for _, e := range entries {
		if found, _ := filepath.Match(journalPrefix+"*"+journalSuffix, e.Name()); found {
			paths = append(paths, filepath.Join(dir.Logs(), e.Name()))
		}
	}
	slices.Sort(paths)
	return paths, err
}

func readJournal(path string) (lines []JournalLine, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for r := bufio.NewReader(f); ; {
		text, err := r.ReadBytes('\n')
		var line JournalLine
		if text = bytes.TrimSpace(text); len(text) > 0 && json.Unmarshal(text, &line) == nil && !line.Time.IsZero() {
			lines = append(lines, line)
		}
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
