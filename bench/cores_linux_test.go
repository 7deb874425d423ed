package bench

import (
	"testing"
	"time"
)

const procStat = `cpu  1316449 825 297827 696841 17412 0 4200 3806 0 0
cpu0 627496 456 145724 386161 5518 0 1064 1909 0 0
cpu1 688953 368 152103 310680 11894 0 3136 1896 0 0
cpu12 1 1 1 7 2 0 0 5 0 0
intr 5 6 7
`

func TestParseCores(t *testing.T) {
	got := parseCores([]byte(procStat), func(core int) bool { return core != 1 })
	want := coreTimes{cores: 2, idle: (386161 + 5518 + 7 + 2) * 10 * time.Millisecond, steal: (1909 + 5) * 10 * time.Millisecond, tick: 10 * time.Millisecond}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestCoresOfThisMachine(t *testing.T) {
	if got := readCores(); got.cores < 1 || got.idle <= 0 {
		t.Errorf("%+v", got)
	}
}
