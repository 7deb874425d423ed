package engine

import (
	"fmt"
	"strconv"
	"strings"
)

// firstPseudoStep is the least of the step numbers that Slurm keeps for batch scripts, interactive shells and the like
// (0xfffffffa and up in current versions): no srun started them, whatever SLURM_PROCID and SLURM_NTASKS say there.
const firstPseudoStep = 0xfffffff0

// inStep tells whether srun started this process, and in which step.
func inStep(env Environment) (step string, ok bool) {
	step, _ = env.text("SLURM_STEP_ID")
	number, err := strconv.ParseUint(step, 10, 32)
	return step, err == nil && number < firstPseudoStep
}

// withoutStep describes a Slurm job of several tasks whose script runs the program without srun, and so once.
func withoutStep(env Environment) string {
	job, inJob := env.text("SLURM_JOB_ID")
	tasks, _ := env.text("SLURM_NTASKS")
	if _, step := inStep(env); !inJob || step || tasks == "" || tasks == "1" {
		return ""
	}
	return fmt.Sprintf("Slurm job %s has %s tasks, but srun did not start this process, which is therefore alone", job, tasks)
}

// slurmStep is a task that srun started. A batch script has SLURM_PROCID and SLURM_NTASKS too, those of the allocation,
// but runs once; only inside a step do they count tasks.
func slurmStep(env Environment, _ int) (p Place, found bool, err error) {
	step, ok := inStep(env)
	if !ok {
		return p, false, nil
	}
	job, _ := env.text("SLURM_JOB_ID")
	name := "Slurm step " + job + "." + step
	for _, size := range []string{"SLURM_HET_SIZE", "SLURM_PACK_SIZE"} {
		if v, ok := env.text(size); ok && v != "1" {
			return p, false, fmt.Errorf("%s: %w: it is part of a heterogeneous job (%s=%s), whose tasks are counted by component", name, ErrIncomplete, size, v)
		}
	}
	p, found, err = env.pair(name, "SLURM_PROCID", "SLURM_NTASKS")
	if err != nil {
		return p, false, err
	}
	if !found {
		return p, false, fmt.Errorf("%s: %w: SLURM_PROCID is not set", name, ErrIncomplete)
	}
	if err := ownStep(env, p.Of); err != nil {
		return Place{}, false, fmt.Errorf("%s: %w", name, err)
	}
	return p, true, nil
}

// ownStep refuses the variables of another step: a job that was submitted from inside a step inherits them, so that its
// batch script looks like the first task of a step that it is not. Some are its own, though, and contradict.
func ownStep(env Environment, tasks int) error {
	differ := func(a, b string) error {
		return fmt.Errorf("%w: %s and %s contradict each other, as in a job submitted from inside a step; submit it with sbatch --export=NONE", ErrIncomplete, a, b)
	}
	if n, ok := env.text("SLURM_STEP_NUM_TASKS"); ok && n != strconv.Itoa(tasks) {
		return differ("SLURM_NTASKS="+strconv.Itoa(tasks), "SLURM_STEP_NUM_TASKS="+n)
	}
	ofStep, ok := env.text("SLURM_STEP_TASKS_PER_NODE")
	if here, has := env.text("SLURM_TASKS_PER_NODE"); ok && has && here != ofStep {
		return differ("SLURM_TASKS_PER_NODE="+here, "SLURM_STEP_TASKS_PER_NODE="+ofStep)
	}
	nodes, _ := env.text("SLURM_STEP_NUM_NODES")
	if ids, ok := env.text("SLURM_GTIDS"); ok && nodes == "1" && strings.Count(ids, ",")+1 != tasks {
		return differ("SLURM_GTIDS="+ids, "SLURM_NTASKS="+strconv.Itoa(tasks))
	}
	return nil
}

// slurmArray is a task of a job array. Its number is a rank only where the tasks are numbered without gaps: Slurm tells
// the first, the last and how many there are, not which.
func slurmArray(env Environment, _ int) (p Place, found bool, err error) {
	if _, ok := env.text("SLURM_ARRAY_TASK_ID"); !ok {
		return p, false, nil
	}
	job, _ := env.text("SLURM_ARRAY_JOB_ID")
	name := "Slurm array " + job
	var task, first, last, count int
	for _, v := range []struct {
		name string
		to   *int
	}{
		{"SLURM_ARRAY_TASK_ID", &task}, {"SLURM_ARRAY_TASK_MIN", &first}, {"SLURM_ARRAY_TASK_MAX", &last}, {"SLURM_ARRAY_TASK_COUNT", &count},
	} {
		if *v.to, err = env.number(v.name); err != nil {
			return p, false, fmt.Errorf("%s: %w", name, err)
		}
	}
	if task < first || task > last || count < 1 {
		return p, false, fmt.Errorf("%s: %w: task %d is not among the %d tasks %d-%d", name, ErrIncomplete, task, count, first, last)
	}
	if step, ok := env.text("SLURM_ARRAY_TASK_STEP"); count != last-first+1 || count > 1 && ok && step != "1" {
		return p, false, fmt.Errorf("%s: %w: the list of its %d tasks from %d to %d has gaps, so the place of task %d in it is unknown; number them without gaps, as 0-%d",
			name, ErrIncomplete, count, first, last, task, count-1)
	}
	source := fmt.Sprintf("%s (SLURM_ARRAY_TASK_ID=%d of %d-%d)", name, task, first, last)
	return Place{Index: task - first, Of: count, Source: source}, true, nil
}
