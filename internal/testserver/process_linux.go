package testserver

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// attributes returns the attributes of a process that runs as the account, and that
// the kernel kills if the thread that starts it ends.
func attributes(account *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: account, Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// children returns the child processes of a process.
func children(parent int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue // The entry is not a process.
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // The process has ended.
		}
		if err != nil {
			return nil, err
		}
		// The text is "pid (name) state ppid ...", and name may contain anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 {
			return nil, fmt.Errorf("testserver: unexpected text in /proc/%d/stat", pid)
		}
		if string(fields[1]) == strconv.Itoa(parent) {
			found = append(found, pid)
		}
	}
	return found, nil
}
