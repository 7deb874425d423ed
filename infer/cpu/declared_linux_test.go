package cpu

import (
	"os"
	"regexp"
	"runtime"
	"strings"
)

// declaredLevel reads from the kernel, not from where the package looks, which level the processor has.
func declaredLevel() (string, bool) {
	if runtime.GOARCH != "amd64" || pureGoBuild {
		return "purego", true
	}
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", false
	}
	line := regexp.MustCompile(`(?m)^flags\s*:(.*)$`).FindStringSubmatch(string(text))
	if line == nil {
		return "", false
	}
	flags := line[1] + " "
	switch {
	case strings.Contains(flags, " avx512f ") && strings.Contains(flags, " avx512bw "):
		return "avx512", true
	case strings.Contains(flags, " avx2 ") && strings.Contains(flags, " fma ") && strings.Contains(flags, " f16c "):
		return "avx2", true
	}
	return "purego", true
}
