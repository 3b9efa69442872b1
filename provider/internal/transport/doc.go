// Package transport has what the connections of all providers to their servers have in
// common: the settings of TLS, and which errors mean that a server is away.
package transport
