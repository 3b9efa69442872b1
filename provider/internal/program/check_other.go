//go:build !unix

package program

import "io/fs"

const (
	executableSuffix = ".exe"
	needsInterpreter = false
)

func checkMode(string, fs.FileInfo) error { return nil }

func checkWriters(string, fs.FileInfo) error { return nil }
