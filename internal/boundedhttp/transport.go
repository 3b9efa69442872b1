// Package boundedhttp limits what the servers of others can send to this process: key
// sets, and the documents of OpenID Connect providers.
package boundedhttp

import "net/http"

// MaxResponse is the size of the largest response that a [Transport] reads, in bytes.
const MaxResponse = 1 << 20

// A Transport sends requests by another one, and limits the size of the responses: to
// read more than MaxResponse bytes of a body fails with an [http.MaxBytesError].
type Transport struct {
	// Base sends the requests; [http.DefaultTransport] if nil.
	Base http.RoundTripper
}

var _ http.RoundTripper = Transport{}

// RoundTrip implements [http.RoundTripper].
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	response, err := base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = http.MaxBytesReader(nil, response.Body, MaxResponse)
	return response, nil
}
