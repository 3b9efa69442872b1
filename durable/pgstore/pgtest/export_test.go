//go:build unix

package pgtest

// For the tests of directories.
var (
	MakeDirectory = makeDirectory
	OpenLock      = openLock
	Hold          = hold
	Sweep         = sweep
	ErrSwept      = errSwept
)
