package bench

import (
	"context"
	"time"

	"longfirst/bench/limits"
)

// Margin is how far a calibration of multiply-adds may be below the best one of the run before the samples beside it are
// marked, and what share of the time of its cores a sample may lose to others before it is.
const Margin = 0.10

// BandwidthMargin is the same for calibrations of memory and files: cores share their bandwidth, with those of other
// virtual machines too, and its best is reached now and then only.
const BandwidthMargin = 0.25

// StarvedMargin is the same for samples that say nothing about the program any more.
const StarvedMargin = 0.50

func margin(k limits.Kind) float64 {
	if k == limits.FMA || k == limits.GPUMatrix {
		return Margin
	}
	return BandwidthMargin
}

// calibrationTime is how long a limit is measured for: some time slices of a scheduler.
const calibrationTime = 40 * time.Millisecond

// Meter measures limits: a *limits.Meter, but in tests.
type Meter interface {
	Measure(limits.Limit, time.Duration) (float64, error)
	// Method says how a limit is measured, or as an error, why it can't be.
	Method(limits.Limit) (string, error)
}

// gauge keeps what calibrations of the whole run gave.
type gauge struct {
	meter Meter
	order []limits.Limit // as first measured
	rates map[limits.Limit][]float64
	best  map[limits.Limit]float64
}

func newGauge(m Meter) *gauge {
	return &gauge{meter: m, rates: map[limits.Limit][]float64{}, best: map[limits.Limit]float64{}}
}

// calibrate measures limits once and returns their rates in that order.
func (g *gauge) calibrate(ctx context.Context, list []limits.Limit) ([]float64, error) {
	rates := make([]float64, len(list))
	for i, l := range list {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		rate, err := g.meter.Measure(l, calibrationTime)
		if err != nil {
			return nil, err
		}
		if _, known := g.rates[l]; !known {
			g.order = append(g.order, l)
		}
		rates[i] = rate
		g.rates[l] = append(g.rates[l], rate)
		g.best[l] = max(g.best[l], rate)
	}
	return rates, nil
}

// mark marks the samples that were disturbed or starved, and returns how many have no mark. The best only grows, so a
// mark stays.
func (g *gauge) mark(list []limits.Limit, samples []Sample) (unmarked int) {
	for i := range samples {
		s := &samples[i]
		s.Marked = s.Marked || s.Lost > Margin
		s.Starved = s.Starved || s.Lost > StarvedMargin
		for k, l := range list {
			lack := 1 - min(s.Before[k], s.After[k])/g.best[l]
			s.Marked = s.Marked || lack > margin(l.Kind)
			s.Starved = s.Starved || lack > StarvedMargin
		}
		if !s.Marked {
			unmarked++
		}
	}
	return unmarked
}
