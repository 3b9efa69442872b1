// Package sqlitefile provides SQLite databases as a service: each instance is a
// database file, each binding a name for it. It needs nothing but a directory,
// so it is what a broker offers before anything else is configured, and the
// shortest example of a [durable.Provider].
//
// An instance is a directory, named by [durable.Instance.ResourceName], with the
// database and one symbolic link for each binding. Directories appear and
// disappear by a rename, so an instance is either there or not, whenever the
// process dies.
//
// SQLite has neither users nor quotas of its own. Quota and mode are part of the
// DSN that a binding gets, and hold for clients that use it; deleting a binding
// deletes its link, so that the DSN opens nothing any more. They are no
// protection from a client that looks for the file itself: that is up to the
// permissions of the directory, 0700.
//
// The package does not own what is recorded about instances (that is the
// engine's), and does not look into the databases.
package sqlitefile
