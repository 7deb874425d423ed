//go:build linux || darwin

package mapped

import "golang.org/x/sys/unix"

// Both are hints: a kernel that does not take one leaves the mapping as correct as before.

func adviseWillNeed(pages []byte) { _ = unix.Madvise(pages, unix.MADV_WILLNEED) }

func adviseRandom(pages []byte) { _ = unix.Madvise(pages, unix.MADV_RANDOM) }
