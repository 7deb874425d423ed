package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/cuda"
	"longfirst/infer/worker"
)

// remedyNoCUDA says what to do where no GPU can be used.
const remedyNoCUDA = "--device cpu computes on the CPU"

// remedyNotBuilt says how to get a program that computes on GPUs.
const remedyNotBuilt = "make build-cuda makes one that has it (Linux, amd64; needs a C compiler and Python, but no CUDA toolkit)"

// silence is how long a worker process may give no sign of life, 0 for the default. Tests have less patience.
var silence time.Duration

// newBackend opens a device in a worker process. Tests replace it to make devices that fail.
var newBackend = func(device string, threads int) (backend.Backend, error) {
	switch {
	case device == worker.CPUInt8:
		b, err := cpu.NewInt8(threads)
		if err != nil {
			return nil, err
		}
		return b, nil
	case strings.HasPrefix(device, cuda.DevicePrefix):
		precision, err := cuda.DevicePrecision(device)
		if err != nil {
			return nil, err
		}
		return cuda.New(precision)
	}
	return cpu.New(threads)
}

// describeCPU fills in what a run on the CPU computes with.
func describeCPU(s *worker.Settings) error {
	b, err := newBackend(s.Device, s.Threads)
	if err != nil {
		return err
	}
	defer b.Close()
	s.NumericClass = b.Class()
	s.FLOPS = b.FLOPS()
	return nil
}

// chooseDevices decides what the children compute on.
func chooseDevices(c *cli.Context, s *worker.Settings) error {
	log, err := logOf(c)
	if err != nil {
		return err
	}
	threads := c.Int("threads")
	if threads < 0 || c.Int("workers") < 0 {
		return usagef("--threads and --workers are at least 1")
	}
	if threads == 0 {
		threads = usableThreads()
	}
	device := c.String("device")
	switch device {
	case "auto", "cpu":
		if c.IsSet("gpus") {
			return usagef("--gpus goes with --device cuda")
		}
	case "cuda":
	default:
		return usagef("--device %q: it is auto, cpu or cuda", device)
	}
	compute := c.String("compute")
	onGPU, err := computeOnGPU(device, compute)
	if err != nil {
		return err
	}
	if onGPU != "" {
		err := chooseGPUs(c, log, s, onGPU, threads)
		if err == nil || device == "cuda" || compute == "bf16" || compute == "fp16" {
			return err // the CPU computes neither
		}
		sayWhyCPU(log, err)
	}
	workers := max(1, c.Int("workers"))
	s.Device, s.Devices = "cpu", worker.CPUDevices(workers)
	if compute == "int8" {
		s.Device = worker.CPUInt8
	}
	s.Threads = max(1, threads/workers)
	return describeCPU(s)
}

// computeOnGPU returns what a GPU of --device is to compute in by --compute, or "" where the CPU alone is asked for.
func computeOnGPU(device, asked string) (cuda.Precision, error) {
	compute := asked
	switch asked {
	case "auto":
		compute = string(cuda.BF16)
	case "int8":
		if device == "cuda" {
			return "", usagef("--compute int8 goes with --device cpu")
		}
		return "", nil
	}
	precision, err := cuda.ParsePrecision(compute)
	switch {
	case err != nil:
		return "", usagef("--compute %q: it is fp32 or int8 on the CPU, bf16, fp16 or fp32 on a GPU, or auto", compute)
	case device == "cpu" && precision != cuda.FP32 && asked != "auto":
		return "", usagef("--compute %s goes with --device cuda", precision)
	case device == "cpu":
		return "", nil
	}
	return precision, nil
}

