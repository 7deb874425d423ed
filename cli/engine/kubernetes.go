package engine

import "fmt"

// kubernetes is a pod of an Indexed Job. The pod knows its completion index, not how many completions the Job wants.
func kubernetes(env Environment, world int) (p Place, found bool, err error) {
	const variable = "JOB_COMPLETION_INDEX"
	if _, ok := env.text(variable); !ok {
		return p, false, nil
	}
	index, err := env.number(variable)
	switch {
	case err != nil:
	case world == 0:
		err = fmt.Errorf("%w: %s=%d says which one this is, not how many there are; add --world-size with the Job's spec.completions", ErrIncomplete, variable, index)
	case index >= world:
		err = fmt.Errorf("%w: %s=%d with --world-size %d; spec.completions and --world-size must be equal", ErrIncomplete, variable, index, world)
	}
	if err != nil {
		return p, false, fmt.Errorf("pod of a Kubernetes Indexed Job: %w", err)
	}
	return Place{Index: index, Of: world, Source: fmt.Sprintf("Kubernetes Indexed Job (%s=%d, --world-size %d)", variable, index, world)}, true, nil
}
