package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// Child is a worker process: it computes the blocks it is leased until its stdin ends.
type Child struct {
	In         io.Reader
	Out        io.Writer
	Log        *slog.Logger
	Program    string // version, compared with the supervisor's
	NewBackend func(device string, threads int) (backend.Backend, error)
}

// Run serves leases until In ends. It returns at once then, also in the middle of a block, whose part is not published:
// the process is expected to exit.
func (c *Child) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan Message)
	ended := make(chan error, 1)
	go func() {
		ended <- receive(c.In, func(m Message) error {
			select {
			case messages <- m:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	served := make(chan error, 1)
	go func() { served <- c.serve(ctx, messages) }()
	select {
	case err := <-served:
		return err
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve is the child's life: hello, orders, ready, then a block for every lease.
func (c *Child) serve(ctx context.Context, messages <-chan Message) error {
	to := &sender{w: c.Out}
	visible := os.Getenv(visibleDevicesVariable)
	if err := to.send(Message{Hello: &Hello{PID: os.Getpid(), Program: c.Program, VisibleDevices: visible}}); err != nil {
		return err
	}
	m, err := next(ctx, messages)
	if err != nil {
		return err
	}
	if m.Orders == nil {
		return fmt.Errorf("%w: the first message to a child must be its orders", errProtocol)
	}
	life := newLife(m.Orders.Beat, func() error { return to.send(Message{Alive: &Alive{}}) })
	defer life.end()
	w, err := c.prepare(*m.Orders, visible, life)
	if err != nil {
		to.send(Message{Failed: &Failed{Rank: -1, Block: -1, Error: err.Error(), StopsRun: !errors.Is(err, errDevice)}})
		return err
	}
	defer w.close()
	if len(m.Orders.Canary) > 0 {
		rows, err := w.rows(ctx, m.Orders.Canary)
		if err != nil {
			to.send(Message{Failed: &Failed{Rank: -1, Block: -1, Error: err.Error(), StopsRun: true}})
			return err
		}
		return to.send(Message{Rows: &Rows{Values: rows}})
	}
	if err := to.send(Message{Ready: &Ready{NumericClass: w.backend.Class()}}); err != nil {
		return err
	}
	for {
		m, err := next(ctx, messages)
		if err != nil {
			return err
		}
		if m.Lease == nil {
			return fmt.Errorf("%w: a child that is ready takes leases only", errProtocol)
		}
		done, err := w.compute(ctx, *m.Lease, life, func(p Progress) error { return to.send(Message{Progress: &p}) })
		life.rest()
		if err != nil {
			c.Log.Error("block failed", "rank", m.Lease.Rank, "block", m.Lease.Block, "error", err)
			if deviceGone(err) {
				return err
			}
			err = to.send(Message{Failed: &Failed{Rank: m.Lease.Rank, Block: m.Lease.Block, Error: err.Error(), StopsRun: stopsRun(err)}})
		} else {
			c.Log.Info("block done", "rank", done.Rank, "block", done.Block, "records", done.Counts.Records, "residues", done.Counts.Residues,
				"seconds", done.Seconds)
			err = to.send(Message{Done: &done})
		}
		if err != nil {
			return err
		}
	}
}

// deviceGone tells errors after which this process had better end, for another one that begins with the device anew.
func deviceGone(err error) bool {
	return errors.Is(err, backend.ErrLost) || errors.Is(err, backend.ErrMemory)
}

func next(ctx context.Context, messages <-chan Message) (Message, error) {
	select {
	case m := <-messages:
		return m, nil
	case <-ctx.Done():
		return Message{}, ctx.Err()
	}
}

// loadingGCPercent lets the memory of a process that has just started grow to 32 MB before garbage is collected:
// more than the smallest model needs.
const loadingGCPercent = 800

// prepare checks that the child is what its orders say, then opens the index and loads the model.
func (c *Child) prepare(o Orders, visible string, life *life) (*blockWorker, error) {
	defer life.rest()
	// What loading allocates stays. Searching it for garbage again and again, while it grows from nothing, takes longer
	// than loading a small model.
	defer debug.SetGCPercent(debug.SetGCPercent(loadingGCPercent))
	life.believeFor(loadingTime(o.ModelFiles))
	if err := confined(o, visible); err != nil {
		return nil, err
	}
	if o.Program != c.Program {
		return nil, fmt.Errorf("%w: supervisor is version %s, this child %s", errProtocol, o.Program, c.Program)
	}
	w := &blockWorker{orders: o, log: c.Log}
	if err := w.open(c.NewBackend); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// open opens what the orders name, and refuses what is not as they say.
func (w *blockWorker) open(newBackend func(device string, threads int) (backend.Backend, error)) (err error) {
	o := w.orders
	if w.index, err = index.Open(o.Index); err != nil {
		return err
	}
	if got := w.index.Digest().String(); got != o.IndexDigest {
		return fmt.Errorf("%s: %w: its digest is %s, the run's is %s", o.Index, ErrOtherIndex, got, o.IndexDigest)
	}
	if err := esm2.CheckStamps(o.Model, o.ModelFiles); err != nil {
		return err
	}
	if w.backend, err = newBackend(o.Device, o.Threads); err != nil {
		return fmt.Errorf("%w: %w", errDevice, err)
	}
	if class := w.backend.Class(); class != o.NumericClass {
		return fmt.Errorf("%w: the run is to compute %s, this device computes %s", ErrMixedNumerics, o.NumericClass, class)
	}
	if err := w.load(); err != nil {
		return err
	}
	return w.prepare()
}

// confined checks that a child for a device sees that device and no other, and one for the CPU sees none.
func confined(o Orders, visible string) error {
	if visible != o.VisibleDevices {
		return fmt.Errorf("%w: %s is %q, ordered %q", ErrIsolation, visibleDevicesVariable, visible, o.VisibleDevices)
	}
	if one := visible != "" && !strings.Contains(visible, ","); o.Device != "cpu" && o.Device != CPUInt8 && !one {
		return fmt.Errorf("%w: %s is %q, want exactly one device", ErrIsolation, visibleDevicesVariable, visible)
	}
	return nil
}

// blockWorker holds what a child needs to compute blocks.
type blockWorker struct {
	orders   Orders
	log      *slog.Logger
	index    *index.Index
	backend  backend.Backend
	model    *esm2.Model
	plan     *infer.Plan
	embedder *infer.Embedder
	dir      output.Dir
}

func (w *blockWorker) prepare() error {
	o := w.orders
	gaps, err := infer.ParseGaps(o.Options.Gaps)
	if err != nil {
		return err
	}
	w.plan = &infer.Plan{Index: w.index, World: o.World, Rule: o.Rule}
	w.dir = output.Dir(o.Out)
	w.embedder, err = infer.FitEmbedder(w.index, w.model, o.Options.Columns, gaps, o.Options.MaxLength, o.Threads, func(tokens int, why error) {
		w.log.Warn("not enough device memory; going on with smaller batches", "tokens", tokens, "why", why)
	})
	if err != nil || o.Options.Head == "" {
		return err
	}
	classifier, err := infer.ReadClassifier(o.Options.Head, w.model.Config().HiddenSize)
	if err == nil {
		w.embedder.Classify(classifier)
	}
	return err
}

func (w *blockWorker) close() {
	if w.embedder != nil {
		w.embedder.Close()
	}
	if w.model != nil {
		w.model.Close()
	}
	if w.backend != nil {
		w.backend.Close()
	}
	if w.index != nil {
		w.index.Close()
	}
}
