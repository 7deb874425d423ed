//go:build unix

package index

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// limitFileSize makes writing beyond a size fail in this process, as it does where a disk is full.
func limitFileSize() {
	if size, err := strconv.ParseUint(os.Getenv(fileSizeVariable), 10, 64); err == nil {
		unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: size})
	}
}

// TestFullDisk: wherever a build runs out of space, in what it spills or in the index, it says so and leaves the old
// index and nothing else.
func TestFullDisk(t *testing.T) {
	f := newFixture(t)
	f.stale = true
	path := f.write("a.fa", fastaText(shortRecords(10, 40, 1)))
	x, _ := f.ensure(Options{}, path)
	old, err := os.ReadFile(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	f.write("a.fa", fastaText(shortRecords(25000, 40, 2)))
	for _, memory := range []int{0, 1000000} {
		for _, size := range []int{1, 5000, 20000, 70000, 200000} {
			command, _ := builder(path)
			said := new(bytes.Buffer)
			command.Stderr = said
			command.Env = append(command.Env, fmt.Sprintf("%s=%d", fileSizeVariable, size), fmt.Sprintf("%s=%d", memoryVariable, memory))
			if err := command.Run(); err == nil {
				t.Fatalf("with files of up to %d bytes and %d of memory it succeeds", size, memory)
			}
			if !strings.Contains(said.String(), ErrNoSpace.Error()) || !strings.Contains(said.String(), "--") {
				t.Errorf("with files of up to %d bytes and %d of memory it says %q", size, memory, said)
			}
			if now, _ := os.ReadFile(x.Path()); !bytes.Equal(now, old) {
				t.Fatal("the old index is not there any more")
			}
			f.onlyIndex()
		}
	}
}

// TestFullFileSystem is TestFullDisk on a file system that really is full, where the test may make one.
func TestFullFileSystem(t *testing.T) {
	f := newFixture(t)
	folder := t.TempDir()
	if err := mountSmall(folder, 300<<10); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { unix.Unmount(folder, 0) })
	path := f.write("a.fa", fastaText(shortRecords(25000, 40, 2)))
	for _, memory := range []int64{0, 1 << 20} {
		_, _, err := f.tryEnsure(Options{Path: folder + "/x.lfx", Memory: memory}, path)
		if err == nil || !strings.Contains(err.Error(), ErrNoSpace.Error()) {
			t.Errorf("%v", err)
		}
		// The check before writing aside, writing itself notices.
		_, _, err = writeBeside(t.Context(), folder+"/x.lfx", contentOf(t, path))
		if err == nil || !strings.Contains(err.Error(), ErrNoSpace.Error()) {
			t.Errorf("%v", err)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// contentOf is the content of an index of path that claims to be small.
func contentOf(t *testing.T, path string) content {
	t.Helper()
	list, err := sources([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	c, err := collect(t.Context(), list, donation{}, resources{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	content, err := c.content()
	if err != nil {
		t.Fatal(err)
	}
	content.size = 1
	return content
}
