// Package openbroker is the protocol layer of the Open Service Broker API
// (OSB) 2.17: the types of its requests and responses, the [Broker] contract,
// and [NewHandler], which turns a Broker into a [net/http.Handler].
//
// The package owns everything that is the same for every broker: headers, API
// versions, routing, JSON, status codes, the checks against the catalog, and the
// checks of the broker's responses against the specification. It does not own
// state: a Broker decides what an instance or a binding is and records it.
// Authentication and JSON Schema are interfaces, [Authenticator] and
// [ParameterValidator], that packages auth and catalog implement.
//
// A broker embeds [Unimplemented] and implements the methods that it supports:
//
//	type myBroker struct{ openbroker.Unimplemented }
//
//	func (b *myBroker) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
//		// create r.InstanceID ...
//		return &openbroker.ProvisionResponse{}, nil // 201 Created
//	}
//
// The clauses that doc comments cite are those of the specification,
// https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/spec.md,
// and of its profile.md. The package imports nothing but the standard library.
package openbroker
