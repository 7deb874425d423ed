package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptPatience is how long anything a script waits for may take: far longer than it does.
const scriptPatience = 30 * time.Second

// poll waits for a condition, and ends the script when it does not come.
func poll(ts *testscript.TestScript, condition func() bool, format string, args ...any) {
	for begin := time.Now(); !condition(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > scriptPatience {
			ts.Fatalf("after %v: %s", scriptPatience, fmt.Sprintf(format, args...))
		}
	}
}

// scriptRuns are the programs that a script has started and not waited for.
type scriptRuns struct{ running map[string]*scriptRun }

type scriptRun struct {
	cmd    *exec.Cmd
	exited chan error
}

type runsKey struct{}

func newScriptRuns() *scriptRuns { return &scriptRuns{running: make(map[string]*scriptRun)} }

// end kills what a script that failed left running.
func (r *scriptRuns) end() {
	for _, run := range r.running {
		run.cmd.Process.Kill()
		<-run.exited
	}
}

func runsOf(ts *testscript.TestScript) map[string]*scriptRun {
	return ts.Value(runsKey{}).(*scriptRuns).running
}

func runNamed(ts *testscript.TestScript, name string) *scriptRun {
	run, ok := runsOf(ts)[name]
	if !ok {
		ts.Fatalf("nothing runs as %s", name)
	}
	return run
}

// engineVariables are what the engines that start processes tell them, as far as scripts play engine.
var engineVariables = []string{
	"SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_CPUS_PER_TASK",
	"SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_STEP",
	"JOB_COMPLETION_INDEX", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "RANK", "WORLD_SIZE", "LOCAL_RANK",
}

// siteVariables are some that set flags.
var siteVariables = []string{"LONGFIRST_MODEL", "LONGFIRST_THREADS"}

// program returns a command in the folder and environment of the script.
func program(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := args[0]
	for _, folder := range filepath.SplitList(ts.Getenv("PATH")) {
		if found, err := exec.LookPath(filepath.Join(folder, args[0])); err == nil {
			path = found
			break
		}
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	names := append([]string{"PATH", "HOME", "XDG_CACHE_HOME", "LONGFIRST_CACHE_DIR", "TMPDIR", "TMP", "SYSTEMROOT", "WORK", "CUDA_VISIBLE_DEVICES", "GORACE"}, faultVariable, holdVariable, flopsVariable, silenceVariable)
	for _, name := range slices.Concat(names, engineVariables, hubVariables, cudaVariables, siteVariables) {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

// exitCode returns the code a program ended with, -1 for a signal.
func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, -1)
	cmd := program(ts, args[1:])
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	late := time.AfterFunc(scriptPatience, func() { cmd.Process.Kill() })
	defer late.Stop()
	if code := exitCode(ts, cmd.Wait()); code != number(ts, args[0]) {
		ts.Fatalf("%s exited with %d", args[1], code)
	}
}

func cmdConverse(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, -1)
	cmd := program(ts, args[2:])
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	defer stdin.Close()
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	late := time.AfterFunc(scriptPatience, func() { cmd.Process.Kill() })
	defer late.Stop()
	_, err = io.WriteString(stdin, ts.ReadFile(args[1]))
	ts.Check(err)
	state, err := cmd.Process.Wait() // Cmd.Wait would close stdin first
	ts.Check(err)
	cmd.Wait()
	if state.ExitCode() != number(ts, args[0]) {
		ts.Fatalf("%s exited with %d", args[2], state.ExitCode())
	}
}

func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, -1)
	if runsOf(ts)[args[0]] != nil {
		ts.Fatalf("%s runs already", args[0])
	}
	stderr, err := os.Create(ts.MkAbs(args[0] + ".stderr"))
	ts.Check(err)
	defer stderr.Close()
	cmd := program(ts, args[1:])
	cmd.Stderr = stderr
	ts.Check(cmd.Start())
	run := &scriptRun{cmd: cmd, exited: make(chan error, 1)}
	go func() { run.exited <- cmd.Wait() }()
	runsOf(ts)[args[0]] = run
}

// cmdStartDeaf starts a program with a stderr that is a pipe without a reader, as when the program reading it has ended.
func cmdStartDeaf(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, -1)
	reader, writer, err := os.Pipe()
	ts.Check(err)
	reader.Close()
	defer writer.Close()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stderr"), nil, 0o666))
	cmd := program(ts, args[1:])
	cmd.Stderr = writer
	ts.Check(cmd.Start())
	run := &scriptRun{cmd: cmd, exited: make(chan error, 1)}
	go func() { run.exited <- cmd.Wait() }()
	runsOf(ts)[args[0]] = run
}

