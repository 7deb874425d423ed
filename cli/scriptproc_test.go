package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is what Linux's /proc says about a process. Scripts that ask for processes run on Linux only.
type process struct {
	pid, parent, group int
	folder             string // it works in
	stopped            bool   // by a signal
	worker             bool   // it is a worker process of a program started in a script
}

// processes lists the processes that have not ended.
func processes() (list []process) {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		panic(err)
	}
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			panic(err)
		}
		if p, ok := processNumber(pid); ok {
			list = append(list, p)
		}
	}
	return list
}

// processNumber describes a process, unless it has ended.
func processNumber(pid int) (p process, ok bool) {
	folder := fmt.Sprintf("/proc/%d", pid)
	stat, err := os.ReadFile(folder + "/stat")
	if err != nil {
		return p, false
	}
	// "PID (NAME) STATE PARENT GROUP …", where NAME may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const zombie, dead = "Z", "X"
	if fields[0] == zombie || fields[0] == dead {
		return p, false
	}
	p.pid, p.stopped = pid, fields[0] == "T"
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	p.folder, _ = os.Readlink(folder + "/cwd")
	command, _ := os.ReadFile(folder + "/cmdline")
	arguments := strings.Split(string(command), "\x00")
	p.worker = filepath.Base(arguments[0]) == "longfirst" && len(arguments) > 1 && arguments[1] == "worker"
	return p, true
}
