package limits

import "time"

// FMAPeak returns the multiply-add peak of one thread in GFLOP/s as the best of several runs of a few milliseconds each.
// clock returns the time used so far: with the processor time of a process that does nothing else, programs that share
// the core do not lower the peak.
func FMAPeak(runs int, clock func() time.Duration) float64 {
	const turns = 8 * stepTurns
	loop := fmaLoops[0]
	sums := make([]float32, loop.width)
	var best float64
	for range runs {
		begin := clock()
		loop.run(turns, sums)
		if took := (clock() - begin).Seconds(); took > 0 {
			best = max(best, float64(turns*loop.flopsPerTurn())/1e9/took)
		}
	}
	return best
}
