package openbroker

import (
	"context"
	"net/http"
)

// DefaultPlatform is the platform of callers whose credential names none.
const DefaultPlatform = "default"

// A Principal is who an [Authenticator] found a request to come from. It
// identifies a credential of the platform, not a user of it.
type Principal struct {
	// Name is the user name, the subject of the token or of the certificate.
	Name string
	// Method is how it was established, such as "basic", "bearer" or "mtls".
	Method string
	// Platform is the platform that the credential belongs to, or empty. Two
	// credentials of one platform stand for the same caller, so that they can
	// be rotated.
	Platform string
	// Scopes are those of a token, or nil.
	Scopes []string
}

// A Caller is what the headers of a request say about its sender.
type Caller struct {
	// Principal is the zero value if the handler does not authenticate.
	Principal Principal
	// Platform is that of the path prefix (see [WithPlatformPrefix]), else that
	// of the principal, else DefaultPlatform. What is recorded for one platform
	// must be unknown to another one.
	Platform string
	// Identity is the user who caused the request, or nil.
	Identity *OriginatingIdentity
	// RequestIdentity is the header X-Broker-API-Request-Identity, or empty.
	RequestIdentity string
	// APIVersion is the version that the platform speaks; zero if the check is
	// off and the header is missing or malformed.
	APIVersion Version
}

// An Authenticator decides who a request comes from (spec.md, "Platform to
// Service Broker Authentication"). Package auth has implementations.
type Authenticator interface {
	// Authenticate returns the principal of r. An error that is no [*Error]
	// counts as ErrUnauthorized; an *Error is answered as it is, so that an
	// authenticator whose key server is away can answer 503, and one can give its
	// own text ([Error.WithDescription]), headers and challenge
	// ([Error.WithHeader]). Errors must not repeat the credentials. It is called
	// by many goroutines at once.
	Authenticate(r *http.Request) (Principal, error)
	// Challenges returns the values of the WWW-Authenticate header that go with
	// a 401 whose error brings none of its own, such as `Basic realm="openbroker"`.
	Challenges() []string
}

type callerKey struct{}

// CallerFrom returns the caller that [Middleware] put into the context of a
// request. It is the zero value in any other context; a [Broker] finds the
// caller in its request.
func CallerFrom(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(*Caller)
	if caller == nil {
		return Caller{}
	}
	return *caller
}
