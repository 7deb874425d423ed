//go:build linux || darwin

package mapped

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestTooManyFilesHasARemedy(t *testing.T) {
	path := write(t, []byte("ACGT"))
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	free, err := os.Open(path) // the lowest number that is free
	if err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = min(limit.Cur, uint64(free.Fd()))
	free.Close()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Skip(err)
	}
	_, err = Open(path)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "ulimit -n") {
		t.Error(err)
	}
}
