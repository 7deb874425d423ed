//go:build unix && !linux

package index

import "errors"

func mountSmall(string, int) error { return errors.ErrUnsupported }
