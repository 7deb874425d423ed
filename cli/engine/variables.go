package engine

import (
	"fmt"
	"strconv"
)

// text returns a variable that is set and not empty.
func (env Environment) text(name string) (string, bool) {
	v, ok := env(name)
	return v, ok && v != ""
}

// number returns a variable that must be there and hold a number of at least 0.
func (env Environment) number(name string) (int, error) {
	text, ok := env.text(name)
	if !ok {
		return 0, fmt.Errorf("%w: %s is not set", ErrIncomplete, name)
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is %q, not a number", ErrIncomplete, name, text)
	}
	return int(n), nil
}

// pair reads the place from a variable for the rank and one for the size. Where there is neither, the engine is absent.
func (env Environment) pair(engine, rankName, sizeName string) (p Place, found bool, err error) {
	_, hasRank := env.text(rankName)
	_, hasSize := env.text(sizeName)
	if !hasRank && !hasSize {
		return p, false, nil
	}
	if p.Index, err = env.number(rankName); err == nil {
		p.Of, err = env.number(sizeName)
	}
	p.Source = fmt.Sprintf("%s (%s=%d, %s=%d)", engine, rankName, p.Index, sizeName, p.Of)
	if err == nil && p.Index >= p.Of {
		err = fmt.Errorf("%w: a rank is below the size", ErrIncomplete)
	}
	if err != nil {
		return Place{}, false, fmt.Errorf("%s: %w", engine, err)
	}
	return p, true, nil
}
