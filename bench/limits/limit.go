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
	kinds
)

// String returns the name of the resource.
func (k Kind) String() string {
	return [...]string{"fma", "memory-read", "memory-copy", "file-read", "disk-read"}[k]
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
