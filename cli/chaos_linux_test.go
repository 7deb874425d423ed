package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"longfirst/infer/output"
)

const (
	// chaosVariable says for how long TestChaos goes on, chaosSeedVariable with which random numbers.
	chaosVariable     = "LONGFIRST_CHAOS"
	chaosSeedVariable = "LONGFIRST_CHAOS_SEED"

	chaosTime    = 25 * time.Second
	chaosRecords = 64
)

// TestChaos does random harm at random times to runs of the real program, run after run, then lets a last run finish: the
// data set must be that of an undisturbed run, byte for byte, with nothing left beside it. After each run, whatever was
// published must be a part of that data set.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	length, err := time.ParseDuration(os.Getenv(chaosVariable))
	if err != nil {
		length = chaosTime
	}
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv(chaosSeedVariable), 10, 64); err == nil {
		seed = s
	}
	t.Logf("%s=%d", chaosSeedVariable, seed)
	c := newChaos(t, seed)
	for begin := time.Now(); time.Since(begin) < length && !t.Failed(); {
		c.campaign()
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(c.injected)) {
		t.Logf("%5d  %s", c.injected[name], name)
		total += c.injected[name]
	}
	t.Logf("faults injected: %d, runs: %d, data sets: %d, rows lost: %d", total, c.runs, c.sets, c.lost)
}

// chaos is a data set that is made again and again.
type chaos struct {
	t        *testing.T
	random   *rand.Rand
	dir      string // everything is below
	fasta    []byte
	sound    map[string][]byte // parts of the undisturbed data set
	injected map[string]int
	runs     int
	sets     int
	lost     int
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{t: t, random: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), injected: make(map[string]int)}
	writeScriptModel(t, c.path("model"), 1)
	var text bytes.Buffer
	for i := range chaosRecords {
		residues := make([]byte, 20+c.random.IntN(100))
		for j := range residues {
			residues[j] = "ACDEFGHIKLMNPQRSTVWY"[c.random.IntN(20)]
		}
		fmt.Fprintf(&text, ">p%d\n%s\n", i, residues)
	}
	fmt.Fprint(&text, ">unlucky\nWWWWWWWWMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n")
	c.fasta = text.Bytes()
	c.write("in.fa", c.fasta)
	if code := c.wait(c.start("", "undisturbed")); code != 0 {
		t.Fatalf("an undisturbed run ends with %d", code)
	}
	c.sound = c.parts("undisturbed")
	return c
}

func (c *chaos) path(name string) string { return filepath.Join(c.dir, name) }

func (c *chaos) write(name string, content []byte) {
	if err := os.WriteFile(c.path(name), content, 0o666); err != nil {
		c.t.Fatal(err)
	}
}

// parts returns the parts of a data set by name.
func (c *chaos) parts(out string) map[string][]byte {
	parts := make(map[string][]byte)
	paths, err := filepath.Glob(filepath.Join(c.path(out), "embeddings", "*"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			c.t.Fatal(err)
		}
		parts[filepath.Base(path)] = content
	}
	return parts
}

// chaosRun is a program at work.
type chaosRun struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	exited chan error
}

func (r *chaosRun) signal(s syscall.Signal) { syscall.Kill(r.cmd.Process.Pid, s) }

// start begins a run with a faulty device.
func (c *chaos) start(fault, out string, options ...string) *chaosRun {
	args := append([]string{"infer", "-m", "model", "-o", out, "--workers", "2", "-t", "2", "--world-size", "2", "in.fa"}, options...)
	return c.launch(fault, args...)
}

func (c *chaos) launch(fault string, args ...string) *chaosRun {
	r := &chaosRun{cmd: exec.Command("longfirst", args...), exited: make(chan error, 1)}
	r.cmd.Dir = c.dir
	r.cmd.Env = append(os.Environ(), faultVariable+"="+fault, silenceVariable+"=2s", "GORACE=atexit_sleep_ms=0")
	r.cmd.Stderr = &r.stderr
	r.cmd.WaitDelay = time.Second
	if err := r.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.runs++
	go func() { r.exited <- r.cmd.Wait() }()
	return r
}

