//go:build unix

package worker

import (
	"os"
	"os/exec"
	"syscall"
)

// confineToGroup puts a child in a process group of its own: a signal typed at the terminal reaches the supervisor only,
// which then decides what becomes of its children.
func confineToGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
}

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
