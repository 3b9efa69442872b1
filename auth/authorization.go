package auth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/openbroker/openbroker"
)

// realm is the protection space that challenges name (RFC 9110, 11.5). There is
// one: whoever may use the broker may use all of it.
const realm = "openbroker"

// basicChallenge is that of RFC 7617.
const basicChallenge = `Basic realm="` + realm + `", charset="UTF-8"`

// maxHeaderSize bounds what of an Authorization header is looked at, in bytes.
const maxHeaderSize = 16 << 10

// errNoCredentials is the cause if a request carries no credentials of the
// scheme at hand; Any leaves it out if another scheme has more to say.
var errNoCredentials = errors.New("the request carries no credentials of this scheme")

var (
	errAbsent         = openbroker.ErrUnauthorized.WithCause(errNoCredentials)
	errRepeatedHeader = openbroker.ErrUnauthorized.WithCause(errors.New("the header Authorization occurs more than once"))
	errLongHeader     = openbroker.ErrUnauthorized.WithCause(errors.New("the header Authorization is longer than 16384 bytes"))
)

// authorization returns what follows the scheme in the Authorization header.
// Schemes are compared without regard to case (RFC 9110, 11.1).
func authorization(r *http.Request, scheme string) (string, *openbroker.Error) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", errAbsent
	}
	if len(values) > 1 {
		// A proxy and the broker might each believe another one.
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

// refuse returns a 401 with a cause for the log.
func refuse(cause string) *openbroker.Error {
	return openbroker.ErrUnauthorized.WithCause(errors.New(cause))
}
