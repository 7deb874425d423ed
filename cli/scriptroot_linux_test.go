package main

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// What only root can do to a file system, and only where the system lets it.

// scriptCondition adds the conditions [mounts] and [immutables] to testscript's own: what this process may do.
func scriptCondition(name string) (bool, error) {
	dir, err := os.MkdirTemp("", "longfirst")
	if err != nil {
		return false, err
	}
	defer os.Remove(dir)
	switch name {
	case "mounts":
		if unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k") != nil {
			return false, nil
		}
		return true, unix.Unmount(dir, 0)
	case "immutables":
		if setImmutable(dir, true) != nil {
			return false, nil
		}
		return true, setImmutable(dir, false)
	}
	return false, nil
}

func cmdTmpfs(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]))
	ts.Defer(func() { unix.Unmount(dir, unix.MNT_DETACH) })
}

func cmdImmutable(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	dir := ts.MkAbs(args[1])
	ts.Check(setImmutable(dir, args[0] == "on"))
	ts.Defer(func() { setImmutable(dir, false) })
}

func setImmutable(dir string, on bool) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	const immutable = 0x10 // FS_IMMUTABLE_FL
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil {
		return err
	}
	if flags &^= immutable; on {
		flags |= immutable
	}
	word := int32(flags)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.FS_IOC_SETFLAGS, uintptr(unsafe.Pointer(&word)))
	if errno != 0 {
		return errno
	}
	return nil
}

// useUpMemory lets this process have no more than it has, and wants more.
func useUpMemory() {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	var pages uint64
	if _, err := fmt.Sscan(string(statm), &pages); err != nil {
		panic(err)
	}
	size := pages*uint64(os.Getpagesize()) + 16<<20
	if err := unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: size, Max: size}); err != nil {
		panic(err)
	}
	var hoard [][]byte
	for {
		hoard = append(hoard, make([]byte, 1<<20))
		hoard[len(hoard)-1][0] = 1
	}
}
