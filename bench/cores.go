package bench

import "time"

// coreTimes tells what the cores that this process may use did until now, as the operating system counts it.
type coreTimes struct {
	cores int
	idle  time.Duration // of all of them together; waiting for a disk is idling
	steal time.Duration // in which a virtual machine's host ran something else
	tick  time.Duration // what one core's times may be off by
}

// lost returns what share of the time of the cores that a sample needed was used by others while it ran: by other
// processes, as far as they had no core to spare, and by the host. A sample that kept fewer cores busy than it had threads
// needed as many as it had threads. What may be an error of the counts is not lost.
func (before coreTimes) lost(after coreTimes, e Elapsed, threads int) float64 {
	if e.Wall <= 0 || before.cores == 0 || before.cores != after.cores {
		return 0
	}
	cores := float64(before.cores)
	wall, own := e.Wall.Seconds(), e.CPU.Seconds()
	needed := min(max(float64(threads), own/wall), cores)
	steal := (after.steal - before.steal).Seconds()
	idle := (after.idle - before.idle).Seconds()
	doubt := cores * before.tick.Seconds()
	others := max(0, cores*wall-idle-steal-own-(cores-needed)*wall)
	return max(0, others+steal-doubt) / (needed * wall)
}
