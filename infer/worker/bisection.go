package worker

// bisection finds the items of a block that bring a child down, by computing parts of the block on their own: a part
// that fails is halved until one item is left, a part that passes is cleared.
type bisection struct {
	suspects []Items          // still to be computed, the next one last
	culprits map[int64]string // item of the share -> what its child said last
	strikes  map[int64]int    // failures of single items
}

// strikesOut is how often computing an item alone must fail before it is at fault: a child may be killed by chance then,
// too.
const strikesOut = 2

func newBisection(block Items, reason string) *bisection {
	b := &bisection{culprits: make(map[int64]string), strikes: make(map[int64]int)}
	b.failed(block, reason)
	return b
}

// next returns the items to compute next; ok is false when nothing is in doubt any more.
func (b *bisection) next() (probe Items, ok bool) {
	if len(b.suspects) == 0 {
		return Items{}, false
	}
	return b.suspects[len(b.suspects)-1], true
}

// passed clears the items that next returned.
func (b *bisection) passed() { b.suspects = b.suspects[:len(b.suspects)-1] }

// failed takes note that computing the items failed.
func (b *bisection) failed(items Items, reason string) {
	if n := len(b.suspects); n > 0 && b.suspects[n-1] == items {
		b.suspects = b.suspects[:n-1]
	}
	if items.Stop-items.Start == 1 {
		if b.strikes[items.Start]++; b.strikes[items.Start] < strikesOut {
			b.suspects = append(b.suspects, items)
		} else {
			b.culprits[items.Start] = reason
		}
		return
	}
	middle := items.Start + (items.Stop-items.Start)/2
	b.suspects = append(b.suspects, Items{middle, items.Stop}, Items{items.Start, middle})
}
