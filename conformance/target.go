package conformance

import "net/http"

// A Target is the broker under test and how to log in.
type Target struct {
	// URL is where the broker is, without /v2: "https://broker.example.com" or
	// with a prefix "https://example.com/broker". http and https only. It must
	// not contain credentials.
	URL string
	// Username and Password are for HTTP basic authentication.
	Username, Password string
	// Bearer is a token for the Authorization header, instead of a password.
	Bearer string
	// Client has the transport to use, with its TLS settings and client
	// certificates; nil means one with defaults. Its redirect policy, cookie
	// jar and timeout are not used.
	Client *http.Client
	// AnonymousClient is a client that does not log in, for the checks that the
	// broker refuses it; needed only if Client logs in with a certificate.
	AnonymousClient *http.Client
}
