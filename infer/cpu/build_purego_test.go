//go:build purego

package cpu

const pureGoBuild = true
