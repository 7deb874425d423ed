package bench

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// coresAreWatched names where the times of cores come from.
const coresAreWatched = "/proc/stat"

// userTick is the unit of /proc/stat, USER_HZ, which is 100 on every Linux that Go runs on.
const userTick = 10 * time.Millisecond

// readCores reads /proc/stat. The zero value is returned where it can't be understood.
func readCores() coreTimes {
	text, err := os.ReadFile(coresAreWatched)
	var set unix.CPUSet
	if err != nil || unix.SchedGetaffinity(0, &set) != nil {
		return coreTimes{}
	}
	return parseCores(text, set.IsSet)
}

// parseCores adds up the lines "cpu<n> user nice system idle iowait irq softirq steal ..." of the cores asked for.
func parseCores(text []byte, wanted func(core int) bool) coreTimes {
	t := coreTimes{tick: userTick}
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 9 || !bytes.HasPrefix(fields[0], []byte("cpu")) {
			continue
		}
		core, err := strconv.Atoi(string(fields[0][len("cpu"):]))
		if err != nil || !wanted(core) { // "cpu" alone is the sum of all
			continue
		}
		ticks := func(i int) time.Duration {
			n, _ := strconv.ParseInt(string(fields[i]), 10, 64) // the kernel writes numbers
			return time.Duration(n) * userTick
		}
		t.cores++
		t.idle += ticks(4) + ticks(5)
		t.steal += ticks(8)
	}
	return t
}
