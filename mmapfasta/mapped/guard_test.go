package mapped

import (
	"errors"
	"testing"
)

func TestGuardPassesOn(t *testing.T) {
	f := openTest(t, write(t, []byte("ACGT")), true)
	if err := Guard(func() error { return nil }, f); err != nil {
		t.Error(err)
	}
	wrong := errors.New("wrong")
	if err := Guard(func() error { return wrong }, f); err != wrong {
		t.Error(err)
	}
}

func TestGuardLetsOtherPanicsThrough(t *testing.T) {
	f := openTest(t, write(t, []byte("ACGT")), true)
	var nowhere *[64]byte
	for name, fn := range map[string]func() error{
		"nil dereference": func() error { nowhere[3] = 1; return nil },
		"index":           func() error { _ = f.view[f.Size()]; return nil },
		"value":           func() error { panic("wrong") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			t.Errorf("Guard returned %v", Guard(fn, f))
		})
	}
}
