// Package workloads holds what the benchmark harness measures: each file a workload, with a sentence on what it shows, an
// input generated from a seed, and a check of its result.
//
//	index-build        from FASTA to index: proteins, nucleotides, many files
//	index-reuse        from a valid index to an open one
//	stride             a rank's walk through the sorted order
//	read-length-order  bodies, longest first
//	read-cold          the same where nothing is in memory, beside a plain mapping
//	tokenise-pack      all of inference but the model
//	kernel             one operation of a device
//	infer-cpu          the model, in this process
//	infer-gpu          the same on a GPU
//	infer-int8         the same with weights of int8, beside float32
//	start, resume      whole processes
//	scaling            worker processes
//	straggler          one of them slowed, stopped or killed
//
// A new kernel or device is registered in kernels.
package workloads

import (
	"longfirst/bench"
	"longfirst/bench/gen"
	"longfirst/infer/backend"
	"longfirst/infer/cpu"
)

// seed makes the inputs: results of different runs are of the same input.
const seed = 1

// Settings say what the workloads are made for.
type Settings struct {
	Threads int
	Quick   bool   // small inputs
	GPU     int64  // bytes of memory of the GPU that this process may use, 0 without one
	Program string // path of longfirst's executable
}

// Set is a list of workloads, in the order they run.
type Set struct {
	Core []bench.Workload // what a run measures when nothing is said
	All  []bench.Workload // these, and those that take long or look into details
}

// New returns the workloads. They share inputs, so a list runs once.
func New(s Settings) Set {
	var set Set
	core := func(list ...bench.Workload) {
		set.Core = append(set.Core, list...)
		set.All = append(set.All, list...)
	}
	more := func(list ...bench.Workload) { set.All = append(set.All, list...) }
	if !s.Quick {
		more = core
	}
	rare := func(list ...bench.Workload) { set.All = append(set.All, list...) }

	size := int64(500_000_000)
	if s.Quick {
		size = 50_000_000
	}
	proteins := &input{shape: gen.Protein, bytes: size}
	manyFiles := &input{shape: gen.Protein, bytes: size, files: 64}
	core(&IndexBuild{In: proteins})
	more(&IndexBuild{In: &input{shape: gen.Nucleotide, bytes: size}}, &IndexBuild{In: manyFiles})
	core(&IndexReuse{In: proteins})
	more(&IndexReuse{In: manyFiles}, &Stride{In: proteins, World: 1}, &Stride{In: proteins, World: 2})
	core(&Stride{In: proteins, World: 8})
	more(&Stride{In: proteins, World: 64})
	core(&LengthOrder{In: proteins})
	large := &input{shape: gen.Protein, bytes: 4 * size}
	rare(&IndexBuild{In: proteins, Threads: 1}, &IndexBuild{In: large}, &IndexBuild{In: large, Threads: 1}, &IndexReuse{In: large},
		&Stride{In: large, World: 64}, &LengthOrder{In: large})
	if canEvict {
		rare(&ColdOrder{In: large})
	}

	few := &input{shape: gen.Protein, bytes: size / 10}
	core(&TokenisePack{In: few})

	small := namedModel("esm2_t6_8M")
	for i, k := range kernels(s.Threads) {
		if i == 0 {
			core(k)
		} else {
			more(k)
		}
	}
	run := &input{shape: gen.Protein, count: 64}
	if s.Quick {
		run = &input{shape: gen.Protein, count: 16}
	}
	core(&Infer{On: onCPU, Model: small, In: run, Threads: s.Threads})
	rare(lengths(small, s.Threads)...)
	rare(bigModels(s)...)
	rare(onGPUs(s)...)

	program := program(s.Program)
	one := inference{program, small, &input{shape: gen.Protein, count: 1}, 1}
	whole := inference{program, small, run, s.Threads}
	core(&StartVersion{Program: program}, &StartInfer{Infer: one, Threads: s.Threads},
		&Resume{Infer: whole, Threads: s.Threads})
	more(&Resume{Infer: whole, Threads: s.Threads, Killed: true})
	more(scalings(whole, s.Threads)...)
	rare(stragglers(program, small, s.Threads)...)
	return set
}

