//go:build !unix

package config

import "io/fs"

// Elsewhere access is not a matter of mode bits: files inherit it from their
// directory, which the operator protects.
func checkMode(string, fs.FileInfo) error { return nil }

func checkDirectoryMode(string, fs.FileInfo) error { return nil }
