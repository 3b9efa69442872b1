// Package openbroker is the protocol layer of the Open Service Broker API
// (OSB) 2.17: the types of its requests and responses, the [Broker] contract,
// and [NewHandler], which turns a Broker into an [net/http.Handler].
//
// The handler owns everything that is the same for every broker: headers,
// authentication, API versions, routing, JSON, status codes, the checks
// against the catalog, and holding the broker's answers to the specification.
// It keeps no state. What an instance or a binding is, and where it is
// recorded, is the Broker's business.
//
// A broker embeds [Unimplemented] and writes the methods that it supports:
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
