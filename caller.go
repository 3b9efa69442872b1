package openbroker

import (
	"context"
	"net/http"
)

// DefaultPlatform is the platform of callers whose credential names none.
const DefaultPlatform = "default"

// A Principal is the authenticated sender of a request. It identifies a credential
// of the platform, not a user of the platform.
type Principal struct {
	// Name is the user name, the subject of the token or of the certificate.
	Name string
	// Method is the authentication method, such as "basic", "bearer" or "mtls".
	Method string
	// Platform is the platform that the credential belongs to, or empty. All
	// credentials of a platform stand for the same caller, so that they can be
	// rotated.
	Platform string
	// Scopes are the scopes of a token, or nil.
	Scopes []string
}

// A Caller describes the sender of a request.
type Caller struct {
	// Principal is the zero value if the handler has no authenticator.
	Principal Principal
	// Platform is the platform of the path prefix (see [WithPlatformPrefix]), else
	// that of the principal, else DefaultPlatform. A broker must not show the
	// records of one platform to another.
	Platform string
	// Identity is the user of the platform who caused the request, or nil.
	Identity *OriginatingIdentity
	// RequestIdentity is the header X-Broker-API-Request-Identity, or empty.
	RequestIdentity string
	// APIVersion is the API version of the platform. It is zero if the header is
	// missing or malformed, which only WithoutVersionCheck allows.
	APIVersion Version
}

// An Authenticator authenticates requests (spec.md, "Platform to Service Broker
// Authentication"). Package auth provides implementations. The interface will not
// grow: new abilities become optional interfaces.
type Authenticator interface {
	// Authenticate returns the principal of r. It may be called concurrently.
	//
	// An [*Error] becomes the response. So an authenticator can respond with 503
	// while its key server is unavailable, and can set the text
	// ([Error.WithDescription]), headers and challenge ([Error.WithHeader]) of a
	// 401. Any other error becomes ErrUnauthorized. Errors must not contain
	// credentials.
	Authenticate(r *http.Request) (Principal, error)
	// Challenges returns the values of the WWW-Authenticate header, such as
	// `Basic realm="openbroker"`, for a 401 whose error does not set the header.
	Challenges() []string
}

type callerKey struct{}

// CallerFrom returns the caller that [Middleware] put into the context of a
// request, or the zero value in any other context. A [Broker] finds the caller in
// the request structs instead.
func CallerFrom(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(*Caller)
	if caller == nil {
		return Caller{}
	}
	return *caller
}
