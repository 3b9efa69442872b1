// Package sqlitefile provides SQLite databases as a service: each instance is a
// database file, and each binding a link to it. It needs only a directory. Therefore
// it is the default provider of a broker without configuration, and the shortest
// example of a [durable.Provider].
//
// An instance is a directory, named after [durable.Instance.ResourceName], with the
// database and one symbolic link for each binding. Directories appear and disappear
// by a rename, so that a crash never leaves half an instance.
//
// SQLite itself has neither users nor quotas. Quota and mode are part of the DSN of a
// binding, and apply to clients that use the DSN. Deleting a binding deletes its link,
// so that the DSN no longer opens the database. Only the permissions of the directory,
// 0700, protect the databases from clients that open the files directly.
//
// The package does not record instances and bindings: the engine does. It does not
// read the databases.
package sqlitefile
