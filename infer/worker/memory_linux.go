package worker

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// FreeMemory returns the bytes that processes may still take, page cache that can be given up included, and whether that
// is known. A limit of a control group counts where it is the tighter one.
func FreeMemory() (free int64, known bool) {
	free, known = field("/proc/meminfo", "MemAvailable:")
	if !known {
		return 0, false
	}
	free = min(free, groupMemory("/sys/fs/cgroup"))
	return free, true
}

// peakMemory returns the most bytes that a process has held at a time, 0 where it has ended.
func peakMemory(pid int) int64 {
	peak, _ := field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:")
	return peak
}

// field returns a line's number of kibibytes, in bytes.
func field(file, name string) (bytes int64, found bool) {
	f, err := os.Open(file)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == name {
			kib, err := strconv.ParseInt(words[1], 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}

// groupMemory returns what the control group of this process, or one above it, may still take: both versions of the file
// system below root are looked at. A group without a limit has all.
func groupMemory(root string) (free int64) {
	free = math.MaxInt64
	content, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return free
	}
	for line := range strings.Lines(string(content)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		folder, limit, used := root, "memory.max", "memory.current"
		if parts[1] == "memory" {
			folder, limit, used = path.Join(root, "memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"
		} else if parts[1] != "" {
			continue
		}
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			most, limited := number(path.Join(folder, group, limit))
			now, _ := number(path.Join(folder, group, used))
			cache, _ := inactiveFile(path.Join(folder, group, "memory.stat"))
			if limited {
				free = min(free, max(0, most-now+cache))
			}
			if group == "/" {
				break
			}
		}
	}
	return free
}

func number(file string) (n int64, ok bool) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	return n, err == nil
}

// inactiveFile returns the page cache of a control group that is given up first.
func inactiveFile(file string) (n int64, ok bool) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(content)) {
		if words := strings.Fields(line); len(words) == 2 && (words[0] == "inactive_file" || words[0] == "total_inactive_file") {
			n, err = strconv.ParseInt(words[1], 10, 64)
			ok = err == nil
		}
	}
	return n, ok
}
