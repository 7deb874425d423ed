package worker

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// process is a running child as its supervisor sees it.
type process struct {
	slot  int
	pid   int
	stdin io.Closer
	to    *sender
	log   logFile
	kill  func()

	ready    bool
	task     *task     // nil when idle
	lease    Lease     // of task
	leased   time.Time // when
	second   bool      // another child had it in hand already
	embedded int64     // residues of task so far
	heard    time.Time // its last sign of life
	silent   bool      // and killed for it
}

// event is something a child did. Exactly one of message and exit is set.
type event struct {
	from    *process
	message *Message
	exit    *exited
}

// spawner starts processes from one OS thread that lives as long as it does: Linux sends a child its parent-death signal
// when the thread that started it ends, not the process.
type spawner struct{ start chan func() }

func newSpawner() *spawner {
	s := &spawner{start: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for f := range s.start {
			f()
		}
	}()
	return s
}

// close ends the thread, and with it every process it started.
func (s *spawner) close() { close(s.start) }

// spawn starts a child and reports what it does to events until it has exited.
func (s *spawner) spawn(cmd *exec.Cmd, slot int, logs, heading string, events chan<- event) (*process, error) {
	p := &process{slot: slot}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.log, err = openLog(filepath.Join(logs, fmt.Sprintf("worker-%d.log", slot)), heading); err != nil {
		return nil, err
	}
	defer p.log.file.Close()
	cmd.Stderr = p.log.file
	confineToGroup(cmd)
	p.stdin, p.to = stdin, &sender{w: stdin}
	p.kill = func() { killGroup(cmd.Process) }

	started := make(chan error)
	s.start <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start worker process: %w", err)
	}
	p.pid = cmd.Process.Pid
	go func() {
		err := receive(stdout, func(m Message) error {
			events <- event{from: p, message: &m}
			return nil
		})
		if err != nil {
			p.kill()
			io.Copy(io.Discard, stdout)
		}
		if waited := cmd.Wait(); err == nil {
			err = waited
		}
		events <- event{from: p, exit: p.exited(err)}
	}()
	return p, nil
}

// exited says how a child ended.
type exited struct {
	slot int
	how  string // "exit status 2", "signal: killed"
	log  string // path
	tail string // the last lines it wrote there
}

func (p *process) exited(err error) *exited {
	e := &exited{slot: p.slot, how: "exit status 0", log: p.log.path, tail: p.log.tail()}
	if err != nil {
		e.how = err.Error()
	}
	return e
}

func (e *exited) Error() string {
	text := fmt.Sprintf("worker process %d: %s; its log is %s", e.slot, e.how, e.log)
	if e.tail != "" {
		text += " and ends with\n" + e.tail
	}
	return text
}

// logFile is where a child's stderr goes, appended to what earlier children wrote.
type logFile struct {
	file  *os.File
	path  string
	begin int64 // of this child's lines
}

func openLog(path, heading string) (logFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return logFile{}, err
	}
	if _, err := fmt.Fprintln(f, heading); err != nil {
		f.Close()
		return logFile{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return logFile{}, err
	}
	return logFile{file: f, path: path, begin: info.Size()}, nil
}

// tail returns what the child wrote about its end.
func (l logFile) tail() string {
	const most = 64 << 10
	f, err := os.Open(l.path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() <= l.begin {
		return ""
	}
	from := max(l.begin, info.Size()-most)
	buf := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(buf, from)
	return lastWords(buf[:n])
}

// crash is how the Go runtime begins to tell why it ends a program; the state of goroutines follows, often at length.
var crash = regexp.MustCompile(`(?m)^(panic|fatal error): `)

// lastWords returns the lines that say why a program ended: those a crash begins with, else the last ones.
func lastWords(text []byte) string {
	const most = 8
	if at := crash.FindIndex(text); at != nil {
		lines := strings.Split(string(text[at[0]:]), "\n")
		return strings.TrimSpace(strings.Join(lines[:min(most, len(lines))], "\n"))
	}
	lines := strings.Split(string(bytes.TrimSpace(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
