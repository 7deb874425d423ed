package worker

import (
	"cmp"
	"context"
	"log/slog"
	"os/exec"
	"time"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// Settings say what to compute and with what.
type Settings struct {
	Index         *index.Index
	Model         string // folder
	Out           string // folder
	Options       output.ContentOptions
	Device        string   // "cpu", CPUInt8 or a GPU in a precision (cuda.Precision.Device)
	NumericClass  string   // of the device
	FLOPS         float64  // what a child reaches, roughly: block sizes of a new data set follow from it
	Devices       []string // what each child sees as CUDA_VISIBLE_DEVICES; one child for each
	Threads       int      // of a child
	World         int      // 0: what the data set has, or the number of children
	Ranks         []int    // shares to compute; nil for all
	RetryFailed   bool     // compute blocks with failed records again
	Overwrite     bool     // remove an existing data set first
	Rehash        bool     // compare the content of the weights, not only size and mtime
	NoCanary      bool     // begin a data set of int8 without comparing it with float32
	MixedNumerics bool     // continue a data set of another numeric class; each part states its own
	Program       string   // version

	// Silence is how long a child with work in hand may give no sign of life, of which it gives several in that time; then
	// it is taken for hung and killed. 0 is DefaultSilence.
	Silence time.Duration

	NewBackend func(device string, threads int) (backend.Backend, error) // for the canary, in this process
	Command    func() *exec.Cmd                                          // a child process, not started
	Heading    func() string                                             // the line that begins what a child adds to its log
	Log        *slog.Logger
	Begun      func(world int, ranks []int) error // told what the run computes, before it does
	Report     func(Snapshot)
}

// Result is what a run did, and what the data set holds after it.
type Result struct {
	Snapshot
	World        int
	BlocksBefore int          // parts that were there already
	Proof        output.Proof // of this run's ranks alone while parts of others are missing
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
	digest := esm2.KnownDigest
	if set.Rehash {
		digest = esm2.Digest
	}
	modelDigest, err := digest(ctx, set.Model)
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
		if err := removeJournals(dir); err != nil {
			return result, err
		}
	}
	int8File, err := int8Weights(ctx, set, modelDigest)
	if err != nil {
		return result, err
	}
	manifest, err := begin(ctx, dir, set, config, modelDigest, int8File, stamps)
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

	plan := &infer.Plan{Index: set.Index, World: manifest.WorldSize, Rule: rule}
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
	if err := checkSpace(set, tasks); err != nil {
		return result, err
	}
	if tasks.len() > 0 {
		if err := dir.RemoveSuccess(); err != nil {
			return result, err
		}
		s := &supervisor{
			orders:  set.orders(manifest.WorldSize, rule, modelDigest, int8File, stamps),
			devices: set.Devices, queue: tasks, silence: cmp.Or(set.Silence, DefaultSilence), log: set.Log, report: set.Report,
		}
		lengths, err := set.Index.LengthStats()
		if err != nil {
			return result, err
		}
		s.journal = openJournal(dir, ranks[0], set.Log)
		defer s.journal.close()
		s.journal.write(JournalLine{Begun: &Begun{Program: set.Program, Machine: machine(), Device: set.Device, NumericClass: set.NumericClass,
			Workers: len(set.Devices), Threads: set.Threads, World: manifest.WorldSize, Ranks: ranks,
			Blocks: tasks.len(), BlocksBefore: result.BlocksBefore, Residues: tasks.residues(), FLOPS: set.FLOPS, Lengths: lengths.Bins}})
		err = s.superviseProcesses(ctx, set.Command, set.Heading, dir.Logs())
		end := &RunEnd{}
		if err != nil {
			end.Error = err.Error()
		}
		s.journal.write(JournalLine{End: end})
		result.Snapshot = s.snapshot
		if err != nil {
			return result, err
		}
	}
	result.Proof, err = finish(ctx, dir, manifest, plan, ranks)
	return result, err
}

// orders returns what every child of a run is told, but for its device.
func (set Settings) orders(world int, rule infer.BlockRule, modelDigest, int8File string, stamps []esm2.FileStamp) Orders {
	return Orders{Device: set.Device, Threads: set.Threads, Program: set.Program,
		Index: set.Index.Path(), IndexDigest: set.Index.Digest().String(),
		Model: set.Model, ModelDigest: modelDigest, Int8: int8File, ModelFiles: stamps,
		Out: set.Out, World: world, Rule: rule, Options: set.Options, NumericClass: set.NumericClass}
}
