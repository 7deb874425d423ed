package peers

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"longfirst/mmapfasta"
)

// tool is a peer that is an executable of its own.
type tool struct {
	name, does string
	job        Job
	program    string
	version    []string // arguments that make it print its version
	command    func(Task) []string
	outcome    func(Task) (Outcome, error) // reads the file that it wrote
}

func (p *tool) Name() string { return p.name }

func (p *tool) Job() Job { return p.job }

func (p *tool) Does() string { return p.does }

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

func (p *tool) Version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, p.program, p.version...).Output()
	if err != nil {
		return "", fmt.Errorf("%w: %w; make bench-peers installs it", ErrAbsent, err)
	}
	number := versionNumber.Find(out)
	if number == nil {
		return "", fmt.Errorf("%w: %s %s printed %q", ErrAbsent, p.program, strings.Join(p.version, " "), out)
	}
	return string(number), nil
}

func (p *tool) Command(t Task) []string { return append([]string{p.program}, p.command(t)...) }

func (p *tool) Parse(_ []byte, t Task) (Outcome, error) { return p.outcome(t) }

// parseFAI sums up an index of lines "name, residues, offset, ..." joined by tabs, as samtools and seqkit write it.
func parseFAI(path string) (o Outcome, err error) {
	file, err := os.Open(path)
	if err != nil {
		return o, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 5 {
			return o, fmt.Errorf("%w: %s: line %d: %q", ErrOutput, path, o.Records+1, lines.Text())
		}
		residues, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return o, fmt.Errorf("%w: %s: line %d: %w", ErrOutput, path, o.Records+1, err)
		}
		o.Records++
		o.Residues += residues
	}
	return o, lines.Err()
}

// parseSorted sums up a FASTA file that must be sorted longest first.
func parseSorted(path string) (Outcome, error) { return parseFASTA(path, Sum{}) }

// parseFASTA adds the sequences of a FASTA file to a sum.
func parseFASTA(path string, sum Sum) (Outcome, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Outcome{}, err
	}
	_, err = mmapfasta.Scan(context.Background(), path, func(r *mmapfasta.Record) error {
		return sum.Add(text[r.BodyOffset:r.BodyEnd])
	})
	return sum.Outcome, err
}
