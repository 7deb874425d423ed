package limits

import "fmt"

// Kind is a resource with a limit.
type Kind uint8

// The kinds; see the package comment.
const (
	FMA Kind = iota
	MemoryRead
	MemoryCopy
	FileRead
	kinds
)

// String returns the name of the resource.
func (k Kind) String() string {
	return [...]string{"fma", "memory-read", "memory-copy", "file-read"}[k]
}

// Unit returns the unit of a rate.
func (k Kind) Unit() string {
	if k == FMA {
		return "GFLOP/s"
	}
	return "MB/s"
}

// scale is what a unit of the rate counts.
func (k Kind) scale() float64 {
	if k == FMA {
		return 1e9
	}
	return 1e6
}

// Limit is the rate at which that many threads together use a resource and do nothing else.
type Limit struct {
	Kind    Kind
	Threads int
}

func (l Limit) String() string { return fmt.Sprintf("%s-%d", l.Kind, l.Threads) }

// ShareUnit is the unit of a share of the limit, in percent.
func (l Limit) ShareUnit() string {
	if l.Kind == FMA {
		return "%peak"
	}
	return "%" + l.Kind.String()
}
