//go:build linux

// Command init is the only process of the emulated machine: it runs the commands that /commands lists, one a line, each
// after the folder it runs in, says on the console how they ended, and powers off.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	os.Mkdir("/tmp", 0o1777)
	for folder, system := range map[string]string{"/proc": "proc", "/dev": "devtmpfs"} {
		os.Mkdir(folder, 0o755)
		if err := syscall.Mount(system, folder, system, 0, ""); err != nil {
			fmt.Println("mount", folder, err)
		}
	}
	fmt.Println("features:", features())
	verdict := "EMULATOR: all commands passed"
	if err := runAll(); err != nil {
		fmt.Println(err)
		verdict = "EMULATOR: failed"
	}
	fmt.Println(verdict)
	drain()
	err := syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	fmt.Println("power off:", err)
}

// features returns what the processor says it has of AVX-512.
func features() []string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return []string{err.Error()}
	}
	return regexp.MustCompile(`avx512\w+`).FindAllString(string(text), -1)
}

// runAll runs every command, also after one that failed.
func runAll() error {
	f, err := os.Open("/commands")
	if err != nil {
		return err
	}
	defer f.Close()
	failed := 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		c := exec.Command(words[1], words[2:]...)
		c.Dir, c.Stdout, c.Stderr = words[0], os.Stdout, os.Stderr
		c.Env = []string{"HOME=/tmp", "TMPDIR=/tmp"}
		begin := time.Now()
		err := c.Run()
		fmt.Printf("%s: %v, %v of emulated time\n", lines.Text(), err, time.Since(begin).Round(time.Millisecond))
		if err != nil {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d commands failed", failed)
	}
	return lines.Err()
}

// drain waits until the console has sent what was written to it.
func drain() {
	const tcsbrk = 0x5409
	syscall.Syscall(syscall.SYS_IOCTL, os.Stdout.Fd(), tcsbrk, 1)
}
