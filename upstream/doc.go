// Package upstream is a proxy: it puts the handler of this module in front of an
// existing broker, which may be written in any language and needs no change. The
// handler adds authentication, API versions, validation against the catalog, request
// identities and JSON errors. This package checks the responses of the broker against
// the specification.
//
// The package owns the translation between a broker that is old (2.11 or later) or
// careless, and a platform that expects 2.17. It stores nothing but the catalog: it
// neither records instances and bindings, nor deletes orphans.
package upstream
