//go:build unix && !linux

package main

import "syscall"

// attributes keeps signals for this program, such as that of Ctrl-C, from the
// process. It ends with its standard input.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
