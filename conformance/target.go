package conformance

import "net/http"

// A Target is the broker under test with its credentials.
type Target struct {
	// URL is the address of the broker without /v2, such as
	// "https://broker.example.com" or, with a prefix,
	// "https://example.com/broker". The scheme is http or https. The URL must not
	// contain credentials.
	URL string
	// Username and Password are the credentials for HTTP basic authentication.
	Username, Password string
	// Bearer is a token for the Authorization header. It replaces the password.
	Bearer string
	// Client has the transport to use, with its TLS settings and client
	// certificates. Nil means the default transport. The redirect policy, cookie
	// jar and timeout of Client are ignored.
	Client *http.Client
	// AnonymousClient sends the requests without credentials. It is required only
	// if Client logs in with a certificate.
	AnonymousClient *http.Client
}
