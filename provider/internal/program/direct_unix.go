//go:build unix

package program

import (
	"os"
	"os/exec"
	"syscall"
)

const passesDescriptors = true

// separate gives a program a session of its own, without a terminal, so that signals for
// the broker's group do not reach it.
func separate(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func signalGroup(process *os.Process, signal syscall.Signal) {
	_ = syscall.Kill(-process.Pid, signal) // The group may be gone.
	if signal == syscall.SIGTERM {
		_ = syscall.Kill(-process.Pid, syscall.SIGCONT) // A stopped process gets no TERM.
	}
}
