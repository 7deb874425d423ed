//go:build !longfirst_debug || !(linux || darwin || windows)

package mapped

import "golang.org/x/exp/mmap"

// release ends a mapping.
func release(reader *mmap.ReaderAt, _ []byte) error { return reader.Close() }
