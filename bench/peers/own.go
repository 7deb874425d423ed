package peers

import (
	"context"
	"path/filepath"
	"strconv"
)

// own is this program, called as a peer is. Where the peer times itself, so does it.
type own struct {
	program string
	job     Job
	selfing bool // times itself
}

func (o *own) Name() string { return "longfirst" }

func (o *own) Job() Job { return o.job }

func (o *own) Does() string { return "longfirst bench own" }

// Version is not asked for: a report names the program it is about.
func (o *own) Version(context.Context) (string, error) { return "", nil }

// gotFile is where a task to get records writes them.
func gotFile(t Task) string { return filepath.Join(t.Dir, "got.fa") }

func (o *own) Command(t Task) []string {
	if t.Job == Get {
		return []string{o.program, "index", "get", "--quiet", "--ids-from", t.Names, "-o", gotFile(t), t.FASTA}
	}
	line := []string{o.program, "bench", "own", string(t.Job), "--threads", strconv.Itoa(t.Threads)}
	if t.Job == Embed {
		line = append(line, "--model", t.Model, "--rows", t.Rows, "--cut", strconv.Itoa(t.Cut))
	}
	if t.Job == Read && !o.selfing {
		line = append(line, "--copy", filepath.Join(t.Dir, "sorted.fa"))
	}
	return append(line, t.FASTA)
}

func (o *own) Parse(stdout []byte, t Task) (Outcome, error) {
	if t.Job == Get {
		return parseFASTA(gotFile(t), Sum{AnyOrder: true})
	}
	outcome, err := parseLine(stdout)
	if !o.selfing {
		outcome.Seconds = 0
	}
	return outcome, err
}
