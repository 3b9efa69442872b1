// Package upstream puts the handler of this module in front of a broker that stays as
// it is, in any language: authentication, API versions, validation against the catalog,
// request identities and JSON errors are those of the handler, and what the broker
// answers is held to the specification.
//
// It owns the translation between a broker that may be old (2.11 or later) or careless,
// and a platform that expects 2.17. It keeps no state but the catalog.
package upstream
