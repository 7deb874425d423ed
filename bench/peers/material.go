package peers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"longfirst/bench/gen"
	"longfirst/infer/esm2"
	"longfirst/mmapfasta"
)

// seed makes the sequences and weights: results of different runs are of the same input.
const seed = 1

// Cut is where records are cut before they are embedded, on both sides.
const Cut = 1024

// material is what duels work on: proteins, and for embedding a model of random weights. The first duel that needs it
// makes it.
type material struct {
	options gen.Options
	model   string // architecture, or ""

	fasta  string // "" until it is there
	names  string // file of some ids, in random order
	wrote  gen.Summary
	folder string // of the model
}

func (m *material) String() string {
	if m.model != "" {
		return fmt.Sprintf("model=%s/input=protein-%d-records", m.model, m.options.Records)
	}
	return fmt.Sprintf("input=protein-%dMB", m.options.Bytes/1e6)
}

func (m *material) prepare(ctx context.Context, dir string) (err error) {
	if m.fasta != "" {
		return nil
	}
	if m.model != "" {
		config, ok := esm2.Named(m.model)
		if !ok {
			return fmt.Errorf("there is no model %s", m.model)
		}
		m.folder = filepath.Join(dir, m.model)
		if err := esm2.Init(m.folder, config, seed); err != nil {
			return err
		}
	}
	fasta := filepath.Join(dir, "proteins.fa")
	if m.wrote, err = gen.WriteFile(ctx, fasta, m.options); err != nil {
		return err
	}
	m.names = filepath.Join(dir, "names.txt")
	if err := writeNames(ctx, m.names, fasta); err != nil {
		return err
	}
	// A file that was written a moment ago may be looked at more closely; those of users are older.
	old := time.Now().Add(-time.Hour)
	m.fasta = fasta
	return os.Chtimes(fasta, old, old)
}

// names is how many records are asked for by their ids.
const names = 100_000

// writeNames writes the ids of random records of a FASTA file, of all where it has no more.
func writeNames(ctx context.Context, path, fasta string) error {
	var ids []string
	_, err := mmapfasta.Scan(ctx, fasta, func(r *mmapfasta.Record) error {
		ids = append(ids, string(r.ID))
		return nil
	})
	if err != nil {
		return err
	}
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	ids = ids[:min(len(ids), names)]
	return os.WriteFile(path, []byte(strings.Join(ids, "\n")+"\n"), 0o666)
}
