package workloads

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"longfirst/bench"
	"longfirst/bench/gen"
	"longfirst/bench/limits"
	"longfirst/infer/backend"
	"longfirst/infer/cpu"
)

// checked runs a workload twice, both runs right, then once more with something spoilt, which its check must notice.
func checked(t *testing.T, w bench.Workload, spoil func()) {
	t.Helper()
	ctx := context.Background()
	runOnce(t, w)
	for range 2 {
		if err := w.Check(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	spoil()
	if err := w.Check(ctx); err == nil {
		t.Error("the check passed")
	}
}

func TestIndexReuse(t *testing.T) {
	w := &IndexReuse{In: proteins(20_000)}
	checked(t, w, func() { w.outcomes = nil })
	w = &IndexReuse{In: proteins(20_000)}
	checked(t, w, func() {
		w.In.wrote.Records++
		if err := w.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestManyFiles(t *testing.T) {
	w := &IndexBuild{In: &input{shape: gen.Protein, bytes: 100_000, files: 7}}
	runOnce(t, w)
	if err := w.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(w.In.paths) != 7 || w.Case() != "input=protein-7-files-0MB" {
		t.Errorf("%d files, case %s", len(w.In.paths), w.Case())
	}
	var bytes int64
	for _, path := range w.In.paths {
		info, err := os.Stat(path)
		if err != nil || info.Size() < 10_000 {
			t.Fatalf("%s: %v, %v", path, info, err)
		}
		bytes += info.Size()
	}
	if bytes != w.In.wrote.Bytes {
		t.Errorf("%d bytes in all, want %d", bytes, w.In.wrote.Bytes)
	}
}

func TestStride(t *testing.T) {
	for _, world := range []int{1, 3, 64} {
		w := &Stride{In: proteins(20_000), World: world}
		checked(t, w, func() { w.got[world-1].offsets++ })
	}
}

func TestLengthOrder(t *testing.T) {
	w := &LengthOrder{In: &input{shape: gen.Protein, bytes: 50_000, files: 3}}
	checked(t, w, func() { w.got.hash++ })
}

func TestTokenisePack(t *testing.T) {
	w := &TokenisePack{In: proteins(50_000)}
	checked(t, w, func() { w.backend.tokens.Write([]byte{5}) })
}

func TestSequencesOfOneLengthAreNotCut(t *testing.T) {
	w := tinyInfer()
	w.In = &input{shape: gen.Protein, count: 2, length: 1500}
	checked(t, w, func() { w.got.skipped++ })
	if w.got.residues != 3000 || w.Case() != "length=1500/model=tiny/threads=2" {
		t.Errorf("%d residues, case %s", w.got.residues, w.Case())
	}
}

func TestKernels(t *testing.T) {
	open := func(threads int) (backend.Backend, error) { return cpu.New(threads) }
	small := tinyModel()
	small.config.HiddenSize, small.config.Heads, small.config.IntermediateSize = 32, 2, 48
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			w := &Kernel{Op: op, Model: small, Tokens: 37, Threads: 2, Open: open}
			checked(t, w, func() { w.scratch[len(w.scratch)-1]++ })
			if f := w.Figures(bench.Elapsed{Wall: 1}); len(f) != 1 || f[0].Value <= 0 {
				t.Errorf("%+v", f)
			}
		})
	}
}

// builtProgram is the real program.
func builtProgram(t *testing.T) program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "longfirst.exe") // a name that every platform can run
	if out, err := exec.Command("go", "build", "-o", path, "longfirst/cli").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program(path)
}

func TestWholeProcesses(t *testing.T) {
	p := builtProgram(t)
	m := namedModel("tiny")
	in := &input{shape: gen.Protein, count: 24}
	whole := inference{p, m, in, 2}

	version := &StartVersion{Program: p}
	checked(t, version, func() { version.printed[3] = "gopher" })

	first := &StartInfer{Infer: inference{p, m, &input{shape: gen.Protein, count: 1}, 1}, Threads: 1}
	checked(t, first, func() { first.want++ })

	again := &Resume{Infer: whole, Threads: 2}
	checked(t, again, func() { spoilPart(t, again.out) })

	killed := &Resume{Infer: whole, Threads: 1, Killed: true}
	checked(t, killed, func() { spoilPart(t, killed.out) })
	if killed.share <= 0 || killed.share >= 1 {
		t.Errorf("killed with %v of the blocks done", killed.share)
	}

	same := new(uint64)
	for _, workers := range []int{1, 2} {
		w := &Scaling{Infer: whole, Workers: workers, Same: same}
		checked(t, w, func() { spoilPart(t, w.out) })
	}
}

