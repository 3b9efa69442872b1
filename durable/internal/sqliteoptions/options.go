// Package sqliteoptions holds the options of package sqlitestore, so that tests of
// the engine can set those that the package does not offer to programs.
package sqliteoptions

import "time"

// Options are the options of a store.
type Options struct {
	// Now is the clock from which all times of the store come. It is safe for
	// concurrent use.
	Now func() time.Time
	// Exclusive makes a store that is attached take the lock on the database.
	Exclusive bool
	// New allows a store that is opened to create a database that is missing.
	New bool
	// Adopt makes a store accept a database that lacks acknowledged changes.
	Adopt bool
}
