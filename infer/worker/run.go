package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"os/exec"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// Settings say what to compute and with what.
type Settings struct {
	Index        *index.Index
	Model        string // folder
	Out          string // folder
	Options      output.ContentOptions
	Device       string   // "cpu" or "cuda"
	NumericClass string   // of the device
	FLOPS        float64  // what a child reaches, roughly: block sizes of a new data set follow from it
	Devices      []string // what each child sees as CUDA_VISIBLE_DEVICES; one child for each
	Threads      int      // of a child
	World        int      // 0: what the data set has, or the number of children
	Ranks        []int    // shares to compute; nil for all
	RetryFailed  bool     // compute blocks with failed records again
	Overwrite    bool     // remove an existing data set first
	Program      string   // version

	Command func() *exec.Cmd // a child process, not started
	Log     *slog.Logger
	Begun   func(world int, ranks []int) error // told what the run computes, before it does
	Report  func(Snapshot)
}

// Result is what a run did, and what the data set holds after it.
type Result struct {
	Snapshot
	World        int
	BlocksBefore int // parts that were there already
	Proof        output.Proof
}

// Run computes what is missing of a data set. A data set that does not exist is begun; one that exists must have been
// begun with the same records, model and options, else the error is ErrDifferent and names each difference. An error
// leaves every part published so far; the same call again goes on from there.
func Run(ctx context.Context, set Settings) (Result, error) {
	var result Result
	dir := output.Dir(set.Out)
	config, err := esm2.ReadConfig(set.Model)
	if err != nil {
		return result, err
	}
	set.Options.Dimension = config.HiddenSize
	modelDigest, err := esm2.Digest(ctx, set.Model)
	if err != nil {
		return result, err
	}
	stamps, err := esm2.Stamps(set.Model)
	if err != nil {
		return result, err
	}
	if err := dir.Create(); err != nil {
		return result, err
	}
	if set.Overwrite {
		if err := overwrite(dir, set.Log); err != nil {
			return result, err
		}
	}
	manifest, err := begin(dir, set, config, modelDigest)
	if err != nil {
		return result, err
	}
	rule, err := infer.ReadBlockRule(manifest.Blocks)
	if err != nil {
		return result, err
	}
	result.World = manifest.WorldSize
	ranks, err := chooseRanks(set.Ranks, manifest.WorldSize)
	if err != nil {
		return result, err
	}
	unlock, err := lockRanks(dir, ranks, set.Log)
	if err != nil {
		return result, err
	}
	defer unlock()
	if err := set.Begun(manifest.WorldSize, ranks); err != nil {
		return result, err
	}

	plan := &infer.Plan{Index: set.Index, World: manifest.WorldSize, Rule: rule, Cost: infer.Cost(config, set.Options.MaxLength)}
	parts, err := usableParts(dir, manifest, set)
	if err != nil {
		return result, err
	}
	tasks, err := newQueue(plan, ranks, set.Options.MaxLength, func(rank, block int) bool {
		has := parts[output.PartID{Rank: rank, World: manifest.WorldSize, Block: block}]
		if has {
			result.BlocksBefore++
		}
		return has
	})
	if err != nil {
		return result, err
	}
	if err := checkSpace(set, tasks, config); err != nil {
		return result, err
	}
	if tasks.len() > 0 {
		if err := os.Remove(dir.Success()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return result, err
		}
		s := &supervisor{
			orders: Orders{Device: set.Device, Threads: set.Threads, Program: set.Program,
				Index: set.Index.Path(), IndexDigest: set.Index.Digest().String(),
				Model: set.Model, ModelDigest: modelDigest, ModelFiles: stamps,
				Out: set.Out, World: manifest.WorldSize, Rule: rule, Options: set.Options, NumericClass: set.NumericClass},
			devices: set.Devices, queue: tasks, dir: dir, command: set.Command, log: set.Log, report: set.Report,
		}
		err := s.supervise(ctx)
		result.Snapshot = s.snapshot
		if err != nil {
			return result, err
		}
	}
	result.Proof, err = finish(ctx, dir, manifest, plan)
	return result, err
}

