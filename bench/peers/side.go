package peers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// side is one of the two programs of a duel, with what it last did.
type side struct {
	peer Peer
	task Task

	wall    time.Duration
	outcome Outcome
}

// fresh gives the side a folder of its own that holds nothing but the FASTA file.
func (s *side) fresh(fasta string) error {
	if err := os.RemoveAll(s.task.Dir); err != nil {
		return err
	}
	if err := os.Mkdir(s.task.Dir, 0o777); err != nil {
		return err
	}
	s.task.FASTA = filepath.Join(s.task.Dir, filepath.Base(fasta))
	return os.Link(fasta, s.task.FASTA)
}

// run does the task.
func (s *side) run(ctx context.Context) error {
	line := pinned(s.peer.Command(s.task), s.task.Threads)
	c := exec.CommandContext(ctx, line[0], line[1:]...)
	c.Env = append(os.Environ(), threadLimits(s.task.Threads)...)
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	begin := time.Now()
	err := c.Run()
	s.wall = time.Since(begin)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return fmt.Errorf("%s: %w: %s", strings.Join(line, " "), err, lastLine(complaints.Bytes()))
	}
	if s.outcome, err = s.peer.Parse(out.Bytes(), s.task); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(line, " "), err)
	}
	return nil
}

// seconds is the time that counts.
func (s *side) seconds() float64 {
	if s.outcome.Seconds > 0 {
		return s.outcome.Seconds
	}
	return s.wall.Seconds()
}

// threadLimits tell the libraries behind a program how many threads to use.
func threadLimits(threads int) []string {
	list := []string{"PYTHONDONTWRITEBYTECODE=1", "HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1"}
	for _, name := range []string{"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ESM_NUM_THREADS", "SEQKIT_THREADS"} {
		list = append(list, fmt.Sprintf("%s=%d", name, threads))
	}
	return list
}
