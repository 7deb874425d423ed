//go:build !purego

package limits

import (
	"testing"

	"golang.org/x/sys/cpu"
)

func TestWidestLevelIsChosen(t *testing.T) {
	want := "scalar"
	switch {
	case cpu.X86.HasAVX512F:
		want = "avx512"
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		want = "avx2"
	}
	if got := FMALevel(); got != want {
		t.Errorf("level %s on a processor that has %s", got, want)
	}
}
