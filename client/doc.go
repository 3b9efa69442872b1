// Package client calls service brokers: every call of the Open Service Broker
// API 2.17, for brokers of version 2.11 and later.
//
// A [Client] is an [openbroker.Broker] that lives elsewhere. It takes the same
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
// The package owns the wire as a platform sees it: headers, encoding, decoding
// in a lenient and a strict way, time limits, repetition, polling and orphan
// mitigation. It does not own a record of what was created, and it does not
// check parameters against the catalog.
//
// # Repetition
//
// Calls that only read are repeated with back-off if the connection breaks or
// the broker answers 429, 502, 503 or 504. A PUT or DELETE that breaks off
// without an answer is sent once more with the same ids, since the first one may
// have been carried out. A PATCH is never repeated. Redirects are errors.
//
// # Errors
//
// A broker that answers with an error, or with something that the specification
// does not allow, is a [*ResponseError]. No answer at all is a
// [*TransportError]. [errors.As] finds an [*openbroker.Error] in a ResponseError,
// and [errors.Is] the sentinels of package openbroker, such as
// [openbroker.ErrConcurrency]. An operation that failed is an [*OperationError].
// None of them holds a password, a token, parameters or credentials.
package client