// chooseGPUs makes the children compute on GPUs, one each.
func chooseGPUs(c *cli.Context, log *slog.Logger, s *worker.Settings, precision cuda.Precision, threads int) error {
	visible, err := findGPUs(c.Context)
	if err != nil {
		if errors.Is(err, cuda.ErrNotBuilt) {
			return fmt.Errorf("%w; %s; %s", err, remedyNotBuilt, remedyNoCUDA)
		}
		return fmt.Errorf("%w; %s", err, remedyNoCUDA)
	}
	taken, left, err := cuda.Choose(visible, c.String("gpus"), precision)
	if err != nil {
		return err
	}
	tellLibrary(log, taken[0])
	for _, d := range left {
		log.Warn("this GPU is left out, because its rows would differ in their last bits", "name", d.Name, "visible", d.Visible,
			"numeric_class", d.Class(precision), "run", taken[0].Class(precision))
	}
	if n := c.Int("workers"); n > len(taken) {
		return usagef("--workers %d: there is one for each GPU, and %d can be used", n, len(taken))
	} else if n > 0 {
		taken = taken[:n]
	}
	s.Device, s.NumericClass, s.Threads = precision.Device(), taken[0].Class(precision), max(1, threads/len(taken))
	s.FLOPS = taken[0].FLOPS(precision)
	for _, d := range taken {
		s.Devices = append(s.Devices, d.Visible)
		s.FLOPS = min(s.FLOPS, d.FLOPS(precision))
	}
	return nil
}

// tellLibrary makes the children multiply with what the device was found to multiply with, which is part of the numeric class.
func tellLibrary(log *slog.Logger, d cuda.Device) {
	use := "off"
	switch {
	case d.Library != "":
		use = d.Library
		log.Info("cublasLt multiplies matrices", "library", d.Library, "numeric_class_part", d.Products)
	case d.Note != "":
		log.Warn("cublasLt is not used, our own kernels multiply", "why", d.Note)
	}
	os.Setenv(cuda.CublasLtVariable, use)
}

// sayWhyCPU says aloud why no GPU is used, where one might be expected.
func sayWhyCPU(log *slog.Logger, why error) {
	if _, err := os.Stat("/dev/nvidiactl"); err == nil || !errors.Is(why, cuda.ErrNotBuilt) {
		log.Warn("computing on the CPU", "why", why)
	}
}

// findGPUs lists the GPUs that can be seen, without a call of the driver in this process.
func findGPUs(ctx context.Context) ([]cuda.Device, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return cuda.Discover(ctx, os.Getenv(cuda.VisibleVariable), func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, self, "probe")
	})
}

// probeCommand is the process that asks the driver; people have no use for it.
func probeCommand() *cli.Command {
	return &cli.Command{
		Name: "probe", Hidden: true, Usage: "list the GPUs that the driver shows to this process, as JSON",
		Action: func(*cli.Context) error {
			var found cuda.Found
			var err error
			if found.Devices, err = cuda.Probe(); err != nil {
				found.Problem = err.Error()
			}
			return json.NewEncoder(os.Stdout).Encode(found)
		},
	}
}

func devicesCommand() *cli.Command {
	return &cli.Command{
		Name: "devices", Category: categoryInspect, Usage: "list what the program can run on here, and why not on the rest",
		Description: example("longfirst devices"),
		Action: func(c *cli.Context) error {
			s := worker.Settings{Device: "cpu"}
			if err := describeCPU(&s); err != nil {
				return err
			}
			fmt.Printf("cpu   %d threads usable of %d, %s/%s, numeric class %s\n", usableThreads(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, s.NumericClass)
			gpus, err := findGPUs(c.Context)
			for i, g := range gpus {
				verdict := "numeric class " + g.Class(cuda.BF16)
				if err := g.Usable(); err != nil {
					verdict = err.Error()
				}
				fmt.Printf("cuda  %d: %s, %s, %d SMs, compute capability %d.%d, at %s, %s, %s\n",
					i, g.Name, bytesText(g.Memory), g.SMs, g.Major, g.Minor, g.Bus, g.Visible, verdict)
				if g.Note != "" {
					fmt.Printf("cuda  %d: cublasLt is not used: %s\n", i, g.Note)
				}
			}
			if errors.Is(err, cuda.ErrNotBuilt) {
				err = fmt.Errorf("%w; %s", err, remedyNotBuilt)
			}
			if err != nil {
				fmt.Printf("cuda  not available: %v\n", err)
			}
			return nil
		},
	}
}
