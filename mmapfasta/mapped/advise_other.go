//go:build !(linux || darwin)

package mapped

func adviseWillNeed([]byte) {}

func adviseRandom([]byte) {}
