//go:build !amd64 || purego

package cpu

import "sync/atomic"

// There are no vector kernels for this processor or in this build: no level above the pure Go one exists, so none of
// what would run it is ever made.

func vectorLevels() []level { return nil }

type crew struct{ steps atomic.Uint64 }

func newCrew(int) *crew { return nil }

func (*crew) close() {}

func (b *Backend) newPanelStream(c checks) *stream { return b.newPlainStream(c) }
