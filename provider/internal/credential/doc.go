// Package credential has what the credentials of all services have in common: names,
// passwords, and the keys that consumers accept.
package credential
