package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ParseRanks reads lists such as 0-15 or 0,4,7-9. It returns each rank once, in order; all are below world.
func ParseRanks(lists []string, world int) ([]int, error) {
	var ranks []int
	for _, item := range strings.Split(strings.Join(lists, ","), ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(item), "-")
		from, err := strconv.ParseUint(first, 10, 31)
		to := from
		if err == nil && isRange {
			to, err = strconv.ParseUint(last, 10, 31)
		}
		if err != nil || to < from {
			return nil, fmt.Errorf("%w: %q; ranks are given as 3, as 0-15, or as 0,4,7-9", ErrRanks, item)
		}
		if to >= uint64(world) {
			return nil, fmt.Errorf("%w: %q; with --world-size %d ranks are 0 to %d", ErrRanks, item, world, world-1)
		}
		for rank := from; rank <= to; rank++ {
			ranks = append(ranks, int(rank))
		}
	}
	slices.Sort(ranks)
	return slices.Compact(ranks), nil
}

// FormatNumbers writes ranks, or numbers of blocks, in order and each once, as ParseRanks reads them.
func FormatNumbers(ranks []int) string {
	var b strings.Builder
	for i := 0; i < len(ranks); {
		last := i
		for last+1 < len(ranks) && ranks[last+1] == ranks[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(ranks[i]))
		if last > i {
			separator := "-"
			if last == i+1 {
				separator = ","
			}
			b.WriteString(separator + strconv.Itoa(ranks[last]))
		}
		i = last + 1
	}
	return b.String()
}
