//go:build longfirst_debug && (linux || darwin)

package mapped

import "golang.org/x/sys/unix"

func forbid(mapping []byte) error { return unix.Mprotect(mapping, unix.PROT_NONE) }