// begin creates the manifest of a new data set, or compares what is wanted with the manifest of an existing one.
func begin(dir output.Dir, set Settings, config esm2.Config, modelDigest string) (output.Manifest, error) {
	existing, err := output.ReadManifest(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return existing, err
	}
	wanted := output.Manifest{
		Program: set.Program,
		Index: output.IndexSummary{Digest: set.Index.Digest().String(), Records: set.Index.Len(), Residues: set.Index.Tokens(),
			Longest: set.Index.Longest(), Path: set.Index.Path()},
		Model: output.ModelSummary{Digest: modelDigest, Architecture: "ESM-2", Layers: config.Layers, HiddenSize: config.HiddenSize,
			Heads: config.Heads, Parameters: config.Parameters(), Path: set.Model},
		Options: set.Options, NumericClass: set.NumericClass, WorldSize: set.World,
	}
	if err == nil { // a later run takes over what the first one chose for itself
		wanted.Blocks = existing.Blocks
		if set.World == 0 {
			wanted.WorldSize = existing.WorldSize
		}
	} else {
		if wanted.WorldSize == 0 {
			wanted.WorldSize = len(set.Devices)
		}
		plan := &infer.Plan{Index: set.Index, Cost: infer.Cost(config, set.Options.MaxLength)}
		total, err := plan.TotalFLOPs()
		if err != nil {
			return existing, err
		}
		wanted.Blocks = infer.NewBlockRule(total, wanted.WorldSize, set.FLOPS).Manifest()
	}
	existing, created, err := output.CreateManifest(dir, wanted)
	if err != nil || created {
		return existing, err
	}
	return existing, compare(dir, existing, wanted)
}

// overwrite removes a data set, unless another run is writing it.
func overwrite(dir output.Dir, log *slog.Logger) error {
	parts, _, err := dir.Parts()
	if err != nil {
		return err
	}
	world := 0
	for id := range parts {
		world = max(world, id.World)
	}
	if m, err := output.ReadManifest(dir); err == nil {
		world = max(world, m.WorldSize)
	}
	var ranks []int
	for rank := range world {
		ranks = append(ranks, rank)
	}
	unlock, err := lockRanks(dir, ranks, log)
	if err != nil {
		return err
	}
	defer unlock()
	return dir.Clear()
}

// compare refuses to continue a data set with other inputs, model or options.
func compare(dir output.Dir, existing, wanted output.Manifest) error {
	wanted.Blocks = existing.Blocks
	differences := existing.Differences(wanted)
	if len(differences) == 0 {
		return nil
	}
	text := ""
	for _, d := range differences {
		text += "\n  " + d.String()
	}
	return fmt.Errorf("%s: %w:%s\n  use the same inputs and options, another --out, or --overwrite to begin anew", string(dir), ErrDifferent, text)
}

// chooseRanks returns the ranks to compute, in order.
func chooseRanks(wanted []int, world int) ([]int, error) {
	if wanted == nil {
		for rank := range world {
			wanted = append(wanted, rank)
		}
	}
	for _, rank := range wanted {
		if rank < 0 || rank >= world {
			return nil, fmt.Errorf("%w: rank %d of world size %d, ranks are 0 to %d", infer.ErrNoBlock, rank, world, world-1)
		}
	}
	return wanted, nil
}

// usableParts lists the blocks that need no computing.
func usableParts(dir output.Dir, m output.Manifest, set Settings) (map[output.PartID]bool, error) {
	paths, foreign, err := dir.Parts()
	if err != nil {
		return nil, err
	}
	for _, path := range foreign {
		set.Log.Warn("this file does not belong into the data set and may keep other programs from reading it", "file", path)
	}
	parts := make(map[output.PartID]bool, len(paths))
	for id, path := range paths {
		parts[id] = true
		if !set.RetryFailed {
			continue
		}
		info, err := output.ReadInfo(path)
		if err != nil {
			return nil, err
		}
		if len(info.Failed()) > 0 {
			delete(parts, id)
		}
	}
	return parts, nil
}

// finish proves what the data set holds, writes down what has no row, and marks it when it is complete.
func finish(ctx context.Context, dir output.Dir, m output.Manifest, plan *infer.Plan) (output.Proof, error) {
	proof, err := output.Prove(ctx, dir, m, Expected(plan))
	if err != nil {
		return proof, err
	}
	if err := output.WriteSkipped(dir, proof.Skips); err != nil {
		return proof, err
	}
	if !proof.Complete() {
		return proof, nil
	}
	return proof, output.WriteSuccess(dir, proof)
}

// Expected yields what the parts of a plan must account for.
func Expected(plan *infer.Plan) iter.Seq2[output.Block, error] {
	return func(yield func(output.Block, error) bool) {
		var ordinals []int64
		for rank := range plan.World {
			cuts, err := plan.Cuts(rank)
			if err != nil {
				yield(output.Block{}, err)
				return
			}
			share := plan.Share(rank)
			for b := range cuts.Blocks() {
				start, stop := cuts.Block(b)
				ordinals = ordinals[:0]
				for e, err := range plan.Index.Entries(share.Sub(start, stop)) {
					if err != nil {
						yield(output.Block{}, err)
						return
					}
					ordinals = append(ordinals, e.Ordinal)
				}
				block := output.Block{PartID: output.PartID{Rank: rank, World: plan.World, Block: b}, FirstItem: start, Ordinals: ordinals}
				if !yield(block, nil) {
					return
				}
			}
		}
	}
}
