package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// environment reads variables as a shell's env prints them, by words.
func environment(words string) Environment {
	return func(name string) (string, bool) {
		for _, word := range strings.Fields(words) {
			if n, value, _ := strings.Cut(word, "="); n == name {
				return value, true
			}
		}
		return "", false
	}
}

// What real launchers set, shortened to what could matter.
const (
	slurmBatch = "SLURM_JOB_ID=12 SLURM_NTASKS=8 SLURM_NPROCS=8 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 "
	slurmTask3 = "SLURM_JOB_ID=12 SLURM_STEP_ID=0 SLURM_STEPID=0 SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=3 " +
		"SLURM_STEP_NUM_NODES=1 SLURM_TASKS_PER_NODE=8 SLURM_STEP_TASKS_PER_NODE=8 SLURM_GTIDS=0,1,2,3,4,5,6,7 "
	slurmOne = "SLURM_JOB_ID=12 SLURM_STEP_ID=2 SLURM_NTASKS=1 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 "
	array4   = "SLURM_ARRAY_JOB_ID=9 SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=10 SLURM_ARRAY_TASK_STEP=1 "
	ompi1    = "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_LOCAL_RANK=1 PMIX_RANK=1 "
	pmi2     = "PMI_RANK=2 PMI_SIZE=4 "
	torch5   = "RANK=5 WORLD_SIZE=16 LOCAL_RANK=1 "
	pod2     = "JOB_COMPLETION_INDEX=2 "
)

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		name, env, engine string
		world             int
		index, of         int
		source            string // a part of Source, or of the error
		err               error
	}{
		{name: "nothing"},
		{name: "torch variables that anybody may set", env: "RANK=5 WORLD_SIZE=16"},
		{name: "empty variables", env: "OMPI_COMM_WORLD_RANK= OMPI_COMM_WORLD_SIZE= SLURM_ARRAY_TASK_ID="},

		{name: "Slurm step", env: slurmTask3, index: 3, of: 8, source: "Slurm step 12.0 (SLURM_PROCID=3, SLURM_NTASKS=8)"},
		{name: "Slurm allocation without srun", env: slurmBatch, source: "Slurm job 12 has 8 tasks, but srun did not start this process"},
		{name: "Slurm batch pseudo step", env: slurmBatch + "SLURM_STEP_ID=4294967291", source: "srun did not start"},
		{name: "Slurm interactive pseudo step", env: slurmBatch + "SLURM_STEP_ID=4294967290", source: "srun did not start"},
		{name: "Slurm batch step by name", env: slurmBatch + "SLURM_STEP_ID=batch", source: "srun did not start"},
		{name: "Slurm job of one task", env: "SLURM_JOB_ID=12 SLURM_NTASKS=1 SLURM_PROCID=0"},
		{name: "Slurm step of one task", env: slurmOne, index: 0, of: 1, source: "Slurm step 12.2"},
		{name: "Slurm step without size", env: "SLURM_STEP_ID=0 SLURM_PROCID=3", err: ErrIncomplete, source: "SLURM_NTASKS is not set"},
		{name: "Slurm step without rank", env: "SLURM_STEP_ID=0 SLURM_NTASKS=3", err: ErrIncomplete, source: "SLURM_PROCID is not set"},
		{name: "Slurm step without either", env: "SLURM_STEP_ID=0", err: ErrIncomplete, source: "SLURM_PROCID is not set"},
		{name: "Slurm step beyond its size", env: "SLURM_STEP_ID=0 SLURM_PROCID=8 SLURM_NTASKS=8", err: ErrIncomplete},
		{name: "Slurm step of a job around it", env: "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=1", err: ErrIncomplete, source: "SLURM_NTASKS=8 and SLURM_STEP_NUM_TASKS=1"},
		{name: "Slurm job submitted from a step", env: "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=4 SLURM_TASKS_PER_NODE=1 SLURM_STEP_TASKS_PER_NODE=4 SLURM_STEP_NUM_NODES=1 SLURM_GTIDS=0", err: ErrIncomplete, source: "--export=NONE"},
		{name: "Slurm job of equal size submitted from a step", env: "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=4 SLURM_TASKS_PER_NODE=4 SLURM_STEP_TASKS_PER_NODE=4 SLURM_STEP_NUM_NODES=1 SLURM_GTIDS=0", err: ErrIncomplete, source: "SLURM_GTIDS=0"},
		{name: "Slurm step on several nodes", env: "SLURM_STEP_ID=0 SLURM_PROCID=3 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=4 SLURM_TASKS_PER_NODE=2(x2) SLURM_STEP_TASKS_PER_NODE=2(x2) SLURM_STEP_NUM_NODES=2 SLURM_GTIDS=2,3", index: 3, of: 4},
		{name: "Slurm heterogeneous job", env: slurmTask3 + "SLURM_HET_SIZE=2", err: ErrIncomplete, source: "heterogeneous"},

		{name: "Slurm array", env: array4, index: 4, of: 10, source: "Slurm array 9 (SLURM_ARRAY_TASK_ID=4 of 0-9)"},
		{name: "Slurm array in a batch job", env: array4 + slurmBatch, index: 4, of: 10, source: "Slurm array"},
		{name: "Slurm array from 5", env: "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_MAX=8 SLURM_ARRAY_TASK_COUNT=4", index: 2, of: 4},
		{name: "Slurm array of one", env: "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=7 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=1 SLURM_ARRAY_TASK_STEP=0", index: 0, of: 1},
		{name: "Slurm array by threes", env: "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_STEP=3", err: ErrIncomplete, source: "has gaps"},
		{name: "Slurm array with a gap", env: "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=9 SLURM_ARRAY_TASK_STEP=1", err: ErrIncomplete, source: "number them without gaps, as 0-8"},
		{name: "Slurm array of an older version", env: "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9", err: ErrIncomplete, source: "SLURM_ARRAY_TASK_COUNT is not set"},
		{name: "Slurm array task outside", env: "SLURM_ARRAY_TASK_ID=10 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=9 SLURM_ARRAY_TASK_COUNT=10", err: ErrIncomplete},

		{name: "Slurm array of steps of one task", env: array4 + slurmOne, index: 4, of: 10, source: "Slurm array"},
		{name: "Slurm array of steps of several", env: array4 + slurmTask3, err: ErrDisagree, source: "--world-size 80 --rank 35"},
		{name: "Slurm array, the step chosen", env: array4 + slurmTask3, engine: "slurm", index: 3, of: 8},
		{name: "Slurm array, itself chosen", env: array4 + slurmTask3, engine: "slurm-array", index: 4, of: 10},
		{name: "Slurm array with a gap, the step chosen", env: slurmTask3 + "SLURM_ARRAY_TASK_ID=3", engine: "slurm", index: 3, of: 8},

		{name: "Kubernetes", env: pod2, world: 5, index: 2, of: 5, source: "Kubernetes Indexed Job (JOB_COMPLETION_INDEX=2"},
		{name: "Kubernetes without size", env: pod2, err: ErrIncomplete, source: "add --world-size with the Job's spec.completions"},
		{name: "Kubernetes beyond size", env: pod2, world: 2, err: ErrIncomplete, source: "must be equal"},
		{name: "Kubernetes, not a number", env: "JOB_COMPLETION_INDEX=two", world: 5, err: ErrIncomplete, source: `"two"`},

		{name: "Open MPI", env: ompi1, index: 1, of: 3, source: "Open MPI (OMPI_COMM_WORLD_RANK=1, OMPI_COMM_WORLD_SIZE=3)"},
		{name: "Open MPI without size", env: "OMPI_COMM_WORLD_RANK=1", err: ErrIncomplete, source: "OMPI_COMM_WORLD_SIZE is not set"},
		{name: "Open MPI without rank", env: "OMPI_COMM_WORLD_SIZE=1", err: ErrIncomplete, source: "OMPI_COMM_WORLD_RANK is not set"},
		{name: "Open MPI in a Slurm batch script", env: slurmBatch + ompi1, index: 1, of: 3},
		{name: "Open MPI's daemon started by srun", env: "SLURM_STEP_ID=0 SLURM_PROCID=1 SLURM_NTASKS=2 " + ompi1, err: ErrDisagree, source: "--engine openmpi"},
		{name: "Open MPI in an interactive step", env: slurmOne + ompi1, index: 1, of: 3, source: "Open MPI"},
		{name: "Open MPI of one in a Slurm array", env: array4 + "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1", index: 4, of: 10},

		{name: "PMI", env: pmi2, index: 2, of: 4, source: "PMI (PMI_RANK=2, PMI_SIZE=4)"},
		{name: "PMI that agrees with the Slurm step", env: slurmTask3 + "PMI_RANK=3 PMI_SIZE=8", index: 3, of: 8, source: "Slurm step"},
		{name: "PMI that does not", env: slurmTask3 + pmi2, err: ErrDisagree, source: "process 3 of 8 by the Slurm step 12.0"},
		{name: "PMI of equal rank, other size", env: slurmTask3 + "PMI_RANK=3 PMI_SIZE=9", err: ErrDisagree},
		{name: "PMI without size", env: "PMI_RANK=2", err: ErrIncomplete},
		{name: "PMI, negative", env: "PMI_RANK=-1 PMI_SIZE=4", err: ErrIncomplete},

		{name: "torchrun", env: torch5, index: 5, of: 16, source: "torchrun (RANK=5, WORLD_SIZE=16)"},
		{name: "torchrun without size", env: "RANK=5 LOCAL_RANK=1", err: ErrIncomplete, source: "WORLD_SIZE is not set"},
		{name: "torchrun by srun", env: slurmTask3 + torch5, err: ErrDisagree, source: "--engine slurm or --engine torchrun"},
		{name: "torchrun by srun, chosen", env: slurmTask3 + torch5, engine: "torchrun", index: 5, of: 16},
		{name: "torchrun in a pod", env: pod2 + torch5, world: 16, err: ErrDisagree},
		{name: "three, two of one process", env: slurmOne + "RANK=0 WORLD_SIZE=1 LOCAL_RANK=0 " + ompi1, index: 1, of: 3},

		{name: "turned off", env: array4 + slurmTask3 + ompi1, engine: None},
		{name: "chosen, absent", env: array4, engine: "openmpi", err: ErrAbsent, source: "--engine none"},
		{name: "chosen in an allocation without srun", env: slurmBatch, engine: "slurm", err: ErrAbsent},
		{name: "unknown", engine: "lsf", err: ErrUnknown, source: "auto, none, kubernetes, slurm-array, slurm, openmpi, pmi, torchrun"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.engine == "" {
				test.engine = Auto
			}
			p, err := Detect(environment(test.env), test.engine, test.world)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			text := p.Source
			if err != nil {
				text = err.Error()
				if p != (Place{}) {
					t.Errorf("place %+v beside an error", p)
				}
				for _, option := range []string{"--engine", "--rank"} {
					if test.err == ErrIncomplete && !strings.Contains(text, option) {
						t.Errorf("no remedy with %s in %q", option, text)
					}
				}
			}
			if p.Index != test.index || p.Of != test.of {
				t.Errorf("process %d of %d, want %d of %d", p.Index, p.Of, test.index, test.of)
			}
			if !strings.Contains(text, test.source) || test.source == "" && test.of == 0 && text != "" && err == nil {
				t.Errorf("%q, want %q", text, test.source)
			}
		})
	}
}

