package auth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/openbroker/openbroker"
)

// realm is the protection space that challenges name (RFC 9110, 11.5). The
// broker has a single one: every caller may use every endpoint.
const realm = "openbroker"

// basicChallenge is the challenge of RFC 7617.
const basicChallenge = `Basic realm="` + realm + `", charset="UTF-8"`

// maxHeaderSize is the longest accepted Authorization header, in bytes.
const maxHeaderSize = 16 << 10

// errNoCredentials is the cause of a 401 for a request without credentials of
// the expected scheme. Any omits it if another scheme reports a better reason.
var errNoCredentials = errors.New("the request carries no credentials of this scheme")

var (
	errAbsent         = openbroker.ErrUnauthorized.WithCause(errNoCredentials)
	errRepeatedHeader = openbroker.ErrUnauthorized.WithCause(errors.New("the header Authorization occurs more than once"))
	errLongHeader     = openbroker.ErrUnauthorized.WithCause(errors.New("the header Authorization is longer than 16384 bytes"))
)

// authorization returns the part of the Authorization header after the scheme.
// Schemes are case-insensitive (RFC 9110, 11.1).
func authorization(r *http.Request, scheme string) (string, *openbroker.Error) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", errAbsent
	}
	if len(values) > 1 {
		// A proxy and the broker might each read a different one.
		return "", errRepeatedHeader
	}
	given, rest, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(given, scheme) {
		return "", errAbsent
	}
	if len(rest) > maxHeaderSize {
		return "", errLongHeader
	}
	return strings.Trim(rest, " "), nil
}

// refuse returns a 401. The cause appears in the log only.
func refuse(cause string) *openbroker.Error {
	return openbroker.ErrUnauthorized.WithCause(errors.New(cause))
}
