// Package cuda is the backend for NVIDIA GPUs, over gorgonia.org/cu. It is built with the tag "cuda", which needs cgo and
// NVIDIA's headers (make build-cuda) on Linux; the program then runs on machines without a GPU as well. Without the tag
// the package says so.
//
// A process that calls the driver holds memory on every GPU it sees, and can't have its mind changed about which these
// are. So the process that starts others never calls it: Discover has a short-lived child call Probe, and each worker
// process opens the one GPU that its environment leaves visible.
package cuda

import (
	"fmt"
	"strings"
)

// VisibleVariable is the environment variable by which the driver confines a process to some GPUs.
const VisibleVariable = "CUDA_VISIBLE_DEVICES"

// Device is a GPU as the driver describes it, or a part of one (MIG).
type Device struct {
	Visible string `json:"visible"` // the value of CUDA_VISIBLE_DEVICES that leaves it alone visible
	Name    string `json:"name"`
	Bus     string `json:"bus"`    // PCI domain:bus:device
	Memory  int64  `json:"memory"` // bytes
	SMs     int    `json:"sms"`    // streaming multiprocessors
	Major   int    `json:"major"`  // compute capability
	Minor   int    `json:"minor"`

	// Products says what multiplies matrices of 16 bits: "" the kernels for every device, else ProductsWgmma or a version
	// of cublasLt. The environment and what is installed decide.
	Products string `json:"products,omitempty"`
	Library  string `json:"library,omitempty"` // cublasLt's file, where it multiplies
	Note     string `json:"note,omitempty"`    // why a library that is there does not
}

// ProductsWgmma is our own GEMM for Hopper, of bf16, where its tiles fit, and productsWgmmaAll wherever it computes at all.
const (
	ProductsWgmma    = "wgmma"
	productsWgmmaAll = "wgmma-all"
)

// WgmmaVariable is the environment variable that chooses ProductsWgmma ("on") on devices of compute capability 9.0. It does
// not choose itself, as it has not been run on a GPU yet.
const WgmmaVariable = "LONGFIRST_WGMMA"

// CublasLtVariable is the environment variable that names cublasLt, or says "off". Where it is unset, the library is looked for
// on devices that our own kernels can't exhaust.
const CublasLtVariable = "LONGFIRST_CUBLASLT"

// Usable returns nil, or why the kernels can't run on the device.
func (d Device) Usable() error {
	if d.Major < 8 {
		return fmt.Errorf("%w: %s has compute capability %d.%d, the kernels need 8.0 (bf16 tensor cores: A100, RTX 30 or newer); --device cpu computes on the CPU",
			ErrUnusable, d.Name, d.Major, d.Minor)
	}
	return nil
}

// Class names the numerics of the device: the precision, the compute capability, whose tensor cores add in an order of their
// own, and what multiplies, unless that is the kernels for every device.
func (d Device) Class(p Precision) string {
	class := fmt.Sprintf("cuda-%s-sm%d%d-%d", p, d.Major, d.Minor, kernelVersion)
	if d.Products == "" || p == FP32 || p == FP16 && strings.HasPrefix(d.Products, ProductsWgmma) {
		return class
	}
	return class + "-" + d.Products
}

// tensorRates are the bf16 operations a clock period that a multiprocessor's tensor cores do with sums in fp32, and the
// clock in Hz, by compute capability: NVIDIA's architecture papers. A newer one counts as the last.
var tensorRates = []struct {
	major, minor int
	perClock, hz float64
}{
	{8, 0, 2048, 1.41e9},
	{8, 6, 512, 1.70e9},
	{8, 9, 512, 2.52e9},
	{9, 0, 4096, 1.83e9},
}

// Peak returns the floating-point operations a second of the device's tensor cores.
func (d Device) Peak() float64 {
	rate := tensorRates[0]
	for _, r := range tensorRates {
		if d.Major > r.major || d.Major == r.major && d.Minor >= r.minor {
			rate = r
		}
	}
	return rate.perClock * rate.hz * float64(d.SMs)
}

// Shares of the peak that sizes of work are chosen by. Without tensor cores it is that of the multiply-add units.
const (
	reached     = 0.4
	reachedFP32 = 0.04
)

// FLOPS returns what work on the device is sized by.
func (d Device) FLOPS(p Precision) float64 {
	if p == FP32 {
		return reachedFP32 * d.Peak()
	}
	return reached * d.Peak()
}
