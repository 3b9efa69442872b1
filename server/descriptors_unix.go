//go:build unix

package server

import "syscall"

// descriptorLimit returns the limit of open files and connections of the process, or
// 0 if it is unlimited or unknown. The Go runtime has raised the soft limit to the
// hard limit.
func descriptorLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<30 {
		return 0
	}
	return int(limit.Cur) // At most 1<<30.
}