// spoilPart changes a byte of a data set.
func spoilPart(t *testing.T, out string) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(out, "embeddings", "part-*"))
	if err != nil || len(parts) == 0 {
		t.Fatalf("%s: %d parts, %v", out, len(parts), err)
	}
	text, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(parts[0], text, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestFailingProgramIsQuoted(t *testing.T) {
	_, err := builtProgram(t).run(context.Background(), "infer", "--out", "x", "a.fa")
	if err == nil || !strings.Contains(err.Error(), "--model is needed") {
		t.Errorf("%v", err)
	}
}

// Results are told apart by name and case, in every list that is run.
func TestLabelsAreUnique(t *testing.T) {
	for _, quick := range []bool{true, false} {
		set := New(Settings{Threads: 3, Quick: quick})
		seen := map[string]bool{}
		for _, w := range set.All {
			if label := bench.Label(w); seen[label] || strings.ContainsAny(label, " \t") {
				t.Errorf("%q is there twice, or is no word of the benchmark format", label)
			}
			seen[bench.Label(w)] = true
			if w.Shows() == "" || len(w.Limits()) == 0 {
				t.Errorf("%s shows nothing, or has no limit", bench.Label(w))
			}
		}
		for _, w := range set.Core {
			if !seen[bench.Label(w)] {
				t.Errorf("%s is not among all", bench.Label(w))
			}
		}
	}
}

func TestScalingsEndWithAllThreads(t *testing.T) {
	for threads, want := range map[int]string{1: "1", 2: "1 2", 6: "1 2 4 6"} {
		var got []string
		for _, w := range scalings(inference{}, threads) {
			got = append(got, limits.Limit{Kind: limits.FMA, Threads: w.(*Scaling).Workers}.String()[len("fma-"):])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%d threads: %v, want %s", threads, got, want)
		}
	}
}

func TestColdOrderComparesWhatItReads(t *testing.T) {
	if !canEvict {
		t.Skip("no file can be taken out of this system's cache")
	}
	w := &ColdOrder{In: proteins(100_000)}
	runOnce(t, w)
	if err := w.Check(context.Background()); err != nil {
		t.Error(err)
	}
	for _, f := range w.Figures(bench.Elapsed{}) {
		if !(f.Value > 0) || math.IsInf(f.Value, 0) {
			t.Errorf("%+v", f)
		}
	}
	w.plain.bytes--
	if w.Check(context.Background()) == nil {
		t.Error("what differs passes")
	}
}

func TestBuildsGetNoEntriesFromAnotherIndex(t *testing.T) {
	in := proteins(100_000)
	reuse := &IndexReuse{In: in}
	runOnce(t, reuse)
	w := &IndexBuild{In: in, Threads: 1}
	runOnce(t, w)
	if _, err := os.Stat(in.indexPath()); err == nil {
		t.Error("an index beside the file gives its entries")
	}
}

func TestInt8IsComparedWithFloat32(t *testing.T) {
	w := &InferInt8{Exact: Infer{On: onCPU, Model: namedModel("tiny"), In: &input{shape: gen.Protein, count: 4}, Threads: 1}}
	runOnce(t, w)
	ctx := context.Background()
	if err := w.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if figures := w.Figures(bench.Elapsed{}); len(figures) != 3 || figures[1].Unit != "times-fp32" || figures[1].Value <= 0 {
		t.Errorf("%+v", figures)
	}
	for _, row := range w.got.rows {
		row[0] += 10
	}
	if err := w.Check(ctx); err == nil || !strings.Contains(err.Error(), "cosine") {
		t.Errorf("wrong rows: %v", err)
	}
}
