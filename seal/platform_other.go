//go:build !unix

package seal

import (
	"io/fs"
	"os"
)

// Elsewhere access is not a matter of mode bits: files inherit it from their
// directory, which the operator protects.
func checkMode(string, fs.FileInfo, fileMode) error { return nil }

func matchOwner(*os.File, fs.FileInfo) error { return nil }

// Directories cannot be flushed there.
func syncDirectory(string) error { return nil }
