// Package engine finds out which of several processes that were started together this one is, from the environment
// that Slurm, Kubernetes, Open MPI, PMI or torchrun gave it.
//
// An engine counts only where it says both which process this is and how many there are. What it leaves open is never
// guessed: a process that took itself for number 0 of N would compute a share that others compute as well, or leave
// shares to nobody. Every error therefore says what to add to the command line.
//
// Engines nest: a Slurm array whose tasks each run `srun -n 1`, mpirun in a Slurm job. One that started a single process
// has nothing to deal out, so the others decide. Where several started more than one, they must agree.
package engine

import (
	"fmt"
	"strings"
)

// Environment looks up a variable, as os.LookupEnv does. An empty variable counts as none.
type Environment func(name string) (value string, ok bool)

// Place is the place of this process among those started with it. The zero value stands for a process alone.
type Place struct {
	Index  int    // 0 to Of-1
	Of     int    // processes started together; 0 where no engine started this one
	Source string // who says so, for people: the engine and its variables; for a process alone what speaks against it, if anything

	name string // of the engine
}

// The values of the option that chooses the engine, beside the names of engines.
const (
	Auto = "auto" // whichever engine started this process
	None = "none" // whatever the environment says, this process is alone
)

// finder looks for one engine. World is the number of shares the command line names, 0 where it names none.
type finder struct {
	name string
	find func(env Environment, world int) (p Place, found bool, err error)
}

// finders lists the engines, those that start the others first.
var finders = []finder{
	{"kubernetes", kubernetes},
	{"slurm-array", slurmArray},
	{"slurm", slurmStep},
	{"openmpi", openMPI},
	{"pmi", pmi},
	{"torchrun", torchrun},
}

// Names lists the engines by the names they are chosen by.
func Names() (names []string) {
	for _, f := range finders {
		names = append(names, f.name)
	}
	return names
}

// Detect returns this process's place as the chosen engine says, or, for Auto, as all engines that say something agree.
// World is the number of shares the command line names, 0 where it names none.
//
// Errors: ErrUnknown; ErrAbsent when the chosen engine did not start this process; ErrIncomplete and ErrDisagree, with
// what to do about them.
func Detect(env Environment, chosen string, world int) (Place, error) {
	if chosen == None {
		return Place{}, nil
	}
	var known bool
	var places []Place
	for _, f := range finders {
		if chosen != Auto && chosen != f.name {
			continue
		}
		known = true
		p, found, err := f.find(env, world)
		if err != nil {
			return Place{}, fmt.Errorf("%w; %s", err, remedy)
		}
		if found {
			p.name = f.name
			places = append(places, p)
		}
	}
	switch {
	case chosen == Auto && len(places) == 0:
		return Place{Source: withoutStep(env)}, nil
	case chosen == Auto:
		return agreed(places)
	case !known:
		return Place{}, fmt.Errorf("%w: %q; there are %s, %s, %s", ErrUnknown, chosen, Auto, None, strings.Join(Names(), ", "))
	case len(places) == 0:
		return Place{}, fmt.Errorf("%w: %s; %s", ErrAbsent, chosen, remedy)
	}
	return places[0], nil
}

const remedy = "say which share this is with --world-size N --rank R, or compute all of them here with --engine none"

// agreed returns the one place that all engines name which started more than one process.
func agreed(places []Place) (Place, error) {
	chosen := places[0]
	for _, p := range places[1:] {
		switch {
		case chosen.Of == 1:
			chosen = p
		case p.Of > 1 && (p.Index != chosen.Index || p.Of != chosen.Of):
			return Place{}, disagreement(chosen, p)
		}
	}
	return chosen, nil
}

// disagreement describes two engines of which the outer one may have started the inner one several times.
func disagreement(outer, inner Place) error {
	return fmt.Errorf("%w: process %d of %d by the %s, %d of %d by the %s; if each of the first started all of the second, this is --world-size %d --rank %d; "+
		"if one of them alone deals out the work, name it with --engine %s or --engine %s",
		ErrDisagree, outer.Index, outer.Of, outer.Source, inner.Index, inner.Of, inner.Source,
		outer.Of*inner.Of, outer.Index*inner.Of+inner.Index, outer.name, inner.name)
}

// Ranks deals the shares of a data set to the processes: this one gets Index, Index+Of, Index+2·Of … below world. With as
// many processes as shares that is one each; fewer processes finish what more began; a process alone gets all.
//
// The error is ErrTooMany where there are more processes than shares: this one, or another, would have nothing to do.
func (p Place) Ranks(world int) ([]int, error) {
	if p.Of > world {
		return nil, fmt.Errorf("%w: %d processes by the %s, %d shares; start at most %d, or say which share this is with --rank",
			ErrTooMany, p.Of, p.Source, world, world)
	}
	var ranks []int
	for rank := p.Index; rank < world; rank += max(1, p.Of) {
		ranks = append(ranks, rank)
	}
	return ranks, nil
}