// Whatever the sizes, the shares are dealt out each once.
func TestRanks(t *testing.T) {
	for of := range 8 {
		for world := max(1, of); world < 20; world++ {
			var all []int
			for i := range max(1, of) {
				ranks, err := Place{Index: i, Of: of}.Ranks(world)
				if err != nil || len(ranks) == 0 {
					t.Fatalf("%d of %d, %d shares: %v, %v", i, of, world, ranks, err)
				}
				all = append(all, ranks...)
			}
			slices.Sort(all)
			for i, rank := range all {
				if i != rank || len(all) != world {
					t.Fatalf("%d processes, %d shares: %v", of, world, all)
				}
			}
		}
	}
	if ranks, err := (Place{Index: 1, Of: 9}).Ranks(8); !errors.Is(err, ErrTooMany) {
		t.Errorf("%v, %v", ranks, err)
	}
}

func TestParseRanks(t *testing.T) {
	for _, test := range []struct {
		lists  string // by space
		ranks  []int  // nil: refused
		format string
	}{
		{"3", []int{3}, "3"},
		{"0-15", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, "0-15"},
		{"0,4,7", []int{0, 4, 7}, "0,4,7"},
		{"7-9,1 0,8", []int{0, 1, 7, 8, 9}, "0,1,7-9"},
		{"5-5", []int{5}, "5"},
		{"15", []int{15}, "15"},
		{"16", nil, ""}, {"0-16", nil, ""}, {"3-1", nil, ""}, {"-1", nil, ""}, {"1-", nil, ""}, {"-", nil, ""}, {"", nil, ""}, {"1,", nil, ""},
		{"a", nil, ""}, {"0x1", nil, ""}, {"1.5", nil, ""}, {"0-4294967295", nil, ""}, {"1-2-3", nil, ""},
	} {
		ranks, err := ParseRanks(strings.Split(test.lists, " "), 16)
		if !slices.Equal(ranks, test.ranks) || (err == nil) != (test.ranks != nil) || err != nil && !errors.Is(err, ErrRanks) {
			t.Errorf("%q: %v, %v", test.lists, ranks, err)
		}
		if err == nil && FormatNumbers(ranks) != test.format {
			t.Errorf("%q is written %q", test.lists, FormatNumbers(ranks))
		}
	}
}
