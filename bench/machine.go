package bench

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"longfirst/bench/limits"
)

// Machine is what results depend on beside the program.
type Machine struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"` // that the process may use
	FMALevel string `json:"fma_level"`
	Go       string `json:"go"`
}

func thisMachine() Machine {
	name := strings.Join(strings.Fields(cpuid.CPU.BrandName), " ")
	if name == "" {
		name = "unknown " + runtime.GOARCH
	}
	return Machine{runtime.GOOS, runtime.GOARCH, name, runtime.NumCPU(), limits.FMALevel(), runtime.Version()}
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// slug names the machine in a folder's name: amd-epyc-2-cores.
func (m Machine) slug() string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(m.CPU), "-"), "-") + fmt.Sprintf("-%d-cores", m.Cores)
}
