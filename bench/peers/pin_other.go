//go:build !linux

package peers

// pinned leaves a command line as it is: there is no taskset here.
func pinned(line []string, _ int) []string { return line }
