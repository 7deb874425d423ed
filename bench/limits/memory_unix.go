//go:build unix

package limits

import "golang.org/x/sys/unix"

// allocate returns n bytes outside Go's heap: a live heap of that size would make the garbage collector run less often
// than it does in the program that is measured.
func allocate(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

func release(memory []byte) error { return unix.Munmap(memory) }
