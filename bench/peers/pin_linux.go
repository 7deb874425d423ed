package peers

import (
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// pinned makes a command line run on the first of the cores that this process may use, as many as it has threads. Where
// it has as many threads as there are cores, or taskset is not installed, the line is left as it is.
func pinned(line []string, threads int) []string {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil || set.Count() <= threads {
		return line
	}
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		return line
	}
	var cores []string
	for core := 0; len(cores) < threads; core++ {
		if set.IsSet(core) {
			cores = append(cores, strconv.Itoa(core))
		}
	}
	return append([]string{taskset, "--cpu-list", strings.Join(cores, ",")}, line...)
}
