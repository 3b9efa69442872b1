//go:build !unix

package program

import (
	"os"
	"os/exec"
	"syscall"
)

const passesDescriptors = false

func separate(*exec.Cmd) {}

// signalGroup ends the process: there are no signals and no groups.
func signalGroup(process *os.Process, _ syscall.Signal) {
	_ = process.Kill() // It may have ended.
}
