// Package nats provides accounts of a NATS server: a [durable.Provider] and its
// [provider.Definition].
//
// The server runs in operator mode with a full resolver. An instance is an account; a
// binding is a user of the account, whose JWT is signed by a key of its own. The account
// lists the keys of its bindings, so a user is valid only while its key is listed:
// nothing has to be revoked, and a server that lost its accounts refuses all logins.
//
// Nothing but public keys is kept after a bind: the seed that signed a user is thrown
// away, and the seed of the user is part of its credentials only.
package nats
