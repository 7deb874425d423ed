package main

import (
	"fmt"
	"strings"

	"longfirst/index"
	"longfirst/infer/esm2"
)

// residuesOfPlan are residues that a model knows less well than others or not at all. All residues of a record count,
// those beyond --max-length too.
type residuesOfPlan struct {
	Unknown   int64 `json:"unknown"`   // fed as <unk>, not counting stops
	Ambiguous int64 `json:"ambiguous"` // B, Z, X: they have a token, and stand for one of several
	Stops     int64 `json:"stops"`     // a final one is dropped, others are fed as <unk>
	Gaps      int64 `json:"gaps"`      // dropped, or fed with --gaps keep

	text string // what the unknown ones are
}

// letterClasses are the classes of the index that a vocabulary may have a token for.
var letterClasses = []index.Class{index.ClassU, index.ClassO, index.ClassB, index.ClassZ, index.ClassX, index.ClassJ}

// classify sorts the classes of an index by what a model makes of them.
func classify(totals *index.ClassTotals, v *esm2.Vocabulary) (r residuesOfPlan) {
	var named []string
	unknown := func(name string, n int64) {
		if n > 0 {
			r.Unknown += n
			named = append(named, fmt.Sprintf("%s %s", name, thousands(n)))
		}
	}
	for _, class := range letterClasses {
		n := totals.Residues[class]
		if _, known := v.ID(class.Name()); !known {
			unknown(class.Name(), n)
		} else if class != index.ClassU && class != index.ClassO {
			r.Ambiguous += n
		}
	}
	unknown("other bytes", totals.Residues[index.ClassOther])
	r.Stops, r.Gaps = totals.Residues[index.ClassStop], totals.Residues[index.ClassGap]
	r.text = strings.Join(named, ", ")
	return r
}

// String says what there is, "" where there is nothing to be said.
func (r residuesOfPlan) String() string {
	var parts []string
	if r.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%s without a token (%s)", thousands(r.Unknown), r.text))
	}
	for _, part := range []struct {
		n    int64
		what string
	}{{r.Ambiguous, "ambiguous (B, Z, X)"}, {r.Stops, "stops"}, {r.Gaps, "gaps"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", thousands(part.n), part.what))
		}
	}
	return strings.Join(parts, ", ")
}
