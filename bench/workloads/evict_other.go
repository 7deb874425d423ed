//go:build !linux

package workloads

import "errors"

// canEvict tells whether evict works on this system.
const canEvict = false

func evict(string) error { return errors.ErrUnsupported }
