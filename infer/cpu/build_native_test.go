//go:build !purego

package cpu

const pureGoBuild = false
