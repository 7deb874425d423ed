package worker

import (
	"os"
	"runtime"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// machine names the machine that this process runs on, for people.
func machine() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return strings.Join([]string{host, strings.TrimSpace(cpuid.CPU.BrandName), runtime.GOOS + "/" + runtime.GOARCH}, ", ")
}