func cmdFinish(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	run := runNamed(ts, args[0])
	var err error
	select {
	case err = <-run.exited:
	case <-time.After(scriptPatience):
		ts.Fatalf("%s does not end", args[0])
	}
	delete(runsOf(ts), args[0])
	code := strconv.Itoa(exitCode(ts, err))
	if code == "-1" {
		code = "killed"
	}
	ts.Logf("[%s.stderr]\n%s", args[0], ts.ReadFile(args[0]+".stderr"))
	if code != args[1] {
		ts.Fatalf("%s ended with %s", args[0], code)
	}
}

// processesOf returns the number of the process started under a name, or those written in the files that a pattern
// matches: several where a block in hand was leased to an idle process as well.
func processesOf(ts *testscript.TestScript, name string) (pids []int) {
	if run, ok := runsOf(ts)[name]; ok {
		return []int{run.cmd.Process.Pid}
	}
	paths, err := filepath.Glob(ts.MkAbs(name))
	ts.Check(err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		ts.Check(err)
		pids = append(pids, number(ts, string(bytes.TrimSpace(content))))
	}
	if len(pids) == 0 {
		ts.Fatalf("%s: no such file", name)
	}
	return pids
}

func cmdSend(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	for _, pid := range processesOf(ts, args[1]) {
		ts.Check(sendSignal(pid, args[0]))
	}
}

// cmdInsist sends a signal until the program has ended: a signal sent once may come before the program looks for it.
func cmdInsist(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	run := runNamed(ts, args[1])
	poll(ts, func() bool {
		if len(run.exited) > 0 {
			return true
		}
		sendSignal(run.cmd.Process.Pid, args[0]) // it may have ended since
		return false
	}, "%s does not end", args[1])
}

func cmdKillWhen(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	run := runNamed(ts, args[1])
	poll(ts, func() bool {
		paths, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		return len(paths) > 0 || len(run.exited) > 0
	}, "neither %s nor the end of %s", args[0], args[1])
	run.cmd.Process.Kill()
	<-run.exited
	delete(runsOf(ts), args[1])
}

func cmdGlob(ts *testscript.TestScript, neg bool, args []string) {
	paths, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if (len(paths) > 0) == neg {
		ts.Fatalf("%s: %q", args[0], paths)
	}
}

func cmdWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, 1)
	poll(ts, func() bool {
		paths, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		return len(paths) > 0
	}, "no file %s", args[0])
}

// cmdKillParts kills the child of a run that has one, whenever a part was published.
func cmdKillParts(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, 3)
	supervisor := runNamed(ts, args[2]).cmd.Process.Pid
	published := 0
	for range number(ts, args[0]) {
		poll(ts, func() bool { return len(partNames(ts, args[1])) > published }, "no part but the first %d", published)
		published = len(partNames(ts, args[1]))
		var found []process
		poll(ts, func() bool { found = childrenOf(supervisor); return len(found) > 0 }, "no child")
		ts.Check(sendSignal(found[0].pid, "KILL"))
		poll(ts, func() bool { p, ok := processNumber(found[0].pid); return !ok || p.parent != supervisor }, "process %d is not buried", found[0].pid)
	}
}

func cmdChildren(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	supervisor := runNamed(ts, args[0]).cmd.Process.Pid
	var found []process
	poll(ts, func() bool { found = childrenOf(supervisor); return len(found) == number(ts, args[1]) }, "%s has %d children", args[0], len(found))
	for _, p := range found {
		if p.group != p.pid {
			ts.Fatalf("process %d is in group %d", p.pid, p.group)
		}
	}
}

func cmdSleep(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, 1)
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	time.Sleep(d)
}

func cmdStopped(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, false, args, 1, 1)
	supervisor := runNamed(ts, args[0]).cmd.Process.Pid
	poll(ts, func() bool {
		self, _ := processNumber(supervisor)
		for _, p := range append(childrenOf(supervisor), self) {
			if p.stopped == neg {
				return false
			}
		}
		return true
	}, "%s: stopped is not %v", args[0], !neg)
}

func cmdNoProcesses(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 0, 0)
	var left []process
	poll(ts, func() bool { left = workersIn(ts.Getenv("WORK")); return len(left) == 0 }, "left: %+v", left)
}

// workersIn lists the worker processes that work below a folder.
func workersIn(folder string) (found []process) {
	for _, p := range processes() {
		if p.worker && strings.HasPrefix(p.folder, folder) {
			found = append(found, p)
		}
	}
	return found
}

func childrenOf(parent int) (children []process) {
	for _, p := range processes() {
		if p.parent == parent {
			children = append(children, p)
		}
	}
	return children
}