// wait waits for the end of a run, its worker processes included, and returns how it ended; -1 is a signal.
func (c *chaos) wait(r *chaosRun) int {
	select {
	case <-r.exited:
	case <-time.After(2 * scriptPatience):
		r.signal(syscall.SIGQUIT)
		<-r.exited
		c.t.Fatalf("a run does not end:\n%s", r.stderr.String())
	}
	for begin := time.Now(); len(workersIn(c.dir)) > 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > scriptPatience {
			c.t.Fatalf("worker processes left: %+v\n%s", workersIn(c.dir), r.stderr.String())
		}
	}
	return r.cmd.ProcessState.ExitCode()
}

// campaign makes one data set through several disturbed runs and a last one in peace.
func (c *chaos) campaign() {
	const out = "out"
	for range 1 + c.random.IntN(6) {
		harm := chaosFaults[c.random.IntN(len(chaosFaults))]
		c.injected[harm.name]++
		r := c.start(strings.TrimSpace("slow "+harm.device), out)
		var heal func()
		if harm.do != nil {
			time.Sleep(time.Duration(c.random.IntN(400)) * time.Millisecond)
			heal = harm.do(c, r, out)
		}
		code := c.wait(r)
		if heal != nil {
			heal()
		}
		if !slices.Contains([]int{exitDone, exitFailed, exitRecordsFailed, exitHungUp, exitInterrupted, exitTerminated, -1}, code) || strings.Contains(r.stderr.String(), "goroutine ") && harm.device == "" {
			c.t.Fatalf("%s: a run ended with %d:\n%s", harm.name, code, r.stderr.String())
		}
		c.check(harm.name, out)
	}
	r := c.start("", out, "--retry-failed")
	if code := c.wait(r); code != 0 {
		c.t.Fatalf("the last run ended with %d:\n%s", code, r.stderr.String())
	}
	c.check("the last run", out)
	if n, m := len(c.parts(out)), len(c.sound); n != m {
		c.lost += m - n
		c.t.Fatalf("%d parts, want %d", n, m)
	}
	v := c.launch("", "verify", out)
	if code := c.wait(v); code != 0 {
		c.t.Fatalf("verify ended with %d:\n%s", code, v.stderr.String())
	}
	if left, err := os.ReadDir(filepath.Join(c.path(out), "tmp")); err != nil || len(left) > 0 {
		c.t.Fatalf("left in tmp: %v, %v", left, err)
	}
	if err := os.RemoveAll(c.path(out)); err != nil {
		c.t.Fatal(err)
	}
	c.sets++
}

// check compares what is published with the undisturbed data set. Only a part that states a failed record may differ.
func (c *chaos) check(after, out string) {
	for name, content := range c.parts(out) {
		if bytes.Equal(content, c.sound[name]) {
			continue
		}
		path := filepath.Join(c.path(out), "embeddings", name)
		info, err := output.ReadInfo(path)
		if err = errors.Join(err, output.CheckPart(path)); err != nil || len(info.Failed()) == 0 || after == "the last run" {
			c.t.Fatalf("after %s: %s is not the part of an undisturbed run: %d failed records, %v", after, name, len(info.Failed()), err)
		}
	}
}

// child returns a worker process of a run, 0 when it has none.
func (c *chaos) child(r *chaosRun) int {
	children := childrenOf(r.cmd.Process.Pid)
	if len(children) == 0 {
		return 0
	}
	return children[c.random.IntN(len(children))].pid
}

// toChild sends signals to one worker process, with a pause between them.
func toChild(signals ...syscall.Signal) func(*chaos, *chaosRun, string) func() {
	return func(c *chaos, r *chaosRun, _ string) func() {
		if pid := c.child(r); pid > 0 {
			for i, s := range signals {
				if i > 0 {
					time.Sleep(50 * time.Millisecond)
				}
				syscall.Kill(pid, s)
			}
		}
		return nil
	}
}

func toRun(signals ...syscall.Signal) func(*chaos, *chaosRun, string) func() {
	return func(c *chaos, r *chaosRun, _ string) func() {
		for i, s := range signals {
			if i > 0 {
				time.Sleep(50 * time.Millisecond)
			}
			r.signal(s)
		}
		return nil
	}
}

