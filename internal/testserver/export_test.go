//go:build unix

package testserver

// For the tests of directories.
var (
	MakeDirectory = makeDirectory
	OpenLock      = openLock
	Hold          = hold
	Sweep         = sweep
	ErrSwept      = errSwept
)
