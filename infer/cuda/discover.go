package cuda

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// discoverPatience is how long the driver may take to wake up every GPU of a machine.
const discoverPatience = 90 * time.Second

// Found is what a child tells that called Probe.
type Found struct {
	Devices []Device `json:"devices"`
	Problem string   `json:"problem,omitempty"`
}

// Discover lists the GPUs that the environment leaves visible, in the order of their PCI addresses, and does not call the
// driver itself. Probe is a command, not started, of a process that calls Probe and writes what it Found to stdout as JSON.
// Inherited is the value of CUDA_VISIBLE_DEVICES.
//
// Errors: ErrNotBuilt; ErrNone with the reason.
func Discover(ctx context.Context, inherited string, probe func(context.Context) *exec.Cmd) ([]Device, error) {
	if !Built {
		return nil, ErrNotBuilt
	}
	ctx, cancel := context.WithTimeout(ctx, discoverPatience)
	defer cancel()
	var devices []Device
	var err error
	if parts := migParts(inherited); len(parts) > 0 {
		devices, err = discoverParts(ctx, parts, probe)
	} else {
		devices, err = ask(probe(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	if len(devices) == 0 {
		return nil, fmt.Errorf("%w: %s=%q leaves none visible", ErrNone, VisibleVariable, inherited)
	}
	slices.SortStableFunc(devices, func(a, b Device) int { return cmp.Compare(a.Bus, b.Bus) })
	return devices, nil
}

// migParts returns the parts of GPUs in a list of visible devices, as far as the driver reads the list.
func migParts(inherited string) (parts []string) {
	for _, entry := range strings.Split(inherited, ",") {
		entry = strings.TrimSpace(entry)
		if !strings.HasPrefix(entry, "MIG-") {
			break
		}
		parts = append(parts, entry)
	}
	return parts
}

// discoverParts asks for each part by itself: a process sees one part at most, and is told the UUID of the whole GPU.
func discoverParts(ctx context.Context, parts []string, probe func(context.Context) *exec.Cmd) (devices []Device, err error) {
	for _, part := range parts {
		cmd := probe(ctx)
		cmd.Env = append(cmd.Environ(), VisibleVariable+"="+part)
		found, err := ask(cmd)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part, err)
		}
		if len(found) != 1 {
			return nil, fmt.Errorf("%s: %d devices are visible instead of one", part, len(found))
		}
		found[0].Visible = part
		devices = append(devices, found[0])
	}
	return devices, nil
}

// ask runs a child that calls Probe.
func ask(cmd *exec.Cmd) ([]Device, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the process that asks the driver: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var found Found
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, fmt.Errorf("the process that asks the driver said %q: %w", out, err)
	}
	if found.Problem != "" {
		return nil, errors.New(found.Problem)
	}
	return found.Devices, nil
}
