//go:build !linux

package sqlitestore

import "os"

// lockInode does nothing on systems where it would conflict with the locks of
// SQLite. The lock file has to suffice there.
func lockInode(*os.File) (bool, error) { return true, nil }
