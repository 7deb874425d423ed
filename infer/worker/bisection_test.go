package worker

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSearchFindsTheCulprits simulates children that fail on certain items, and follows a task to its end.
func TestSearchFindsTheCulprits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const world, rank = 3, 1
		start := rapid.Int64Range(0, 20).Draw(t, "start")
		n := rapid.Int64Range(1, 64).Draw(t, "items")
		culprits := rapid.MapOfN(rapid.Int64Range(start, start+n-1), rapid.Just(true), 0, int(min(n, 4))).Draw(t, "culprits")
		task := &task{rank: rank, items: Items{start, start + n}}
		for leases := 0; ; leases++ {
			if leases > 600 {
				t.Fatal("no end to it")
			}
			l := task.lease()
			items := task.items
			if l.Probe != nil {
				items = task.probed(l)
			}
			if items.Start < start || items.Stop > start+n || items.Start >= items.Stop {
				t.Fatalf("asked to compute items %+v of [%d, %d)", items, start, start+n)
			}
			bad := false
			for item := items.Start; item < items.Stop; item++ {
				_, refused := l.Refuse[rank+item*world]
				bad = bad || culprits[item] && !refused
			}
			if bad {
				if err := task.failed(l, "signal: killed", world); err != nil {
					t.Fatal(err)
				}
			} else if task.passed(l, world) {
				break
			}
		}
		var positions []int64
		for item := range culprits {
			positions = append(positions, rank+item*world)
		}
		slices.Sort(positions)
		if got := slices.Sorted(maps.Keys(task.refuse)); !slices.Equal(got, positions) {
			t.Fatalf("refused positions %v, at fault are %v", got, positions)
		}
	})
}

// TestOneFailureIsForgiven: a child may die of something that is not the block's fault.
func TestOneFailureIsForgiven(t *testing.T) {
	task := &task{items: Items{0, 8}}
	if err := task.failed(task.lease(), "signal: killed", 1); err != nil {
		t.Fatal(err)
	}
	l := task.lease()
	if l.Probe != nil || !task.passed(l, 1) || task.refuse != nil {
		t.Errorf("after one failure: %+v, refused %v", l, task.refuse)
	}
}

// TestAChildKilledByChanceDuringTheSearch: one failure of a record alone is no proof against it.
func TestAChildKilledByChanceDuringTheSearch(t *testing.T) {
	task := &task{items: Items{0, 4}}
	chance := true
	for range 60 {
		l := task.lease()
		single := l.Probe != nil && l.Probe.Stop-l.Probe.Start == 1
		includes := l.Probe == nil || l.Probe.Start <= 2 && 2 < l.Probe.Stop
		_, refused := l.Refuse[2]
		switch {
		case includes && !refused, single && l.Probe.Start == 3 && chance:
			chance = chance && !(single && l.Probe.Start == 3)
			if err := task.failed(l, "signal: killed", 1); err != nil {
				t.Fatal(err)
			}
		case task.passed(l, 1):
			if len(task.refuse) != 1 || task.refuse[2] == "" {
				t.Fatalf("refused %v, at fault is item 2 alone", task.refuse)
			}
			return
		}
	}
	t.Fatal("no end to it")
}

// TestABlockThatFailsOnlyAsAWholeIsAnError: refusing nothing and failing again must not go on for ever.
func TestABlockThatFailsOnlyAsAWholeIsAnError(t *testing.T) {
	task := &task{items: Items{0, 4}}
	for range 50 {
		l := task.lease()
		if l.Probe != nil {
			task.passed(l, 1)
		} else if err := task.failed(l, "signal: killed", 1); err != nil {
			return
		}
	}
	t.Error("no error")
}
