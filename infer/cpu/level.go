package cpu

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// level is a set of kernels: how wide the vectors are that the processor computes with.
type level uint8

const (
	pureGo level = iota
	avx2         // AVX2, FMA and F16C
	avx512       // AVX-512 F and BW
)

// LevelVariable is the environment variable that forces a level by its name.
const LevelVariable = "LONGFIRST_CPU"

// traits is what is known of a level: its name, the names of its numerics, which change whenever the bits of a result
// may, the floating-point operations a second that a thread about reaches in a whole model, and how many times that it
// reaches with weights of int8.
var traits = map[level]struct {
	name, class string
	int8Class   string
	flops       float64
	int8Speed   float64
}{
	pureGo: {"purego", "cpu-fp32-go-1", "cpu-int8-go-1", 2.5e9, 0.5},
	avx2:   {"avx2", "cpu-fp32-avx2-2", "cpu-int8-avx2-2", 75e9, 2},
	avx512: {"avx512", "cpu-fp32-avx512-2", "cpu-int8-avx512-2", 100e9, 2},
}

func (l level) String() string { return traits[l].name }

// levels returns what this machine and build can run, the best last.
func levels() []level { return append([]level{pureGo}, vectorLevels()...) }

// Levels returns the names of the sets of kernels that this machine and build can run, the best last.
func Levels() []string {
	var names []string
	for _, l := range levels() {
		names = append(names, l.String())
	}
	return names
}

// chooseLevel returns the best level, or the one that the environment asks for.
func chooseLevel() (level, error) {
	have := levels()
	wanted, forced := os.LookupEnv(LevelVariable)
	if !forced || wanted == "" {
		return have[len(have)-1], nil
	}
	i := slices.IndexFunc(have, func(l level) bool { return l.String() == wanted })
	if i < 0 {
		return 0, fmt.Errorf("%w: %s=%s: this machine and build have %s; unset it or take one of these",
			ErrLevel, LevelVariable, wanted, strings.Join(Levels(), ", "))
	}
	return have[i], nil
}
