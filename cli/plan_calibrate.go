package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/infer/worker"
)

// calibrationOfPlan is what the worker processes were measured to do on some of the records.
type calibrationOfPlan struct {
	Seconds     float64 `json:"seconds"` // it took
	Start       float64 `json:"start_seconds"`
	Probes      int     `json:"probes"`
	Residues    int64   `json:"residues"`
	FLOPSPerSec float64 `json:"flops_per_second"` // of all worker processes together
	Memory      int64   `json:"worker_peak_bytes,omitempty"`
}

// memoryOfPlan is what a run on the CPU takes beside what there is, in bytes.
type memoryOfPlan struct {
	Weights   int64 `json:"weights_bytes"` // once for all worker processes
	PerWorker int64 `json:"per_worker_bytes"`
	Needed    int64 `json:"needed_bytes"`
	Free      int64 `json:"free_bytes,omitempty"` // where it is known
}

// fits tells whether the memory there is, as far as known, holds the run.
func (m *memoryOfPlan) fits() bool { return m == nil || m.Free == 0 || m.Needed <= m.Free }

// planMemory estimates the memory of a run on the CPU; of a GPU its own process sees to that.
func (p *plannedRun) planMemory(s worker.Settings, config esm2.Config, mostRows int64) error {
	if s.Device != "cpu" && s.Device != worker.CPUInt8 {
		return nil
	}
	need, err := worker.PlanMemory(s, config, p.Longest, mostRows)
	if err != nil {
		return err
	}
	p.Memory = &memoryOfPlan{Weights: need.Weights, PerWorker: need.Own, Needed: need.Weights + need.Own*int64(p.Workers)}
	p.Memory.Free, _ = worker.FreeMemory()
	return nil
}

// Calibrating takes a quarter of the run, between these.
const (
	leastCalibration = 500 * time.Millisecond
	mostCalibration  = 2 * time.Second
)

// calibrate measures how long the run takes on some of its records, where the memory for that is there.
func (p *plannedRun) calibrate(c *cli.Context, log *slog.Logger, s worker.Settings, plan *infer.Plan) error {
	if c.Bool("no-calibration") || p.FLOPs == 0 {
		return nil
	}
	if !p.Memory.fits() {
		log.Warn("not calibrated: there is not enough memory for the worker processes", "needed", bytesText(p.Memory.Needed), "free", bytesText(p.Memory.Free))
		return nil
	}
	limit := min(max(time.Duration(p.Seconds/4*float64(time.Second)), leastCalibration), mostCalibration)
	begin := time.Now()
	found, err := worker.Calibrate(c.Context, s, plan, limit)
	if errors.Is(err, worker.ErrCalibration) && c.Context.Err() == nil {
		log.Warn("not calibrated", "why", err)
		return nil
	}
	if err != nil || len(found.Probes) == 0 {
		return err
	}
	seconds, low, high := found.Seconds()
	p.Calibration = &calibrationOfPlan{Seconds: time.Since(begin).Seconds(), Start: found.Start.Seconds(), Probes: len(found.Probes),
		Residues: found.Residues(), FLOPSPerSec: p.FLOPs / seconds, Memory: found.Memory}
	start, part := found.Start.Seconds(), p.part()
	p.Seconds, p.FLOPSPerSec = start+seconds*part, p.FLOPs/seconds
	if high > 0 {
		p.SecondsLow, p.SecondsHigh = start+low*part, start+high*part
	}
	return nil
}

// part is the part of all work that this process does.
func (p *plannedRun) part() float64 {
	if p.Ranks == nil {
		return 1
	}
	return float64(len(p.Ranks)) / float64(p.World)
}

// timeText says how long it takes, and how that is known.
func (p *plannedRun) timeText() string {
	if p.Calibration == nil {
		return fmt.Sprintf("about %s at the %.1f GFLOP/s this device class was seen to reach", secondsText(p.Seconds), p.FLOPSPerSec/1e9)
	}
	spread := ""
	if p.SecondsHigh > 0 {
		spread = fmt.Sprintf(", between %s and %s", secondsText(p.SecondsLow), secondsText(p.SecondsHigh))
	}
	return fmt.Sprintf("about %s%s at the %.1f GFLOP/s measured on %s residues of these records", secondsText(p.Seconds), spread,
		p.FLOPSPerSec/1e9, thousands(p.Calibration.Residues))
}

func secondsText(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d < 10*time.Second:
		d = d.Round(100 * time.Millisecond)
	case d < time.Hour:
		d = d.Round(time.Second)
	default:
		d = d.Round(time.Minute)
		return d.String()[:len(d.String())-len("0s")]
	}
	return d.String()
}

func (m *memoryOfPlan) String() string {
	free := "free memory is not known here"
	if m.Free > 0 {
		free = bytesText(m.Free) + " free"
	}
	return fmt.Sprintf("%s: weights %s, once, and %s of each worker process; %s", bytesText(m.Needed), bytesText(m.Weights), bytesText(m.PerWorker), free)
}
