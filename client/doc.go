// Package client calls service brokers. It has every call of the Open Service Broker
// API 2.17 and works with brokers of version 2.11 and later.
//
// A [Client] is an [openbroker.Broker] that runs elsewhere. It accepts the same
// requests and returns the same responses as a broker in this process:
//
//	c, err := client.New("https://broker.example.com", client.WithBasicAuth("user", password))
//	...
//	response, err := c.Provision(ctx, &openbroker.ProvisionRequest{
//		InstanceID: id, ServiceID: service.ID, PlanID: plan.ID,
//		OrganizationGUID: organization, SpaceGUID: space, AcceptsIncomplete: true,
//	})
//	if response.Outcome == openbroker.Accepted {
//		_, err = c.Wait(ctx, client.ProvisionOperation(request, response), nil)
//	}
//
// The package owns the platform's side of the protocol: headers, encoding, lenient
// and strict decoding, time limits, repetition, polling and orphan mitigation. It
// does not record which instances and bindings exist, and it does not check
// parameters against the catalog.
//
// # Repetition
//
// The client repeats calls that only read, with back-off, if the connection breaks
// or the broker responds with 429, 502, 503 or 504. It sends a PUT or DELETE that
// gets no response once more with the same ids, since the broker may have executed
// the first one. It never repeats a PATCH. Redirects are errors.
//
// # Errors
//
// If the broker responds with an error, or violates the specification, the call
// returns a [*ResponseError]. If the broker does not respond, it returns a
// [*TransportError]. [errors.As] finds an [*openbroker.Error] in a ResponseError,
// and [errors.Is] the sentinels of package openbroker, such as
// [openbroker.ErrConcurrency]. A failed operation is an [*OperationError]. No error
// contains a password, a token, parameters or credentials.
package client
