package cuda

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Choose returns the chosen ones of the visible devices: a list of indices among them or of the beginnings of their names
// (GPU-…, MIG-…) such as "0,2", or "" for all that can be used. A choice outside the set is refused, so a share of a
// machine handed out by a scheduler is never left.
//
// The rows of a data set are of one numeric class. Where nothing is chosen and the devices are of several, those of the
// class that computes most are taken, and left are the others; a choice of several classes is refused.
func Choose(visible []Device, chosen string, p Precision) (taken, left []Device, err error) {
	if chosen == "" {
		taken, left = strongest(visible, p)
		if len(taken) == 0 {
			return nil, nil, visible[0].Usable()
		}
		return taken, left, nil
	}
	for _, text := range strings.Split(chosen, ",") {
		d, err := pick(visible, strings.TrimSpace(text))
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(taken, d) {
			return nil, nil, fmt.Errorf("%w: %q is named twice", ErrChoice, text)
		}
		if err := d.Usable(); err != nil {
			return nil, nil, err
		}
		if len(taken) > 0 && d.Class(p) != taken[0].Class(p) {
			return nil, nil, fmt.Errorf("%w: %s computes %s and %s computes %s, whose last bits differ; choose GPUs of one kind",
				ErrChoice, taken[0].Name, taken[0].Class(p), d.Name, d.Class(p))
		}
		taken = append(taken, d)
	}
	return taken, nil, nil
}

// pick returns the device of that index or name.
func pick(visible []Device, text string) (Device, error) {
	if strings.HasPrefix(text, "GPU-") || strings.HasPrefix(text, "MIG-") {
		var found []Device
		for _, d := range visible {
			if strings.HasPrefix(d.Visible, text) {
				found = append(found, d)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		return Device{}, fmt.Errorf("%w: %q begins the name of %d of the %d visible ones; longfirst devices lists them", ErrChoice, text, len(found), len(visible))
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 0 {
		return Device{}, fmt.Errorf("%w: %q is no index and no name: give a list such as 0,2", ErrChoice, text)
	}
	if i >= len(visible) {
		return Device{}, fmt.Errorf("%w: there is no GPU %d among the %d visible ones, which count from 0; longfirst devices lists them", ErrChoice, i, len(visible))
	}
	return visible[i], nil
}

// strongest parts the devices into those of the class that computes most, and the others.
func strongest(visible []Device, p Precision) (taken, left []Device) {
	sums := make(map[string]float64)
	best := ""
	for _, d := range visible {
		if d.Usable() != nil {
			continue
		}
		sums[d.Class(p)] += d.FLOPS(p)
		if best == "" || sums[d.Class(p)] > sums[best] {
			best = d.Class(p)
		}
	}
	for _, d := range visible {
		if d.Usable() == nil && d.Class(p) == best {
			taken = append(taken, d)
		} else {
			left = append(left, d)
		}
	}
	return taken, left
}
