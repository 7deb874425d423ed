package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/cuda"
	"longfirst/infer/worker"
)

// errNoCUDA says why this program can't compute on a GPU.
var errNoCUDA = errors.New("longfirst does not compute on GPUs yet; --device cpu computes on the CPU")

// silence is how long a worker process may give no sign of life, 0 for the default. Tests have less patience.
var silence time.Duration

// newBackend opens a device in a worker process. Tests replace it to make devices that fail.
var newBackend = func(device string, threads int) (backend.Backend, error) {
	if device != "cpu" {
		return nil, errNoCUDA
	}
	return cpu.New(threads)
}

// describeCPU fills in what a run on the CPU computes with.
func describeCPU(s *worker.Settings) error {
	b, err := newBackend("cpu", s.Threads)
	if err != nil {
		return err
	}
	defer b.Close()
	s.NumericClass = b.Class()
	s.FLOPS = b.FLOPS()
	return nil
}

func devicesCommand() *cli.Command {
	return &cli.Command{
		Name: "devices", Category: categoryInspect, Usage: "list what the program can run on here, and why not on the rest",
		Description: example("longfirst devices"),
		Action: func(*cli.Context) error {
			var s worker.Settings
			if err := describeCPU(&s); err != nil {
				return err
			}
			fmt.Printf("cpu   %d threads usable of %d, %s/%s, numeric class %s\n", usableThreads(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, s.NumericClass)
			gpus, err := cuda.Devices()
			for _, g := range gpus {
				fmt.Printf("cuda  %d: %s, %s, compute capability %d.%d: seen, but %v\n", g.Index, g.Name, bytesText(g.Memory), g.Major, g.Minor, errNoCUDA)
			}
			if err != nil {
				fmt.Printf("cuda  not available: %v\n", err)
			}
			return nil
		},
	}
}
