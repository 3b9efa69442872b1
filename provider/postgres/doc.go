// Package postgres provides PostgreSQL databases as a service: an instance is a
// database of its own, or a schema in a shared database, and a binding is a login role.
//
// The roles of an instance outlive its bindings. The owner role has no login and owns
// what applications make; the login role of a binding acts as the owner (ALTER ROLE …
// SET role), so that tables belong to the instance, and every binding can change those of
// the others. The reader role is for bindings with the mode ro. The broker's account owns
// the database, so that no binding can drop it, and has every role that it made.
//
// The server never gets a password: the broker makes its SCRAM verifier. The records of
// an operation are on the server itself: what Deprovision and Unbind delete is found
// there, and not in a plan or a checkpoint.
//
// The package does not record instances and bindings: the engine does. It is for
// PostgreSQL 14 and newer.
package postgres
