//go:build !linux

package sqlitestore

import "os"

// lockInode does nothing on systems where it would conflict with the locks of
// SQLite. There, only the lock file excludes other processes.
func lockInode(*os.File) (bool, error) { return true, nil }