// toFASTA changes the FASTA file, and restores its content once the run has ended. It waits until the data set is begun:
// a file that was changed before it was indexed is another input, not a fault.
func toFASTA(change func(c *chaos, path string)) func(*chaos, *chaosRun, string) func() {
	return func(c *chaos, r *chaosRun, out string) func() {
		begun := func() bool {
			_, err := os.Stat(output.Dir(c.path(out)).Manifest())
			return err == nil
		}
		for begin := time.Now(); !begun() && len(r.exited) == 0 && time.Since(begin) < scriptPatience; time.Sleep(time.Millisecond) {
		}
		change(c, c.path("in.fa"))
		return func() { c.write("in.fa", c.fasta) }
	}
}

// chaosFaults are what is done to a run: by its device, or from outside at a random time. What do returns undoes it.
var chaosFaults = []struct {
	name   string
	device string
	do     func(c *chaos, r *chaosRun, out string) (heal func())
}{
	{name: "child killed", do: toChild(syscall.SIGKILL)},
	{name: "child stopped", do: toChild(syscall.SIGSTOP)},
	{name: "child stopped for a moment", do: toChild(syscall.SIGSTOP, syscall.SIGCONT)},
	{name: "child terminated", do: toChild(syscall.SIGTERM)},
	{name: "run killed", do: toRun(syscall.SIGKILL)},
	{name: "run interrupted", do: toRun(syscall.SIGINT)},
	{name: "run interrupted twice", do: toRun(syscall.SIGINT, syscall.SIGINT)},
	{name: "run terminated", do: toRun(syscall.SIGTERM)},
	{name: "terminal hung up", do: toRun(syscall.SIGHUP)},
	{name: "run stopped by the terminal for a moment", do: toRun(syscall.SIGTSTP, syscall.SIGCONT)},
	{name: "run stopped for a moment", do: toRun(syscall.SIGSTOP, syscall.SIGCONT)},
	{name: "record kills its process", device: "kill:WWWWWWWW"},
	{name: "record makes its process panic", device: "panic:WWWWWWWW"},
	{name: "record gives NaN", device: "nan:WWWWWWWW"},
	{name: "record needs more memory than there is", device: "memory:WWWWWWWW"},
	{name: "no device", device: "nodevice"},
	{name: "second run of the same data set", do: func(c *chaos, _ *chaosRun, out string) func() {
		second := c.start("slow", out)
		return func() { c.wait(second) }
	}},
	{name: "folder of temporary files removed", do: func(c *chaos, _ *chaosRun, out string) func() {
		os.RemoveAll(filepath.Join(c.path(out), "tmp"))
		return nil
	}},
	{name: "data set removed", do: func(c *chaos, _ *chaosRun, out string) func() {
		os.RemoveAll(c.path(out))
		return nil
	}},
	{name: "part removed", do: func(c *chaos, _ *chaosRun, out string) func() {
		for name := range c.sound {
			os.Remove(filepath.Join(c.path(out), "embeddings", name))
			break
		}
		return nil
	}},
	{name: "FASTA file touched", do: toFASTA(func(c *chaos, path string) { os.Chtimes(path, time.Time{}, time.Now()) })},
	{name: "FASTA file truncated", do: toFASTA(func(c *chaos, path string) { os.Truncate(path, c.random.Int64N(int64(len(c.fasta)))) })},
	{name: "FASTA file removed", do: toFASTA(func(c *chaos, path string) { os.Remove(path) })},
	{name: "FASTA file replaced", do: toFASTA(func(c *chaos, path string) {
		c.write("other.fa", bytes.ReplaceAll(c.fasta, []byte("A"), []byte("C")))
		os.Rename(c.path("other.fa"), path)
	})},
	{name: "index removed and built anew", do: func(c *chaos, _ *chaosRun, _ string) func() {
		os.Remove(c.path("in.fa.lfx"))
		built := c.launch("", "index", "in.fa")
		return func() { <-built.exited }
	}},
	{name: "model touched", do: func(c *chaos, _ *chaosRun, _ string) func() {
		os.Chtimes(filepath.Join(c.path("model"), "model.safetensors"), time.Time{}, time.Now())
		return nil
	}},
	{name: "nothing may be written", do: func(c *chaos, _ *chaosRun, out string) func() {
		folder := filepath.Join(c.path(out), "embeddings")
		if err := setImmutable(folder, true); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.t.Logf("%s can't be made immutable: %v", folder, err)
		}
		return func() { setImmutable(folder, false) }
	}},
}
