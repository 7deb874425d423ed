package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"longfirst/infer"
	"longfirst/infer/esm2"
)

// Calibration is what the worker processes of a run were measured to do on some of its records, all of them at work at a
// time.
type Calibration struct {
	Start  time.Duration // until the slowest had opened the index and loaded the model
	Probes []Probe
	Memory int64 // the most that one of them held at a time, in bytes; 0 where the platform does not tell

	children int
	strata   strata
}

// Probe is a run of neighbouring records that was computed and not written.
type Probe struct {
	Stratum  int
	Residues int64
	FLOPs    float64
	Took     time.Duration
}

// rate returns FLOP/s.
func (p Probe) rate() float64 { return p.FLOPs / p.Took.Seconds() }

// calibrationLimit is the longest that calibrating may take where a record or the weights take longer than was asked for.
const calibrationLimit = time.Minute

// Calibrate starts the worker processes of a run and has them compute records from all over the plan for about as long as
// limit says, one probe each at least. Nothing is written but to a temporary folder. Of the settings it uses what says how
// to compute.
//
// Errors: ErrCalibration where a process could not do it; ctx's cause.
func Calibrate(ctx context.Context, set Settings, plan *infer.Plan, limit time.Duration) (Calibration, error) {
	c := Calibration{children: len(set.Devices)}
	modelDigest, err := esm2.KnownDigest(ctx, set.Model)
	if err != nil {
		return c, err
	}
	stamps, err := esm2.Stamps(set.Model)
	if err != nil {
		return c, err
	}
	int8File, err := int8Weights(ctx, set, modelDigest)
	if err != nil {
		return c, err
	}
	if c.strata, err = newStrata(plan); err != nil || c.strata.total() == 0 {
		return c, err
	}
	if set.Out, err = os.MkdirTemp("", "longfirst-calibration-"); err != nil {
		return c, err
	}
	defer os.RemoveAll(set.Out)

	spawner := newSpawner()
	defer spawner.close()
	orders := set.orders(plan.World, plan.Rule, modelDigest, int8File, stamps)
	limited, cancel := context.WithTimeoutCause(ctx, calibrationLimit, fmt.Errorf("%w: it takes longer than %v", ErrCalibration, calibrationLimit))
	defer cancel()
	group, grouped := errgroup.WithContext(limited)
	calibrators := make([]*calibrator, len(set.Devices))
	for slot := range calibrators {
		own := &calibrator{slot: slot, orders: orders, limit: limit, probes: newProbes(plan, c.strata, set.FLOPS, slot, len(set.Devices))}
		calibrators[slot] = own
		group.Go(func() error { return own.run(grouped, set, spawner) })
	}
	err = group.Wait()
	if cause := context.Cause(limited); err != nil && cause != nil {
		err = cause
	}
	for _, own := range calibrators {
		c.Start = max(c.Start, own.start)
		c.Memory = max(c.Memory, own.memory)
		c.Probes = append(c.Probes, own.done...)
	}
	return c, err
}

// Residues returns the residues that were computed.
func (c *Calibration) Residues() (n int64) {
	for _, p := range c.Probes {
		n += p.Residues
	}
	return n
}

// Seconds returns how long all records of the plan take at the rates measured, once the processes are ready, and how long
// they take if every rate is that of the probe that was the furthest above, or below, the others of its stratum. Where no
// stratum had two probes nothing is known of a spread: low and high are 0 then.
func (c *Calibration) Seconds() (seconds, low, high float64) {
	var flops, took [strataCount]float64
	var count [strataCount]int
	var allFLOPs, allTook float64
	for _, p := range c.Probes {
		flops[p.Stratum] += p.FLOPs
		took[p.Stratum] += p.Took.Seconds()
		count[p.Stratum]++
		allFLOPs += p.FLOPs
		allTook += p.Took.Seconds()
	}
	if allTook == 0 {
		return 0, 0, 0
	}
	var rates [strataCount]float64
	for s := range rates {
		if rates[s] = allFLOPs / allTook; took[s] > 0 {
			rates[s] = flops[s] / took[s]
		}
		seconds += c.strata.flops[s] / (rates[s] * float64(c.children))
	}
	if slices.Max(count[:]) < 2 {
		return seconds, 0, 0
	}
	fastest, slowest := 1.0, 1.0
	for _, p := range c.Probes {
		ratio := p.rate() / rates[p.Stratum]
		fastest, slowest = max(fastest, ratio), min(slowest, ratio)
	}
	return seconds, seconds / fastest, seconds / slowest
}

// calibrator has one worker process compute probes.
type calibrator struct {
	slot   int
	orders Orders
	limit  time.Duration
	probes *probes

	start  time.Duration
	done   []Probe
	memory int64
}

// run starts the process and talks to it until it has exited.
func (c *calibrator) run(ctx context.Context, set Settings, spawner *spawner) error {
	cmd := set.Command()
	cmd.Env = append(cmd.Environ(), visibleDevicesVariable+"="+set.Devices[c.slot])
	events := make(chan event)
	begin := time.Now()
	p, err := spawner.spawn(cmd, c.slot, set.Out, set.Heading(), events)
	if err != nil {
		return err
	}
	defer p.stdin.Close()
	ended := ctx.Done()
	for {
		select {
		case <-ended:
			ended, err = nil, errors.Join(context.Cause(ctx), err)
			p.kill()
		case e := <-events:
			if e.exit != nil {
				if err == nil && len(c.done) == 0 {
					err = fmt.Errorf("%w: worker process %d: %s: %s", ErrCalibration, c.slot, e.exit.how, e.exit.tail)
				}
				return err
			}
			if err == nil {
				err = c.hear(p, e.message, set, begin)
			}
			if err != nil {
				p.kill()
			}
		}
	}
}

// hear answers a message.
func (c *calibrator) hear(p *process, m *Message, set Settings, begin time.Time) error {
	switch {
	case m.Hello != nil:
		orders := c.orders
		orders.VisibleDevices = set.Devices[c.slot]
		return p.to.send(Message{Orders: &orders})
	case m.Ready != nil:
		c.start = time.Since(begin)
		return c.lease(p)
	case m.Done != nil:
		probe, warm := c.probes.passed(m.Done.Seconds)
		if memory := peakMemory(p.pid); memory > c.memory {
			c.memory = memory
		}
		// The first one pays for pages that are touched for the first time. It counts where there is no time for another.
		if late := time.Since(begin)-c.start > c.limit; warm || late {
			c.done = append(c.done, probe)
			if late {
				return p.stdin.Close()
			}
		}
		return c.lease(p)
	case m.Failed != nil:
		return fmt.Errorf("%w: worker process %d: %s", ErrCalibration, c.slot, m.Failed.Error)
	}
	return nil
}

func (c *calibrator) lease(p *process) error {
	lease, err := c.probes.next(c.limit)
	if err != nil {
		return err
	}
	return p.to.send(Message{Lease: &lease})
}
