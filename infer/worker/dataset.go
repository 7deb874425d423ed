package worker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"slices"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// begin creates the manifest of a new data set, or compares what is wanted with the manifest of an existing one.
func begin(ctx context.Context, dir output.Dir, set Settings, config esm2.Config, modelDigest, int8File string, stamps []esm2.FileStamp) (output.Manifest, error) {
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
		cost := infer.CostOf(config, set.Options.MaxLength)
		total, err := cost.Total(set.Index.Lengths(index.Share(set.Index.Len(), 0, 1)))
		if err != nil {
			return existing, err
		}
		wanted.Blocks = infer.NewBlockRule(cost, total, wanted.WorldSize, set.FLOPS).Manifest()
		if set.Device != "cpu" && !set.NoCanary && set.Index.Tokens() > 0 {
			found, err := canary(ctx, set, set.orders(wanted.WorldSize, infer.BlockRule{}, modelDigest, int8File, stamps))
			if err != nil {
				return existing, err
			}
			set.Log.Info(precision(set.Device)+" compared with float32", "records", found.Records, "smallest_cosine", fmt.Sprintf("%.5f", found.SmallestCosine))
			wanted.Canary = &found
		}
	}
	existing, created, err := output.CreateManifest(dir, wanted)
	if err != nil || created {
		return existing, err
	}
	return existing, compare(set, existing, wanted)
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
func compare(set Settings, existing, wanted output.Manifest) error {
	wanted.Blocks = existing.Blocks
	differences := existing.Differences(wanted)
	remedy := "use the same inputs and options, another --out, or --overwrite to begin anew"
	if set.MixedNumerics {
		differences = slices.DeleteFunc(differences, func(d output.Difference) bool { return d.Field == output.FieldNumericClass })
	} else if len(differences) == 1 && differences[0].Field == output.FieldNumericClass {
		remedy = "go on where it was begun, or accept rows that differ in their last bits with --mixed-numerics"
	}
	if len(differences) == 0 {
		return nil
	}
	text := ""
	for _, d := range differences {
		text += "\n  " + d.String()
	}
	return fmt.Errorf("%s: %w:%s\n  %s", set.Out, ErrDifferent, text, remedy)
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
	paths, foreign, err := dir.WholeParts(m.Options.Columns)
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

// finish proves what the data set holds, writes down what has no row, and marks it when it is complete. While parts of
// other ranks are missing it proves the given ranks alone: of many supervisors that end one after the other only the
// last opens every part, which would be the most that a shared file system gets to do.
func finish(ctx context.Context, dir output.Dir, m output.Manifest, plan *infer.Plan, ranks []int) (output.Proof, error) {
	if len(ranks) < plan.World {
		missing, err := missingParts(dir, m, plan)
		if err != nil {
			return output.Proof{}, err
		}
		if len(missing) > 0 {
			proof, err := output.ProveSome(ctx, dir, m, partsOf(plan, ranks))
			proof.Missing = missing
			return proof, err
		}
	}
	proof, err := output.Prove(ctx, dir, m, plan.Parts(), false)
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

// missingParts lists the blocks that have no part by name.
func missingParts(dir output.Dir, m output.Manifest, plan *infer.Plan) ([]output.PartID, error) {
	blocks, err := plan.Blocks()
	if err != nil {
		return nil, err
	}
	parts, _, err := dir.WholeParts(m.Options.Columns)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(blocks, func(id output.PartID) bool { _, ok := parts[id]; return ok }), nil
}

// partsOf yields what the parts of the ranks must account for.
func partsOf(plan *infer.Plan, ranks []int) iter.Seq2[output.Block, error] {
	return func(yield func(output.Block, error) bool) {
		for _, rank := range ranks {
			for block, err := range plan.PartsOf(rank) {
				if !yield(block, err) || err != nil {
					return
				}
			}
		}
	}
}
