package main

import "syscall"

// attributes makes a process end with the thread that started it, so that a
// paused replica does not outlive this program.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
