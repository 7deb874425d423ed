package index

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// buildVariable, set in the environment, makes the test binary a process that ensures the index of the FASTA file it
// names, prints the outcome and the digest, and ends.
const buildVariable = "LONGFIRST_TEST_BUILD"

// memoryVariable gives Options.Memory to such a process, fileSizeVariable the bytes beyond which it can write no file.
const (
	memoryVariable   = "LONGFIRST_TEST_MEMORY"
	fileSizeVariable = "LONGFIRST_TEST_FILE_SIZE"
	namesVariable    = "LONGFIRST_TEST_NAMES" // where set, the process also adds names
)

func TestMain(m *testing.M) {
	if path := os.Getenv(buildVariable); path != "" {
		limitFileSize()
		memory, _ := strconv.ParseInt(os.Getenv(memoryVariable), 10, 64)
		x, outcome, err := Ensure(context.Background(), []string{path}, Options{Memory: memory})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if os.Getenv(namesVariable) != "" {
			if x, err = AddNames(context.Background(), x, Options{}); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		fmt.Println(outcome, x.Digest())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func builder(path string) (command *exec.Cmd, output *bytes.Buffer) {
	command, output = exec.Command(os.Args[0]), new(bytes.Buffer)
	command.Env = append(os.Environ(), buildVariable+"="+path)
	command.Stdout, command.Stderr = output, os.Stderr
	return command, output
}

// onlyIndex fails unless the folder holds just the FASTA files and one index.
func (f *fixture) onlyIndex() {
	f.t.Helper()
	left, _ := os.ReadDir(f.folder)
	left = slices.DeleteFunc(left, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".fa") })
	if len(left) != 1 || filepath.Ext(left[0].Name()) != Extension {
		f.t.Errorf("left behind: %v", left)
	}
}

func TestSecondBuilderWaitsAndReuses(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", fastaText(shortRecords(2000, 40, 1)))
	scanning, proceed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var group sync.WaitGroup
	group.Go(func() {
		x, outcome, err := Ensure(context.Background(), []string{path}, Options{Progress: func(int64, int64) {
			once.Do(func() { close(scanning); <-proceed })
		}})
		if err != nil || outcome != Created {
			t.Errorf("first: %v, %v", outcome, err)
			return
		}
		x.Close()
	})
	<-scanning
	var waiting writerFunc = func(line []byte) (int, error) {
		if bytes.Contains(line, []byte("Waiting for another process")) {
			close(proceed)
		}
		return len(line), nil
	}
	x, outcome, err := Ensure(context.Background(), []string{path}, Options{Log: slog.New(slog.NewTextHandler(waiting, nil))})
	if err != nil || outcome != Reused {
		t.Fatalf("second: %v, %v", outcome, err)
	}
	defer x.Close()
	group.Wait()
	compare(t, x, modelOf(shortRecords(2000, 40, 1)))
	f.onlyIndex()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(line []byte) (int, error) { return f(line) }

func TestManyBuildersAtOnce(t *testing.T) {
	f := newFixture(t)
	path := f.write("a.fa", fastaText(shortRecords(20000, 40, 1)))
	var mutex sync.Mutex
	var outcomes []string
	note := func(outcome string) {
		mutex.Lock()
		defer mutex.Unlock()
		outcomes = append(outcomes, outcome)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { // another process
			command, output := builder(path)
			if err := command.Run(); err != nil {
				t.Error(err)
			}
			note(strings.TrimSpace(output.String()))
		})
		group.Go(func() { // in this one
			x, outcome, err := Ensure(context.Background(), []string{path}, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			note(fmt.Sprint(outcome, " ", x.Digest()))
			x.Close()
		})
	}
	group.Wait()
	x, _ := f.ensure(Options{}, path)
	slices.Sort(outcomes)
	if len(outcomes) != 8 || outcomes[0] != "created "+x.Digest().String() || outcomes[1] != outcomes[7] || outcomes[7] != "reused "+x.Digest().String() {
		t.Errorf("%q", outcomes)
	}
	f.onlyIndex()
}

// TestKilledBuilder: whenever a building process is killed, the old index is there or the new one, and the next build
// clears away what is left.
func TestKilledBuilder(t *testing.T) {
	f := newFixture(t)
	old, fresh := shortRecords(10, 40, 1), shortRecords(25000, 40, 2)
	path := f.write("a.fa", fastaText(old))
	x, _ := f.ensure(Options{}, path)
	oldIndex, err := os.ReadFile(x.Path())
	if err != nil {
		t.Fatal(err)
	}
	f.write("a.fa", fastaText(fresh))
	// How long a build takes here.
	began := time.Now()
	command, _ := builder(path)
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	y, _ := f.ensure(Options{}, path)

	random := rand.New(rand.NewPCG(uint64(began.UnixNano()), 1))
	interrupted := 0
	const kills = 30
	for i := range kills {
		if err := os.WriteFile(x.Path(), oldIndex, 0o644); err != nil {
			t.Fatal(err)
		}
		command, _ := builder(path)
		if i%2 == 1 {
			command.Env = append(command.Env, memoryVariable+"=1000000") // less than it takes
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Int64N(int64(took))))
		command.Process.Kill()
		if command.Wait() != nil {
			interrupted++
		}
		z, err := Open(x.Path())
		if err != nil {
			t.Fatal(err)
		}
		if d := z.Digest(); d != x.Digest() && d != y.Digest() {
			t.Fatal("neither the old nor the new index")
		}
		z.Close()
	}
	os.WriteFile(x.Path(), oldIndex, 0o644)
	z, outcome := f.ensure(Options{}, path)
	if outcome != Created || z.Digest() != y.Digest() {
		t.Errorf("%v", outcome)
	}
	f.onlyIndex()
	t.Logf("%d of %d builds of about %v were interrupted", interrupted, kills, took.Round(time.Millisecond))
}

func TestStrayFilesAreCleared(t *testing.T) {
	f := newFixture(t)
	path := f.write("a [1].fa", ">a\nMKV\n")
	stray := f.write("a [1].fa.lfx.99999.tmp", "half an index")
	notOurs := []string{f.write("a [1].fa.lfx.mine.tmp", "x"), f.write("a 1.fa.lfx.99999.tmp", "x"), f.write("b.fa.lfx.99999.tmp", "x")}
	f.write("a [1].fa.lfx.lock", "")
	f.ensure(Options{}, path)
	if _, err := os.Stat(stray); err == nil {
		t.Error("the stray file is still there")
	}
	for _, path := range notOurs {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(f.path("a [1].fa.lfx.lock")); err == nil {
		t.Error("the lock file is still there")
	}
}

// TestLockIsExclusive: processes that meet at a lock file which is removed every time are never two inside.
func TestLockIsExclusive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lfx")
	inside := 0
	var mutex sync.Mutex
	change := func(by int) int {
		mutex.Lock()
		defer mutex.Unlock()
		inside += by
		return inside
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				unlock, err := lock(context.Background(), path, func() {})
				if err != nil {
					t.Error(err)
					return
				}
				if n := change(1); n != 1 {
					t.Errorf("%d inside", n)
				}
				time.Sleep(time.Millisecond / 4)
				change(-1)
				unlock()
			}
		})
	}
	group.Wait()
}

// TestRemovedLockFileIsNotTheLock: between opening a lock file and locking it, its holder may have removed it.
func TestRemovedLockFileIsNotTheLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.lfx.lock")
	held := flock.New(name)
	if ok, err := held.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer held.Unlock()
	if !isAt(held, name) {
		t.Error("the file locked is the file of that name")
	}
	if err := os.Remove(name); err != nil {
		t.Skip(err) // an open file cannot be removed on Windows
	}
	if isAt(held, name) {
		t.Error("the file locked has no name any more")
	}
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if isAt(held, name) {
		t.Error("the file of that name is another one")
	}
}
