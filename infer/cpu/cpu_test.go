package cpu

import (
	"fmt"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/backend/conformance"
)

func TestConformance(t *testing.T) {
	for _, threads := range []int{1, 3} {
		t.Run(fmt.Sprintf("threads=%d", threads), func(t *testing.T) {
			conformance.Run(t, func() backend.Backend { return newBackend(t, threads) })
		})
	}
}

func newBackend(t testing.TB, threads int) *Backend {
	t.Helper()
	b, err := New(threads)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
