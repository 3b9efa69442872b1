//go:build !unix

package seal

import (
	"io/fs"
	"os"
)

// checkMode accepts every file. These systems do not use mode bits: files inherit
// access rights from their directory, which the operator protects.
func checkMode(string, fs.FileInfo, fileMode) error { return nil }

func matchOwner(*os.File, fs.FileInfo) error { return nil }

// syncDirectory does nothing: these systems cannot flush directories.
func syncDirectory(string) error { return nil }
