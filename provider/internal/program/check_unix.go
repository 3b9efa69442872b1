//go:build unix

package program

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

const (
	executableSuffix = ""
	needsInterpreter = true
)

func checkMode(path string, info fs.FileInfo) error {
	if info.Mode()&0o111 == 0 {
		return fmt.Errorf("the program %s is not executable: run chmod +x %[1]s", path)
	}
	if err := unix.Access(path, unix.X_OK); err != nil {
		return fmt.Errorf("the user of the broker cannot execute the program %s: %w", path, err)
	}
	return checkWriters(path, info)
}

// checkWriters refuses a file with which every user could become the broker.
func checkWriters(path string, info fs.FileInfo) error {
	if info.Mode()&0o002 != 0 {
		return fmt.Errorf("all users of the machine can change %s, and so run programs as the broker: run chmod o-w %[1]s", path)
	}
	return nil
}
