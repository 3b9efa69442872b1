// Package router combines several brokers into one [openbroker.Broker]: [New]
// merges their services into one catalog and routes each request to the broker of
// the service.
//
// # How the router finds a broker
//
// The first of these values that names a known service or plan selects the
// broker:
//
//  1. the operation of a poll, which contains a service id (see below)
//  2. service_id
//  3. plan_id
//
// Provision, Update and Bind always have a service_id. Other calls may lack all
// three values, or name a service that is no longer in the catalog. In that case
// the router tries the brokers one after the other, in the order of New. If a
// broker returns an error that means "not mine" (ErrInstanceDoesNotExist,
// ErrBindingDoesNotExist, or the status 404, 410 or 501), the router goes on to
// the next one. It returns any other result, including other errors: a broker
// that fails may own the instance. If no broker knows the instance, the router
// prefers a 410 to a 404, and both to a 501. So it answers a deletion with 410
// only if no broker has anything to delete.
//
// Trying costs up to one call per broker, and it relies on brokers that know
// their own instances. A broker that answers the deletion of an unknown instance
// with 200 takes requests away from the brokers after it. Pass such a broker to New
// last.
//
// A rotation without service_id (spec.md, "Request (Rotating a Service
// Binding)") creates a binding, so the router does not try it out. Among the
// brokers with a rotatable plan, it calls GetBinding for the predecessor, then
// GetInstance; the first broker that knows either gets the request. A single such
// broker gets the request directly. If no broker knows them, the router tries Bind
// itself on these brokers.
//
// # Operations
//
// The router wraps the operation of an accepted response together with a service
// id, so that a poll finds its broker without hints. A wrapped operation consists
// of unreserved URL characters, because some platforms do not escape it. The
// broker gets its own operation back byte for byte.
//
// The router also understands operations of openbrokerapi's Router: a service id,
// optionally followed by a space and an operation. So operations that were
// running during a migration can be polled. Any other operation reaches its
// broker unchanged, so that a router can be added in front of a running broker.
//
// # What this package does not own
//
// The router stores nothing but an index of the catalogs: the brokers know which
// instances they have. It does not authenticate requests, and it does not start
// or stop the brokers.
package router
