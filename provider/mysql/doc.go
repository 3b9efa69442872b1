// Package mysql provides databases of MariaDB (10.6 and newer) and MySQL (8.0 and newer)
// as a service: each instance is a database, and each binding an account in it.
//
// The names of databases and accounts are those of durable.Instance.ResourceName and
// durable.Binding.ResourceName, so every step can be repeated. An attempt does its work
// on one connection, under a lock of the server; a later attempt ends the connection of
// an earlier one before it begins. The server gets hashes of passwords.
//
// An account that defines views, routines or triggers stays when its binding is deleted,
// locked, because they would fail without it. It is dropped with the database.
//
// The package does not record instances and bindings: the engine does. It does not read
// tables of tenants.
package mysql
