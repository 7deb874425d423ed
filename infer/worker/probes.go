package worker

import (
	"math"
	"time"

	"longfirst/index"
	"longfirst/infer"
)

// strataCount is how many parts of equal cost the records are cut into, from the longest to the shortest: a device reaches
// another rate on long records than on short ones.
const strataCount = 4

// strata are positions [ends[s-1], ends[s]) and what they cost.
type strata struct {
	ends  [strataCount]int64
	flops [strataCount]float64
}

func newStrata(plan *infer.Plan) (s strata, err error) {
	all := index.Share(plan.Index.Len(), 0, 1)
	total, err := plan.Rule.Total(plan.Index.Lengths(all))
	if err != nil {
		return s, err
	}
	var sum float64
	var position int64
	for length, err := range plan.Index.Lengths(all) {
		if err != nil {
			return s, err
		}
		if length == 0 { // the last ones
			break
		}
		at := min(strataCount-1, int(sum/total*strataCount))
		cost := float64(plan.Rule.FLOPs(length))
		sum += cost
		position++
		s.flops[at] += cost
		s.ends[at] = position
	}
	for at := 1; at < strataCount; at++ { // one record may span several
		s.ends[at] = max(s.ends[at], s.ends[at-1])
	}
	return s, nil
}

func (s strata) total() (flops float64) {
	for _, f := range s.flops {
		flops += f
	}
	return flops
}

// probes chooses what a child computes: the strata in turn, each time at another place.
type probes struct {
	plan       *infer.Plan
	strata     strata
	begun      int     // strata that were gone to
	ended      int     // probes
	place      float64 // of the next one in its stratum, in [0, 1)
	rate       float64 // FLOP/s of the probe before, at first of the device class
	inHand     Probe
	shortFirst [strataCount]int
}

const (
	goldenRatio = 0.6180339887498949

	// probesPerLimit is how many probes of a child there are to be time for: three for each stratum, about.
	probesPerLimit = 3 * strataCount
)

func newProbes(plan *infer.Plan, s strata, rate float64, slot, slots int) *probes {
	// The short ones come first: they tell soonest how fast it is.
	return &probes{plan: plan, strata: s, rate: rate, place: (float64(slot) + 0.5) / float64(slots), shortFirst: [strataCount]int{3, 1, 2, 0}}
}

// next returns a lease that takes about its part of the limit, one record at least.
func (p *probes) next(limit time.Duration) (Lease, error) {
	stratum := p.shortFirst[p.begun%strataCount]
	for p.strata.flops[stratum] == 0 { // empty where single records are that long; not all of them are
		p.begun++
		stratum = p.shortFirst[p.begun%strataCount]
	}
	p.begun++
	p.place = math.Mod(p.place+goldenRatio, 1)
	var start int64
	if stratum > 0 {
		start = p.strata.ends[stratum-1]
	}
	position := start + int64(p.place*float64(p.strata.ends[stratum]-start))
	rank := int(position % int64(p.plan.World))
	cuts, err := p.plan.Cuts(rank)
	if err != nil {
		return Lease{}, err
	}
	item := position / int64(p.plan.World)
	lease := Lease{Rank: rank, Block: cuts.Of(item)}
	first, stop := cuts.Block(lease.Block)
	var lengths []int64
	for length, err := range p.plan.Index.Lengths(p.plan.Share(rank).Sub(first, stop)) {
		if err != nil {
			return Lease{}, err
		}
		lengths = append(lengths, length)
	}
	p.inHand = Probe{Stratum: stratum}
	lease.Probe = p.choose(lengths, item-first, p.rate*limit.Seconds()/probesPerLimit)
	return lease, nil
}

// choose takes records of a block from one on, and of those before it where the block ends, until they cost enough.
func (p *probes) choose(lengths []int64, from int64, enough float64) *Items {
	items := &Items{from, from}
	take := func(item int64) {
		length := lengths[item]
		p.inHand.FLOPs += float64(p.plan.Rule.FLOPs(length))
		if most := p.plan.Rule.MaxLength; most > 0 {
			length = min(length, most)
		}
		p.inHand.Residues += length
	}
	for items.Stop < int64(len(lengths)) && (items.Stop == from || p.inHand.FLOPs < enough) {
		take(items.Stop)
		items.Stop++
	}
	for items.Start > 0 && p.inHand.FLOPs < enough {
		items.Start--
		take(items.Start)
	}
	return items
}

// passed returns the probe in hand, which took so many seconds, and whether others came before it.
func (p *probes) passed(seconds float64) (done Probe, warm bool) {
	p.ended++
	done = p.inHand
	done.Took = time.Duration(max(seconds, 1e-9) * float64(time.Second))
	p.rate = done.rate()
	return done, p.ended > 1
}
