package peers

import "context"

// Job is what a peer and this program both do; see the package comment.
type Job string

// The jobs.
const (
	Index Job = "index"
	Reuse Job = "reuse"
	Read  Job = "read"
	Get   Job = "get"
	Embed Job = "embed"
)

// Task is a job to be done.
type Task struct {
	Job     Job
	FASTA   string // files made beside it are the task's
	Scripts string // folder of the Python scripts
	Threads int
	Cut     int // residues that a record is cut to before it is embedded

	Names string // file with an id a line, in any order; each is that of one record

	Model string // folder of weights
	Rows  string // file to write the embeddings to
	Cache string // folder for what the peer makes of the model, once
	Dir   string // folder for what else it writes
}

// Outcome is what doing a job gave.
type Outcome struct {
	Seconds  float64 `json:"seconds"` // 0 where the program does not time itself
	Records  int64   `json:"records"`
	Residues int64   `json:"residues"`
	Checksum uint64  `json:"checksum"` // of what was read: the sum of the CRC-32 of each sequence
}

// Peer is a program that does one job.
type Peer interface {
	// Name is the program, and the way it is used where there are several: lower case, words joined by '-'.
	Name() string

	// Job is the job it does.
	Job() Job

	// Does says in a few words how it does it.
	Does() string

	// Version returns its version. Errors: ErrAbsent.
	Version(ctx context.Context) (string, error)

	// Command is the command line that does a task.
	Command(Task) []string

	// Parse understands what the command printed to stdout, and the files it wrote.
	Parse(stdout []byte, t Task) (Outcome, error)
}
