package bench

import (
	"time"

	"golang.org/x/sys/windows"
)

// cpuTime returns the CPU time of all threads of the process so far; Windows keeps none of children that ended. It can't
// fail for the process itself.
func cpuTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user) != nil {
		return 0
	}
	return ticks(kernel) + ticks(user)
}

// ticks converts a span of 100 ns units.
func ticks(t windows.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
