// Package webhook provides services that an HTTP server in any language makes: the
// receiver. Each operation is a signed request to one URL; docs/webhook-provider.md is the
// contract.
//
// The messages are those of provider/internal/message, as for programs. Requests have
// signatures of Standard Webhooks. The receiver answers at once, or accepts the request by
// a 202: then the provider polls, or the receiver sends the answer to the broker, signed
// too.
//
// The package keeps no state besides the checkpoint of the operation. Another process
// continues an operation by polling where the last one did, or by sending the request
// again. It does not know what the receiver does.
package webhook
