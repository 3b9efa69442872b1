// Package frombrokerapi runs an unchanged broker for the Go library brokerapi, version
// 8 to 13, on the handler of package openbroker:
//
//	handler := openbroker.NewHandler(frombrokerapi.Adapt(myBroker))
//
// It does not import that library. Go infers the types of the broker's methods, and
// the package converts values by way of JSON. See docs/from-brokerapi.md.
//
// The package owns the translation of requests, responses and errors. It has no state:
// the broker itself must still record which instances exist.
package frombrokerapi
