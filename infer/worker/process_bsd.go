//go:build unix && !linux

package worker

import "syscall"

// dieWithParent has no counterpart here: a child notices that its stdin ended.
func dieWithParent(*syscall.SysProcAttr) {}
