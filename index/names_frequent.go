package index

import (
	"cmp"
	"context"
	"slices"
)

// IDCount is an id and how many records have it.
type IDCount struct {
	ID      string `json:"id"`
	Records int64  `json:"records"`
}

// FrequentIDs returns up to limit of the ids that most records share, the most frequent first; none where no two records
// share one, or where the index has no names.
//
// It goes through all pages of names, and looks at the entries of what seems alike there: as hashes are cut there, and may
// be equal anyway, the ids decide.
func (x *Index) FrequentIDs(ctx context.Context, limit int) ([]IDCount, error) {
	e := x.namesExtension()
	head, err := x.extended(e)
	if head == nil || err != nil || x.Duplicates() == 0 {
		return nil, err
	}
	longest := longestRuns{limit: limit}
	var page namePage
	var last uint64 // where the page before ended
	err = x.eachExtensionPage(ctx, e, func(key, value []byte) error {
		if err := page.decode(key, value); err != nil {
			return x.extensionCorrupt(e, err)
		}
		for i := range page.count {
			// Within a page equal fragments are alike; over its end, a hash that is the last one's.
			alike := i > 0 && page.fragment(i) == page.fragment(i-1) || i == 0 && page.number > 0 && page.low == last && page.fragment(0) == 0
			if !alike {
				longest.end()
			}
			position := page.position(i)
			if position >= x.Len() {
				return x.extensionCorrupt(e, errNamesBeyond)
			}
			longest.run = append(longest.run, position)
		}
		last = page.last
		return nil
	})
	if err != nil {
		return nil, err
	}
	longest.end()
	return x.countIDs(longest.runs, limit)
}

// longestRuns keeps the longest of the runs of records that seem to have one id.
type longestRuns struct {
	limit int
	run   []int64 // positions
	runs  [][]int64
}

func (l *longestRuns) end() {
	if len(l.run) > 1 && (len(l.runs) < l.limit || len(l.run) > len(l.runs[len(l.runs)-1])) {
		l.runs = append(l.runs, slices.Clone(l.run))
		slices.SortStableFunc(l.runs, func(a, b []int64) int { return cmp.Compare(len(b), len(a)) })
		l.runs = l.runs[:min(len(l.runs), l.limit)]
	}
	l.run = l.run[:0]
}

// countIDs counts the ids of the records in each run.
func (x *Index) countIDs(runs [][]int64, limit int) ([]IDCount, error) {
	var counts []IDCount
	pages, err := x.newPageReader()
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		slices.Sort(run)
		ids := map[string]int64{}
		if err := guard(x.path, func() error {
			var entry Entry
			for _, position := range run {
				if err := pages.load(position); err != nil {
					return err
				}
				if err := pages.entry(position, &entry); err != nil {
					return err
				}
				ids[string(entry.ID)]++
			}
			return nil
		}); err != nil {
			return nil, err
		}
		for id, n := range ids {
			if n > 1 {
				counts = append(counts, IDCount{id, n})
			}
		}
	}
	slices.SortFunc(counts, func(a, b IDCount) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.ID, b.ID))
	})
	return counts[:min(len(counts), limit)], nil
}
