//go:build !linux

package cpu

func declaredLevel() (string, bool) { return "purego", pureGoBuild }
