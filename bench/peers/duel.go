package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"longfirst/bench"
	"longfirst/bench/gen"
	"longfirst/bench/limits"
)

// Duel runs this program and a peer in turn.
type Duel struct {
	Against Found
	Program string // this program's executable
	Threads int
	On      *material

	own, other side
	runs       int
}

// Settings say what duels are fought with.
type Settings struct {
	Program string // path of longfirst's executable
	Threads int
	Quick   bool // small inputs
	All     bool // also the larger models, and one thread
}

// Duels returns a duel with every peer that was found. They share inputs, so a list runs once.
func Duels(s Settings, found []Found) []bench.Workload {
	proteins := &material{options: gen.Options{Shape: gen.Protein, Seed: seed, Bytes: 200_000_000}}
	few := &material{options: gen.Options{Shape: gen.Protein, Seed: seed, Records: 32}, model: "esm2_t6_8M"}
	many := &material{options: gen.Options{Shape: gen.Protein, Seed: seed, Bytes: 500_000_000}} // a million records
	if s.Quick {
		proteins.options.Bytes, few.options.Records = 20_000_000, 8
		many = proteins
	}
	var list []bench.Workload
	for _, p := range found {
		d := &Duel{Against: p, Program: s.Program, Threads: s.Threads, On: proteins}
		switch p.Job() {
		case Embed:
			d.On = few
		case Get:
			d.On = many
		}
		list = append(list, d)
	}
	if s.All {
		list = append(list, perModel(s, few, found)...)
	}
	return list
}

// perModel returns duels of one thread over the sizes of models, with the peers that are fast or small. The records are as
// many as take about as long.
func perModel(s Settings, few *material, found []Found) []bench.Workload {
	larger := func(model string, records int64) *material {
		return &material{options: gen.Options{Shape: gen.Protein, Seed: seed, Records: records}, model: model}
	}
	fast := []string{"transformers-single", "openvino", "esm-cpp"}
	var list []bench.Workload
	for _, size := range []struct {
		on    *material
		peers []string
	}{
		{few, fast},
		{larger("esm2_t12_35M", 12), fast},
		{larger("esm2_t30_150M", 5), fast},
		// As one ONNX file the largest would pass what its format holds, 2 GiB, and esm-cpp needs minutes.
		{larger("esm2_t33_650M", 2), fast[:1]},
	} {
		for _, p := range found {
			if slices.Contains(size.peers, p.Name()) && (size.on != few || s.Threads > 1) {
				list = append(list, &Duel{Against: p, Program: s.Program, Threads: 1, On: size.on})
			}
		}
	}
	return list
}

func (d *Duel) Name() string { return "versus-" + string(d.Against.Job()) }

func (d *Duel) Case() string {
	if d.Against.Job() == Embed {
		return fmt.Sprintf("peer=%s/threads=%d/%s", d.Against.Name(), d.Threads, d.On)
	}
	return fmt.Sprintf("peer=%s/%s", d.Against.Name(), d.On)
}

// Peer names the other program; see bench.Versus.
func (d *Duel) Peer() string { return d.Against.Name() + " " + d.Against.Number }

func (d *Duel) Shows() string {
	what := map[Job]string{
		Index: "how long a FASTA file takes to be indexed the first time",
		Reuse: "how long an index that is there takes to be opened",
		Read:  "how long it takes to read all sequences longest first",
		Get:   fmt.Sprintf("how long it takes to write %d random records by their ids", names),
		Embed: "how long it takes to embed all records with the same weights",
	}[d.Against.Job()]
	return fmt.Sprintf("%s, with %s (%s) and with longfirst in turn; the ratio is the peer's time as a multiple of longfirst's", what, d.Against.Name(), d.Against.Does())
}

func (d *Duel) Limits() []limits.Limit {
	if d.Against.Job() == Embed {
		return []limits.Limit{{Kind: limits.FMA, Threads: d.Threads}}
	}
	return []limits.Limit{{Kind: limits.MemoryRead, Threads: 1}}
}

// timesItself tells whether the peer's own clock counts.
func (d *Duel) timesItself() bool {
	_, ok := d.Against.Peer.(*script)
	return ok
}

// fresh tells whether every run needs a folder without an index.
func (d *Duel) fresh() bool {
	return d.Against.Job() == Index || d.Against.Job() == Read && !d.timesItself()
}

