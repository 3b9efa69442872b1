package auth

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
)

// Any accepts a request that any of several authenticators accepts, such as
// basic authentication for one platform and tokens for another. Create it with
// [NewAny].
//
// Any calls the authenticators in order. The first that accepts the request
// supplies the principal; errors of the others are ignored, so wrong credentials
// of one scheme never invalidate right ones of another. If none accepts, Any
// returns
//
//  1. a server error, such as 503, if one occurred: that authenticator might
//     have accepted the credentials, so they cannot be called wrong
//  2. else an error other than 401, such as 403: the credentials are right but
//     not sufficient
//  3. else 401, with the challenges of all authenticators.
//
// Among errors of the same kind the first wins.
type Any struct{ authenticators []openbroker.Authenticator }

var _ openbroker.Authenticator = (*Any)(nil)

// NewAny returns an authenticator that tries the given ones in order. It returns
// an error if the list is empty or contains nil or [None], which would make the
// others pointless.
func NewAny(authenticators ...openbroker.Authenticator) (*Any, error) {
	if len(authenticators) == 0 {
		return nil, errors.New("auth: Any has no authenticators: pass at least one")
	}
	for _, a := range authenticators {
		if a == nil {
			return nil, errors.New("auth: an authenticator of Any is nil")
		}
		if _, open := a.(*None); open {
			return nil, errors.New("auth: None in Any accepts every request: use None alone, or remove it")
		}
	}
	return &Any{authenticators: slices.Clone(authenticators)}, nil
}

// Authenticate returns the first principal that an authenticator accepts, or an
// error as described at [Any].
func (a *Any) Authenticate(r *http.Request) (openbroker.Principal, error) {
	var unavailable, other error
	var refusals []error
	for _, authenticator := range a.authenticators {
		principal, err := authenticator.Authenticate(r)
		if err == nil {
			return principal, nil
		}
		osbError, _ := errors.AsType[*openbroker.Error](err)
		switch {
		case osbError == nil || osbError.Status < 400 || osbError.Status > 599 || osbError.Status == http.StatusUnauthorized:
			refusals = append(refusals, err)
		case osbError.Status >= 500 && unavailable == nil:
			unavailable = err
		case osbError.Status < 500 && other == nil:
			other = err
		}
	}
	switch {
	case unavailable != nil:
		return openbroker.Principal{}, unavailable
	case other != nil:
		return openbroker.Principal{}, other
	default:
		return openbroker.Principal{}, joinRefusals(refusals)
	}
}

// Challenges returns the challenges of all authenticators without duplicates.
func (a *Any) Challenges() []string {
	var challenges []string
	for _, authenticator := range a.authenticators {
		for _, challenge := range authenticator.Challenges() {
			if !slices.Contains(challenges, challenge) {
				challenges = append(challenges, challenge)
			}
		}
	}
	return challenges
}

// joinRefusals returns a 401 whose cause says what was wrong with the
// credentials. It omits the schemes that the request did not use.
func joinRefusals(refusals []error) error {
	var relevant []error
	for _, err := range refusals {
		if !errors.Is(err, errNoCredentials) {
			relevant = append(relevant, err)
		}
	}
	switch len(relevant) {
	case 0:
		return refusals[0]
	case 1:
		if found, _ := errors.AsType[*openbroker.Error](relevant[0]); found != nil && found.Status == http.StatusUnauthorized {
			return relevant[0]
		}
	}
	return openbroker.ErrUnauthorized.WithCause(refusalsError(relevant))
}

// refusalsError prints several errors on one line.
type refusalsError []error

func (e refusalsError) Error() string {
	texts := make([]string, 0, len(e))
	for _, err := range e {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // The wrapper would repeat the text of the 401.
		}
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (e refusalsError) Unwrap() []error { return e }
