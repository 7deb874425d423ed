package limits

import (
	"errors"
	"os"
	"testing"
	"time"
)

// The peak is what other figures are divided by, so what it counts must have been computed.
func TestFMALoopsDoWhatTheyCount(t *testing.T) {
	for _, loop := range fmaLoops {
		for _, n := range []int64{1, 2, 1000, stepTurns} {
			sums := make([]float32, maxWidth)
			loop.run(n, sums)
			for i, sum := range sums {
				want := float32(n)
				if i >= loop.width {
					want = 0
				}
				if sum != want {
					t.Fatalf("%s: number %d of %d is %v after %d turns, want %v", loop.level, i, loop.width, sum, n, want)
				}
			}
		}
	}
}

func testMeter(t *testing.T, threads int) *Meter {
	t.Helper()
	m, err := newMeter(t.TempDir(), threads, 5<<20, 3<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		name := m.file.Name()
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left behind: %v", name, err)
		}
	})
	return m
}

func TestMeasureGivesARate(t *testing.T) {
	m := testMeter(t, 3)
	for k := range kinds {
		for _, threads := range []int{1, 3} {
			l := Limit{k, threads}
			if _, err := m.Method(l); err != nil {
				want := ErrUncached
				if k.onGPU() {
					want = ErrNoGPU
				}
				if _, failed := m.Measure(l, time.Millisecond); !errors.Is(err, want) || !errors.Is(failed, want) {
					t.Errorf("%s: %v, %v", l, err, failed)
				}
				continue
			}
			if rate, err := m.Measure(l, time.Millisecond); err != nil || rate <= 0 {
				t.Errorf("%s: %v %s, %v", l, rate, k.Unit(), err)
			}
		}
	}
}

func TestStepsGoThroughEverything(t *testing.T) {
	m := testMeter(t, 2)
	for k, size := range map[Kind]int64{MemoryRead: 5 << 19, MemoryCopy: 5 << 18, FileRead: 3 << 20, DiskRead: 3 << 20} {
		w := &m.workers[0]
		seen, last := int64(0), int64(0)
		for seen < size {
			begin, end := w.advance(k, size)
			if begin != last || end <= begin || end > size || end-begin > stepBytes {
				t.Fatalf("%s: step [%d, %d) after %d, of %d", k, begin, end, last, size)
			}
			seen += end - begin
			last = end
		}
		if begin, _ := w.advance(k, size); begin != 0 {
			t.Errorf("%s: the second round begins at %d", k, begin)
		}
	}
}

func TestCopyCountsBothWays(t *testing.T) {
	m := testMeter(t, 1)
	w := &m.workers[0]
	clear(w.to)
	n, err := m.step(MemoryCopy, w)
	if err != nil || n != 2*stepBytes {
		t.Fatalf("a step copies %d bytes, %v; want %d", n, err, 2*stepBytes)
	}
	for i, b := range w.to[:stepBytes] {
		if b != pattern {
			t.Fatalf("byte %d was not copied", i)
		}
	}
}

func TestOverwrittenMemoryIsNoticed(t *testing.T) {
	m := testMeter(t, 1)
	m.memory[0] = ^pattern
	if _, err := m.Measure(Limit{MemoryRead, 1}, time.Millisecond); err == nil {
		t.Error("no error for memory that was overwritten")
	}
}

func TestUnknownLimits(t *testing.T) {
	m := testMeter(t, 2)
	for _, l := range []Limit{{FMA, 0}, {FMA, 3}, {kinds, 1}} {
		if _, err := m.Measure(l, time.Millisecond); !errors.Is(err, ErrLimit) {
			t.Errorf("%d threads: %v, want ErrLimit", l.Threads, err)
		}
	}
	if _, err := newMeter(t.TempDir(), 0, 1, 1); !errors.Is(err, ErrLimit) {
		t.Errorf("no threads: %v, want ErrLimit", err)
	}
}

func TestShareUnits(t *testing.T) {
	if l, err := Parse("disk-read-12"); err != nil || l != (Limit{DiskRead, 12}) {
		t.Errorf("%v, %v", l, err)
	}
	for l, want := range map[Limit]string{{FMA, 4}: "%peak", {FileRead, 1}: "%file-read"} {
		if got := l.ShareUnit(); got != want {
			t.Errorf("%s: %s, want %s", l, got, want)
		}
	}
}

type fakeGPU struct{}

func (fakeGPU) Multiply(time.Duration) (float64, error) { return 7e12, nil }

func (fakeGPU) Copy(time.Duration) (float64, error) { return 5e9, nil }

func (fakeGPU) String() string { return "fake" }

func TestGPULimits(t *testing.T) {
	m := testMeter(t, 1)
	m.UseGPU(fakeGPU{})
	for kind, want := range map[Kind]float64{GPUMatrix: 7, GPUCopy: 5000} {
		l := Limit{kind, 1}
		if how, err := m.Method(l); how != "fake" || err != nil {
			t.Errorf("%s: %q, %v", l, how, err)
		}
		if got, err := m.Measure(l, time.Millisecond); got != want || err != nil {
			t.Errorf("%s: %v %s, %v, want %v", l, got, kind.Unit(), err, want)
		}
	}
}