// kernels lists the operations of devices on shapes of the smallest and of the usual model, the one that matters most
// first. T = 350 is a protein of mean length.
func kernels(threads int) []bench.Workload {
	open := func(threads int) (backend.Backend, error) { return cpu.New(threads) }
	small, usual := namedModel("esm2_t6_8M"), namedModel("esm2_t33_650M")
	return []bench.Workload{
		&Kernel{Op: linearGELU, Model: usual, Tokens: 512, Threads: threads, Open: open},
		&Kernel{Op: linearGELU, Model: small, Tokens: 2048, Threads: threads, Open: open},
		&Kernel{Op: linearAdd, Model: usual, Tokens: 512, Threads: threads, Open: open},
		&Kernel{Op: linearQKV, Model: usual, Tokens: 512, Threads: threads, Open: open},
		&Kernel{Op: attention, Model: usual, Tokens: 350, Threads: threads, Open: open},
		&Kernel{Op: attention, Model: usual, Tokens: 1022, Threads: threads, Open: open},
		&Kernel{Op: attention, Model: small, Tokens: 350, Threads: threads, Open: open},
		&Kernel{Op: layerNorm, Model: usual, Tokens: 2048, Threads: threads, Open: open},
	}
}

// lengths are runs over sequences of one length each, of about as many residues in all.
func lengths(m *model, threads int) []bench.Workload {
	const residues = 20_000
	var list []bench.Workload
	for _, n := range []int64{50, 100, 350, 1000, 4000, 10_000} {
		list = append(list, &Infer{On: onCPU, Model: m, In: &input{shape: gen.Protein, count: residues / n, length: n}, Threads: threads})
	}
	return list
}

// bigModels are those whose samples take tens of seconds, as far as their weights fit in memory with room to spare, on all
// threads and on one; on one the smallest as well.
func bigModels(s Settings) []bench.Workload {
	var list []bench.Workload
	for _, m := range []struct {
		name    string
		records int64 // so that all models have about as much to compute
	}{{"esm2_t6_8M", 32}, {"esm2_t12_35M", 24}, {"esm2_t30_150M", 8}, {"esm2_t33_650M", 3}} {
		model := namedModel(m.name)
		if weights := uint64(4 * model.config.Parameters()); 2*weights >= memoryBytes() {
			continue
		}
		in := &input{shape: gen.Protein, count: m.records}
		if m.name != "esm2_t6_8M" {
			list = append(list, &Infer{On: onCPU, Model: model, In: in, Threads: s.Threads})
		}
		if s.Threads > 1 {
			list = append(list, &Infer{On: onCPU, Model: model, In: in, Threads: 1})
		}
		if m.name == "esm2_t30_150M" || m.name == "esm2_t33_650M" { // where weights of int8 pay
			list = append(list, &InferInt8{Exact: Infer{On: onCPU, Model: model, In: in, Threads: 1}})
		}
	}
	return list
}

// scalings are runs with 1, 2, 4 ... workers, and one for each thread.
func scalings(whole inference, threads int) []bench.Workload {
	same := new(uint64)
	var list []bench.Workload
	for n := 1; n < threads; n *= 2 {
		list = append(list, &Scaling{Infer: whole, Workers: n, Same: same})
	}
	return append(list, &Scaling{Infer: whole, Workers: threads, Same: same})
}

// stragglers are runs long enough that a block is little of them, and what several processes can do of them.
func stragglers(p program, m *model, threads int) []bench.Workload {
	if threads < 2 {
		return nil
	}
	const recordsOfWorker = 120
	whole := inference{p, m, &input{shape: gen.Protein, count: int64(threads) * recordsOfWorker}, threads}
	var list []bench.Workload
	for _, f := range fates() {
		list = append(list, &Straggler{Infer: whole, Workers: threads, Fate: f})
	}
	return list
}

// onGPUs are runs on a GPU, of the models that it is for as far as their weights fill a quarter of its memory at most:
// proteins, and sequences as short as what reads of 150 bases are translated to.
func onGPUs(s Settings) []bench.Workload {
	const readResidues = 51
	var list []bench.Workload
	for _, m := range []struct {
		name           string
		records, reads int64
	}{{"esm2_t6_8M", 30_000, 200_000}, {"esm2_t33_650M", 12_000, 80_000}, {"esm2_t36_3B", 3_000, 20_000}} {
		model := namedModel(m.name)
		model.dtype = backend.BF16
		if 8*model.config.Parameters() > s.GPU {
			continue
		}
		list = append(list, &Infer{On: onGPU, Model: model, In: &input{shape: gen.Protein, count: m.records}, Threads: 1},
			&Infer{On: onGPU, Model: model, In: &input{shape: gen.Protein, count: m.reads, length: readResidues}, Threads: 1})
	}
	return list
}
