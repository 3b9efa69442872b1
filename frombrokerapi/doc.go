// Package frombrokerapi runs a broker that was written for the Go library brokerapi,
// version 8 to 13, on the handler of package openbroker, unchanged:
//
//	handler := openbroker.NewHandler(frombrokerapi.Adapt(myBroker))
//
// It does not import that library. Go infers the types of the broker's methods, and
// values cross over as JSON. See docs/from-brokerapi.md.
//
// The package owns the translation of requests, responses and errors. It keeps no
// state: whether an instance exists is the broker's own affair, as before.
package frombrokerapi
