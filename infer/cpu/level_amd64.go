//go:build amd64 && !purego

package cpu

import "golang.org/x/sys/cpu"

// vectorLevels returns the vector levels the processor and its operating system support. Kernels that this processor
// gets wrong are left out: a level is trusted once its products agree with plain Go.
func vectorLevels() []level {
	var have []level
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C {
		have = append(have, avx2)
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && selfCheck(avx512) {
		have = append(have, avx512)
	}
	return have
}
