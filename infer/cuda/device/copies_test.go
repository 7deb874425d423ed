//go:build cuda

package device_test

import (
	"os"
	"testing"

	"longfirst/infer/cuda/device"
)

// BenchmarkCopies measures how fast pinned memory is copied to the device and back. It runs where LONGFIRST_TEST_CUDA says that
// there is a device.
func BenchmarkCopies(b *testing.B) {
	if os.Getenv("LONGFIRST_TEST_CUDA") == "" {
		b.Skip("make gpu-check runs this")
	}
	bytes := 256 << 20
	if testing.Short() {
		bytes = 1 << 20
	}
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := device.Count(); err != nil {
		b.Fatal(err)
	}
	c, err := device.Open(0)
	must(err)
	defer func() { must(c.Close()) }()
	queue, err := c.NewStream()
	must(err)
	defer func() { must(queue.Close()) }()
	host, err := c.AllocatePinned(bytes)
	must(err)
	defer func() { must(host.Free()) }()
	memory, err := c.Allocate("a copy", int64(bytes))
	must(err)
	defer func() { must(memory.Free()) }()
	for name, queued := range map[string]func() error{
		"to device":   func() error { return queue.CopyIn(memory.Address(), host, 0, bytes) },
		"from device": func() error { return queue.CopyOut(host, 0, bytes, memory.Address()) },
		"clear":       func() error { return queue.Clear(memory) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(bytes))
			for range b.N {
				must(queued())
			}
			must(queue.Wait())
		})
	}
}
