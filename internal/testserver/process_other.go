//go:build unix && !linux

package testserver

import (
	"errors"
	"syscall"
)

// attributes returns the attributes of a process that runs as the account. Only
// Linux ends it with its parent: on other systems, a killed test leaves its
// server running.
func attributes(account *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: account, Setpgid: true}
}

func children(int) ([]int, error) {
	return nil, errors.New("testserver: pausing a server needs Linux")
}
