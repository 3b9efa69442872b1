// Package router makes one [openbroker.Broker] out of several: [New] puts their
// services into one catalog and sends each request to the broker that has the
// service.
//
// # How a broker is found
//
// The first of these that names a known service or plan decides:
//
//  1. the operation of a poll, which says where it came from
//  2. service_id
//  3. plan_id
//
// Provision, Update and Bind always have a service_id. The other calls may lack
// all three, or name a service that has left the catalog, and still have to
// reach their broker. Then the brokers are asked, one after the other, in the
// order of New. An answer that means "not mine" (ErrInstanceDoesNotExist,
// ErrBindingDoesNotExist, and the statuses 404, 410 and 501) moves on to the
// next broker; any other answer, also an error, is the answer: a broker that
// fails may well be the one. If nobody knows the instance, a 410 is preferred
// to a 404, and both to a 501. So a deletion is answered with 410 only if no
// broker has anything to delete.
//
// Asking costs up to one call per broker, and it needs brokers that know what
// is theirs: one that answers 200 to the deletion of what it never had takes
// the request away from those behind it. Put such a broker last.
//
// A rotation without service_id (spec.md, "Request (Rotating a Service
// Binding)") creates something, so it is not tried out: the brokers that have a
// rotatable plan are asked with GetBinding for the predecessor, then with
// GetInstance, and the first that knows either gets the request. If there is
// only one such broker, it gets the request at once; if none can tell, they are
// asked with Bind itself.
//
// # Operations
//
// The operation of an accepted response is wrapped, so that a poll finds its
// broker without hints. It is made of unreserved URL characters only, because
// some platforms do not escape it, and the broker gets its own operation back
// byte for byte. Operations in the form of openbrokerapi's Router, a service id
// that may be followed by a space and an operation, are understood too, so that
// operations that were running during a migration can be polled; and any other
// operation reaches its broker as it is, so that a router can be put in front
// of a running broker.
//
// The package keeps nothing but an index of the catalogs: which instance is
// where is the brokers' business. It does not authenticate, and it does not
// start or stop the brokers.
package router