func (d *Duel) Prepare(ctx context.Context, dir string) error {
	scripts := filepath.Join(dir, "scripts")
	if err := os.Mkdir(scripts, 0o777); err != nil {
		return err
	}
	if err := writeScripts(scripts); err != nil {
		return err
	}
	if err := d.On.prepare(ctx, dir); err != nil {
		return err
	}
	ownPeer := &own{program: d.Program, job: d.Against.Job(), selfing: d.timesItself()}
	for name, s := range map[string]*side{"own": &d.own, "other": &d.other} {
		s.task = Task{Job: d.Against.Job(), Scripts: scripts, Names: d.On.names, Threads: d.Threads, Cut: Cut, Model: d.On.folder,
			Rows: filepath.Join(dir, name+".rows"), Dir: filepath.Join(dir, name), Cache: filepath.Join(dir, name+"-cache")}
		if err := os.Mkdir(s.task.Cache, 0o777); err != nil {
			return err
		}
		if err := s.fresh(d.On.fasta); err != nil {
			return err
		}
	}
	d.own.peer, d.other.peer = ownPeer, d.Against
	switch {
	case d.fresh():
		return nil
	case d.Against.Job() == Embed:
		return d.runOther(ctx) // makes what it keeps of the model, an export for example
	}
	if err := d.buildIndexes(ctx); err != nil || d.Against.Job() != Get {
		return err
	}
	return d.own.run(ctx) // makes the names part of the index
}

// runOther runs the peer. Errors: bench.ErrPeer.
func (d *Duel) runOther(ctx context.Context) error {
	err := d.other.run(ctx)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", bench.ErrPeer, err)
	}
	return err
}

// buildIndexes lets both sides make what a repeated use finds.
func (d *Duel) buildIndexes(ctx context.Context) error {
	d.own.task.Job, d.other.task.Job = Index, Index
	err := d.own.run(ctx)
	if d.Against.Job() != Get { // a tool that gets records makes the index it lacks
		err = errors.Join(err, d.runOther(ctx))
	}
	d.own.task.Job, d.other.task.Job = d.Against.Job(), d.Against.Job()
	return err
}

// Run runs both sides, the order changing from run to run.
func (d *Duel) Run(ctx context.Context) error {
	order := []func(context.Context) error{d.own.run, d.runOther}
	if d.runs%2 == 1 {
		slices.Reverse(order)
	}
	d.runs++
	for _, run := range order {
		if err := run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Ratio is the unit of the peer's time as a multiple of this program's.
const Ratio = "peer/own"

func (d *Duel) Figures(bench.Elapsed) []bench.Figure {
	list := []bench.Figure{{Unit: Ratio, Value: d.other.seconds() / d.own.seconds()}}
	for i, s := range []*side{&d.own, &d.other} {
		name := []string{"own", "peer"}[i]
		switch d.Against.Job() {
		case Reuse:
			list = append(list, bench.Figure{Unit: "ms/" + name + "-open", Value: 1000 * s.seconds()})
		case Get:
			list = append(list, bench.Figure{Unit: name + "-records/s", Value: float64(s.outcome.Records) / s.seconds()})
		case Embed:
			list = append(list, bench.Figure{Unit: name + "-residues/s", Value: float64(s.outcome.Residues) / s.seconds()})
		default:
			list = append(list, bench.Figure{Unit: name + "-MB/s", Value: float64(d.On.wrote.Bytes) / 1e6 / s.seconds()})
		}
	}
	return list
}

func (d *Duel) Check(context.Context) error {
	if err := d.compare(); err != nil {
		return err
	}
	if !d.fresh() {
		return nil
	}
	return errors.Join(d.own.fresh(d.On.fasta), d.other.fresh(d.On.fasta))
}

// compare compares what both sides gave, with each other and with what was generated.
func (d *Duel) compare() error {
	a, b := d.own.outcome, d.other.outcome
	records := d.On.wrote.Records
	if d.Against.Job() == Get {
		records = min(records, names)
	}
	if a.Records != records || b.Records != a.Records || a.Residues != b.Residues || a.Checksum != b.Checksum {
		return fmt.Errorf("longfirst: %+v, %s: %+v; asked for were %d records", a, d.Against.Name(), b, records)
	}
	if d.Against.Job() == Embed {
		return compareRows(d.own.task.Rows, d.other.task.Rows, int(a.Records))
	}
	if d.Against.Job() != Get && a.Residues != d.On.wrote.Residues {
		return fmt.Errorf("%d residues, generated were %d", a.Residues, d.On.wrote.Residues)
	}
	return nil
}

func (d *Duel) Sentence(r *bench.Result) string {
	ratio := r.Main().Median
	text := fmt.Sprintf("%s takes %.2f times as long as longfirst", d.Peer(), ratio)
	if ratio < 1 {
		text = fmt.Sprintf("%s takes %.0f %% of longfirst's time", d.Peer(), 100*ratio)
	}
	return fmt.Sprintf("To %s (%s): %s; both results agree.", d.Against.Job(), d.On, text)
}

func (d *Duel) Close() error { return nil }
