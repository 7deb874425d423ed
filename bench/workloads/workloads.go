// Package workloads holds what the benchmark harness measures: each file a workload, with a sentence on what it shows, an
// input generated from a seed, and a check of its result.
package workloads

import (
	"longfirst/bench"
	"longfirst/infer/esm2"
)

// seed makes the inputs: results of different runs are of the same input.
const seed = 1

// All returns the workloads in the order they run. Quick ones have smaller inputs.
func All(threads int, quick bool) []bench.Workload {
	fastaBytes, records := int64(500_000_000), int64(24)
	if quick {
		fastaBytes, records = 50_000_000, 8
	}
	small, _ := esm2.Named(smallModel)
	return []bench.Workload{
		&IndexBuild{Bytes: fastaBytes},
		&InferCPU{Model: smallModel, Config: small, Records: records, Threads: threads},
	}
}

// smallModel is the smallest of the published models: any machine can run it.
const smallModel = "esm2_t6_8M"
