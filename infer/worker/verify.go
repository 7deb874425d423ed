package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"longfirst/index"
	"longfirst/infer"
	"longfirst/infer/backend"
	"longfirst/infer/esm2"
	"longfirst/infer/output"
)

// Check says what to verify of a data set.
type Check struct {
	Index      *index.Index
	Model      string // folder; needed to compute rows again
	Out        string
	Quick      bool  // leave the FASTA files alone
	Sample     int64 // rows to compute again, in this process
	Threads    int
	NewBackend func(device string, threads int) (backend.Backend, error)
}

// Found is what verifying found.
type Found struct {
	Proof      output.Proof
	Gaps       []Gap // by rank
	Recomputed []infer.Recomputed

	plan *infer.Plan
}

// int8SampleCosine is the least cosine of a row computed with int8 weights at two levels of the CPU's kernels: what float32
// parts differ by may tip a byte over.
const int8SampleCosine = 0.9995

// sampleCosine is the least cosine of a column of a row computed in 16 bits and the same in float32: single tokens are further
// apart than means.
const sampleCosine = 0.999

// reproduced says whether a row of one numeric class, computed again in another, is as close to itself as it must be.
func reproduced(r infer.Recomputed, class, again string) bool {
	switch {
	case class == again:
		return r.Identical
	case strings.Contains(class, "-bf16-") || strings.Contains(class, "-fp16-"):
		return r.Cosine >= sampleCosine
	case strings.Contains(class, "-int8-"):
		return r.Cosine >= int8SampleCosine
	default:
		return r.Largest <= sampleTolerance
	}
}

// sampleTolerance is what a row computed again may differ by where the numeric class is another one: the tolerance
// between two implementations of the model, not between two runs of one.
const sampleTolerance = 1e-3

// Verify proves a data set complete and undamaged, writes skipped.tsv, and _SUCCESS when it is complete.
func Verify(ctx context.Context, c Check) (Found, error) {
	var found Found
	dir := output.Dir(c.Out)
	manifest, err := output.ReadManifest(dir)
	if err != nil {
		return found, err
	}
	if got := c.Index.Digest().String(); got != manifest.Index.Digest {
		return found, fmt.Errorf("%s: %w: its digest is %s, the data set's is %s", c.Index.Path(), ErrOtherIndex, got, manifest.Index.Digest)
	}
	rule, err := infer.ReadBlockRule(manifest.Blocks)
	if err != nil {
		return found, err
	}
	plan := &infer.Plan{Index: c.Index, World: manifest.WorldSize, Rule: rule}
	found.plan = plan
	if found.Proof, err = output.Prove(ctx, dir, manifest, plan.Parts(), true); err != nil {
		return found, err
	}
	if found.Gaps, err = gapsOf(plan, found.Proof.Missing); err != nil {
		return found, err
	}
	if !c.Quick {
		if err := checkOrigins(ctx, dir, plan, &found.Proof); err != nil {
			return found, err
		}
	}
	if c.Sample > 0 && len(found.Proof.Missing)+len(found.Proof.Problems) == 0 {
		if found.Recomputed, err = c.recompute(ctx, manifest, plan); err != nil {
			return found, err
		}
	}
	if err := output.WriteSkipped(dir, found.Proof.Skips); err != nil {
		return found, err
	}
	if err := output.WriteSuccess(dir, found.Proof); err != nil && !errors.Is(err, output.ErrIncomplete) {
		return found, err
	}
	return found, nil
}

// checkOrigins compares every row with its record in the FASTA files, and adds to the proof the parts that hold rows of
// something else. Parts at fault already are passed over.
func checkOrigins(ctx context.Context, dir output.Dir, plan *infer.Plan, proof *output.Proof) error {
	parts, _, err := dir.Parts()
	if err != nil {
		return err
	}
	for _, problem := range proof.Problems {
		maps.DeleteFunc(parts, func(_ output.PartID, path string) bool { return path == problem.Path })
	}
	sources := infer.NewSources(plan.Index)
	defer sources.Close()
	for _, id := range slices.SortedFunc(maps.Keys(parts), output.PartID.Compare) {
		err := checkOrigin(ctx, sources, plan, id, parts[id])
		if errors.Is(err, infer.ErrOrigin) || errors.Is(err, output.ErrCorruptPart) {
			proof.Problems = append(proof.Problems, output.Problem{Path: parts[id], Err: err})
		} else if err != nil {
			return fmt.Errorf("%w; --quick leaves the FASTA files alone", err)
		}
	}
	return sources.Unchanged()
}

func checkOrigin(ctx context.Context, sources *infer.Sources, plan *infer.Plan, id output.PartID, path string) error {
	block, _, _, err := plan.Block(id.Rank, id.Block)
	if err != nil {
		return err
	}
	part, err := output.OpenPart(path)
	if err != nil {
		return err
	}
	defer part.Close()
	return sources.CheckOrigin(ctx, block, part)
}

// recompute computes a sample of the rows again.
func (c Check) recompute(ctx context.Context, m output.Manifest, plan *infer.Plan) ([]infer.Recomputed, error) {
	if digest, err := esm2.Digest(ctx, c.Model); err != nil {
		return nil, fmt.Errorf("%w; name the model's folder with --model", err)
	} else if digest != m.Model.Digest {
		return nil, fmt.Errorf("%s: this is another model: its digest is %s, the data set's is %s", c.Model, digest, m.Model.Digest)
	}
	w := &blockWorker{index: c.Index, log: slog.New(slog.DiscardHandler), orders: Orders{World: m.WorldSize, Rule: plan.Rule, Options: m.Options, Out: c.Out}}
	device := "cpu"
	var err error
	if strings.HasPrefix(m.NumericClass, CPUInt8+"-") {
		device, w.orders.ModelDigest = CPUInt8, m.Model.Digest
		if w.orders.Int8, _, err = esm2.Int8Weights(ctx, c.Model, m.Model.Digest); err != nil {
			return nil, err
		}
	}
	w.orders.Device, w.orders.Model = device, c.Model
	if w.backend, err = c.NewBackend(device, c.Threads); err != nil {
		return nil, err
	}
	defer w.backend.Close()
	if err := w.load(); err != nil {
		return nil, err
	}
	defer w.model.Close()
	if err := w.prepare(); err != nil {
		return nil, err
	}
	defer w.embedder.Close()
	rows, err := w.embedder.Sample(ctx, plan, output.Dir(c.Out), c.Sample)
	if err != nil {
		return rows, err
	}
	for _, r := range rows {
		if !reproduced(r, m.NumericClass, w.backend.Class()) {
			return rows, fmt.Errorf("%s: %w: record %s (ordinal %d) differs by %.2g of its largest value", c.Out, ErrNotReproduced, r.ID, r.Ordinal, r.Largest)
		}
	}
	return rows, nil
}
