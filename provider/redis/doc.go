// Package redis provides instances on a Redis or Valkey server: each is a prefix of keys
// and channels, or a logical database, and each binding an ACL user of its own.
//
// The server keeps its users in memory, and each replica and each node of a cluster has
// its own. So the provider makes users on every node, and makes them again from the
// records of the engine when a node has forgotten them.
//
// What the server must know and the engine does not, such as who has which logical
// database, is in a hash that no binding can reach, see registry.go.
package redis
