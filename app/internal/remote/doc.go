// Package remote is where commands find catalogs and brokers: the flags, the environment
// variables and the URLs that name them, and the credentials for them.
package remote
