package limits

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is a resource with a limit.
type Kind uint8

// The kinds; see the package comment.
const (
	FMA Kind = iota
	MemoryRead
	MemoryCopy
	FileRead
	DiskRead
	GPUMatrix
	GPUCopy
	kinds
)

// String returns the name of the resource.
func (k Kind) String() string {
	return [...]string{"fma", "memory-read", "memory-copy", "file-read", "disk-read", "gpu-matrix", "gpu-copy"}[k]
}

// Unit returns the unit of a rate.
func (k Kind) Unit() string {
	switch k {
	case FMA:
		return "GFLOP/s"
	case GPUMatrix:
		return "TFLOP/s"
	}
	return "MB/s"
}

// Scale is what a unit of the rate counts, in operations or bytes a second.
func (k Kind) Scale() float64 {
	switch k {
	case FMA:
		return 1e9
	case GPUMatrix:
		return 1e12
	}
	return 1e6
}

// onGPU tells whether the resource is a GPU's.
func (k Kind) onGPU() bool { return k == GPUMatrix || k == GPUCopy }

// Limit is the rate at which that many threads together, 1 for a resource of a GPU, use it and do nothing else.
type Limit struct {
	Kind    Kind
	Threads int
}

func (l Limit) String() string { return fmt.Sprintf("%s-%d", l.Kind, l.Threads) }

// Parse reads what String writes.
func Parse(s string) (Limit, error) {
	for kind := range kinds {
		if count, ok := strings.CutPrefix(s, kind.String()+"-"); ok {
			if n, err := strconv.Atoi(count); err == nil && n > 0 {
				return Limit{kind, n}, nil
			}
		}
	}
	return Limit{}, fmt.Errorf("%w: %q", ErrLimit, s)
}

// ShareUnit is the unit of a share of the limit, in percent.
func (l Limit) ShareUnit() string {
	if l.Kind == FMA {
		return "%peak"
	}
	return "%" + l.Kind.String()
}
