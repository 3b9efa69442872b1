//go:build unix

package server

import "syscall"

// descriptorLimit returns how many files and connections the process may have
// open, or 0 if that is unlimited or unknown. The Go runtime has raised the soft
// limit to the hard one.
func descriptorLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<30 {
		return 0
	}
	return int(limit.Cur) // It is below 1<<30.
}
