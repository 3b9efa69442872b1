package auth

import (
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/openbroker/openbroker"
)

// An UnauthorizedResponse describes the changes that [WithUnauthorizedResponse]
// makes to a 401. Empty fields change nothing.
type UnauthorizedResponse struct {
	// Realm replaces the realm of the challenges. It must be printable ASCII
	// without quotes and backslashes.
	Realm string
	// Description replaces the general description of
	// [openbroker.ErrUnauthorized]. More specific descriptions stay, such as that
	// a token has expired.
	Description string
	// Header holds additional response headers; see [openbroker.Error.Header].
	Header http.Header
}

// unauthorizedResponse is an authenticator that changes the 401 of another one.
type unauthorizedResponse struct {
	authenticator openbroker.Authenticator
	config        UnauthorizedResponse
	challenges    []string
}

var _ openbroker.Authenticator = (*unauthorizedResponse)(nil)

// WithUnauthorizedResponse returns an authenticator that decides like the given
// one and applies response to its 401s. It returns an error if authenticator is
// nil or [None], which never refuses a request, or if the realm contains a
// forbidden character.
func WithUnauthorizedResponse(authenticator openbroker.Authenticator, response UnauthorizedResponse) (openbroker.Authenticator, error) {
	if authenticator == nil {
		return nil, errors.New("auth: the authenticator is nil")
	}
	if _, open := authenticator.(*None); open {
		return nil, errors.New("auth: None refuses no request: use it without WithUnauthorizedResponse")
	}
	for _, c := range []byte(response.Realm) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return nil, errors.New("auth: the Realm is invalid: use printable ASCII without quotes and backslashes")
		}
	}
	response.Header = response.Header.Clone()
	r := &unauthorizedResponse{authenticator: authenticator, config: response, challenges: slices.Clone(authenticator.Challenges())}
	if response.Realm != "" {
		parameter := regexp.MustCompile(`realm="[^"]*"`)
		for i := range r.challenges {
			r.challenges[i] = parameter.ReplaceAllLiteralString(r.challenges[i], `realm="`+response.Realm+`"`)
		}
	}
	return r, nil
}

// Authenticate returns the result of the wrapped authenticator. It applies the
// configuration to a 401.
func (r *unauthorizedResponse) Authenticate(request *http.Request) (openbroker.Principal, error) {
	principal, err := r.authenticator.Authenticate(request)
	if err == nil {
		return principal, nil
	}
	osbError, _ := errors.AsType[*openbroker.Error](err)
	switch {
	case osbError == nil || osbError.Status < 400 || osbError.Status > 599:
		osbError = openbroker.ErrUnauthorized.WithCause(err)
	case osbError.Status != http.StatusUnauthorized:
		return openbroker.Principal{}, err
	}
	if r.config.Description != "" && osbError.Description == openbroker.ErrUnauthorized.Description {
		osbError = osbError.WithDescription("%s", r.config.Description)
	}
	if len(r.config.Header) > 0 {
		osbError = osbError.WithDescription("%s", osbError.Description) // A copy.
		header := r.config.Header.Clone()
		maps.Copy(header, osbError.Header)
		osbError.Header = header
	}
	return openbroker.Principal{}, osbError
}

// Challenges returns the challenges of the wrapped authenticator with the realm of
// the configuration.
func (r *unauthorizedResponse) Challenges() []string { return r.challenges }
