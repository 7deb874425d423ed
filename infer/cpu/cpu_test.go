package cpu

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/backend/conformance"
)

func TestConformance(t *testing.T) {
	for _, l := range levels() {
		for _, threads := range []int{1, 3} {
			if threads == 1 && raceDetector {
				continue // nothing to find, and slow
			}
			t.Run(fmt.Sprintf("%v/threads=%d", l, threads), func(t *testing.T) {
				conformance.Run(t, func() backend.Backend { return newBackendAt(t, l, threads) })
			})
		}
	}
}

// TestLevel fails when the processor says it has the instructions of a level and New does not take it, unless the build
// or the environment asks for another.
func TestLevel(t *testing.T) {
	want, ok := declaredLevel()
	if !ok {
		t.Skip("what the processor has cannot be read here")
	}
	t.Setenv(LevelVariable, "")
	b := newBackend(t, 1)
	defer b.Close()
	if got := b.level.String(); got != want {
		t.Errorf("level %s was chosen, the processor has %s", got, want)
	}
	if have := Levels(); have[len(have)-1] != want {
		t.Errorf("levels %v", have)
	}
}

func TestForcedLevel(t *testing.T) {
	classes := map[string]bool{}
	for _, name := range Levels() {
		t.Setenv(LevelVariable, name)
		b := newBackend(t, 1)
		if b.level.String() != name || b.FLOPS() <= 0 {
			t.Errorf("%s: got level %v", name, b.level)
		}
		classes[b.Class()] = true
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(classes) != len(Levels()) {
		t.Errorf("levels %v have classes %v", Levels(), classes)
	}
	os.Setenv(LevelVariable, "sse2")
	if _, err := New(1); !errors.Is(err, ErrLevel) || !strings.Contains(err.Error(), "purego") {
		t.Errorf("unknown level: got %v", err)
	}
}

func newBackend(t testing.TB, threads int) *Backend {
	t.Helper()
	b, err := New(threads)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newBackendAt(t testing.TB, l level, threads int) *Backend {
	t.Helper()
	b, err := newAt(l, threads)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
