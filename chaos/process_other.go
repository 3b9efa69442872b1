//go:build unix && !linux

package main

import "syscall"

// attributes puts the process into a process group of its own, so that Ctrl-C does
// not reach it. The process ends when its standard input ends.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
