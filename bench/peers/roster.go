package peers

import (
	"context"
	"path/filepath"
	"runtime"

	"longfirst/bench"
)

// python is the interpreter of an environment that install.sh made below a folder.
func python(installed, environment string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(installed, environment, "Scripts", "python.exe")
	}
	return filepath.Join(installed, environment, "bin", "python")
}

// Roster lists the peers there are, installed or not; installed is the folder that install.sh was told.
func Roster(installed string) []Peer {
	list := []Peer{
		&tool{name: "samtools", job: Index, does: "samtools faidx", program: "samtools", version: []string{"--version"},
			command: func(t Task) []string { return []string{"faidx", t.FASTA} },
			outcome: func(t Task) (Outcome, error) { return parseFAI(t.FASTA + ".fai") }},
		&tool{name: "samtools", job: Get, does: "samtools faidx --region-file", program: "samtools", version: []string{"--version"},
			command: func(t Task) []string { return []string{"faidx", "-r", t.Names, "-o", gotFile(t), t.FASTA} },
			outcome: func(t Task) (Outcome, error) { return parseFASTA(gotFile(t), Sum{AnyOrder: true}) }},
		&tool{name: "seqkit", job: Index, does: "seqkit faidx", program: "seqkit", version: []string{"version"},
			command: func(t Task) []string { return []string{"faidx", "--quiet", t.FASTA} },
			outcome: func(t Task) (Outcome, error) { return parseFAI(t.FASTA + ".fai") }},
		&tool{name: "seqkit-sort", job: Read, does: "seqkit sort --by-length --reverse --two-pass into a file", program: "seqkit", version: []string{"version"},
			command: func(t Task) []string {
				return []string{"sort", "--quiet", "--by-length", "--reverse", "--two-pass", "--out-file", filepath.Join(t.Dir, "sorted.fa"), t.FASTA}
			},
			outcome: func(t Task) (Outcome, error) { return parseSorted(filepath.Join(t.Dir, "sorted.fa")) }},
	}
	for _, s := range []script{
		{name: "pyfastx", file: "pyfastx_job.py", packages: []string{"pyfastx"}, does: "pyfastx.Fasta"},
		{name: "pyfaidx", file: "pyfaidx_job.py", packages: []string{"pyfaidx"}, does: "pyfaidx.Fasta"},
		{name: "python-json", file: "python_json.py", does: "the Python and JSON index that longfirst replaces, written from its specification"},
	} {
		for _, job := range []Job{Index, Reuse, Read} {
			s.job, s.python = job, python(installed, "python")
			list = append(list, new(s))
		}
	}
	for _, s := range []script{
		{name: "transformers-input-order", file: "transformers_job.py", packages: []string{"transformers", "torch"}, arguments: []string{"--order", "input"},
			does: "EsmModel, batches of 8 in the order of the file, padded"},
		{name: "transformers-sorted", file: "transformers_job.py", packages: []string{"transformers", "torch"}, arguments: []string{"--order", "sorted"},
			does: "EsmModel, batches of 8 of like length, padded"},
		{name: "transformers-single", file: "transformers_job.py", packages: []string{"transformers", "torch"}, arguments: []string{"--order", "single"},
			does: "EsmModel, one sequence at a time"},
		{name: "fair-esm", file: "fair_esm_job.py", packages: []string{"fair-esm", "torch"}, does: "as its extract.py: batches of like length up to 4096 tokens"},
		{name: "onnxruntime", file: "onnx_job.py", packages: []string{"onnxruntime", "onnxscript", "transformers"}, arguments: []string{"--engine", "onnxruntime"}, takesCache: true,
			does: "EsmModel exported to ONNX, batches of 8 of like length, padded"},
		{name: "openvino", file: "onnx_job.py", packages: []string{"openvino", "onnxscript", "transformers"}, arguments: []string{"--engine", "openvino"}, takesCache: true,
			does: "EsmModel exported to ONNX, batches of 8 of like length, padded, float32"},
		{name: "esm-cpp", file: "esm_cpp_job.py", packages: []string{"esm-cpp"}, takesCache: true,
			does: "float32, one sequence at a time: the only call that gives hidden states"},
	} {
		s.job, s.python, s.takesOption = Embed, python(installed, "python"), true
		if s.name == "esm-cpp" {
			s.python = python(installed, "esm-cpp")
		}
		list = append(list, new(s))
	}
	return list
}

// Found is a peer that is there.
type Found struct {
	Peer
	Number string // version
}

// Muster asks every peer for its version. One that can't tell is absent.
func Muster(ctx context.Context, roster []Peer) (found []Found, absent []bench.Absent, err error) {
	for _, p := range roster {
		number, err := p.Version(ctx)
		if cause := context.Cause(ctx); cause != nil {
			return nil, nil, cause
		}
		if err != nil {
			absent = append(absent, bench.Absent{Peer: string(p.Job()) + " with " + p.Name(), Why: err.Error()})
			continue
		}
		found = append(found, Found{p, number})
	}
	return found, absent, nil
}
