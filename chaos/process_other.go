//go:build unix && !linux

package main

import "syscall"

// attributes separates the process from signals to this program, such as that
// of Ctrl-C. The process ends when its standard input ends.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
