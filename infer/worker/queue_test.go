package worker

import (
	"testing"

	"pgregory.net/rapid"
)

// TestEveryBlockIsTakenOnce deals blocks to any number of children in any order, with some put back.
func TestEveryBlockIsTakenOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranks := rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 1, 6, rapid.ID[int]).Draw(t, "ranks")
		slots := rapid.IntRange(1, 8).Draw(t, "children")
		q := &queue{world: 10, ranks: ranks, shares: make(map[int][]*task)}
		total := 0
		for _, rank := range ranks {
			n := rapid.IntRange(0, 5).Draw(t, "blocks")
			for b := range n {
				q.shares[rank] = append(q.shares[rank], &task{rank: rank, block: b})
			}
			total += n
		}
		taken := make(map[[2]int]bool)
		for q.len() > 0 {
			slot := rapid.IntRange(0, slots-1).Draw(t, "child")
			task := q.take(slot, slots)
			if task == nil {
				t.Fatalf("nothing for child %d of %d, %d blocks left", slot, slots, q.len())
			}
			if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
				q.putBack(task)
				continue
			}
			key := [2]int{task.rank, task.block}
			if taken[key] {
				t.Fatalf("rank %d, block %d was taken twice", task.rank, task.block)
			}
			taken[key] = true
		}
		if len(taken) != total || q.take(0, slots) != nil {
			t.Fatalf("%d of %d blocks taken", len(taken), total)
		}
	})
}

func TestAChildTakesItsOwnRanksFirstThenTheSlowestOnes(t *testing.T) {
	q := &queue{world: 3, ranks: []int{0, 1, 2}, shares: map[int][]*task{
		0: {{rank: 0, block: 4}},
		1: {{rank: 1, block: 1}, {rank: 1, block: 2}},
		2: {{rank: 2, block: 0}, {rank: 2, block: 1}, {rank: 2, block: 2}},
	}}
	var order [][2]int
	for range 6 {
		t := q.take(0, 3)
		order = append(order, [2]int{t.rank, t.block})
	}
	want := [][2]int{{0, 4}, {2, 0}, {1, 1}, {2, 1}, {1, 2}, {2, 2}}
	for i := range want {
		if order[i] != want[i] {
			t.Fatalf("child 0 took %v, want %v", order, want)
		}
	}
}
