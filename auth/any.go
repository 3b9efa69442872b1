package auth

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/openbroker/openbroker"
)

// Any authenticates requests by one of several ways, such as basic
// authentication for one platform and tokens for another. Create it with
// [NewAny].
//
// The ways are asked in order; the first that accepts the request decides who
// it comes from, and what the others say does not matter: credentials of one
// scheme never make another one fail. If none accepts, the answer is
//
//  1. an error of the server, such as 503, if there is one: that way might have
//     accepted, so nobody can say that the credentials are wrong
//  2. else an error other than 401, such as 403: the credentials are right and
//     still not enough
//  3. else 401, with the challenges of all.
//
// The first error of its kind is taken.
type Any struct{ authenticators []openbroker.Authenticator }

var _ openbroker.Authenticator = (*Any)(nil)

// NewAny returns an authenticator that accepts what one of the others accepts.
// It returns an error if there is none, if one is nil, and for [None], which
// would make the others pointless.
func NewAny(authenticators ...openbroker.Authenticator) (*Any, error) {
	if len(authenticators) == 0 {
		return nil, errors.New("auth: Any of no authenticators: give at least one")
	}
	for _, a := range authenticators {
		if a == nil {
			return nil, errors.New("auth: an authenticator of Any is nil")
		}
		if _, open := a.(*None); open {
			return nil, errors.New("auth: None among the authenticators of Any lets everyone in: use it alone, or remove it")
		}
	}
	return &Any{authenticators: slices.Clone(authenticators)}, nil
}

// Authenticate returns the first principal that it gets, or an error as
// described at [Any].
func (a *Any) Authenticate(r *http.Request) (openbroker.Principal, error) {
	var unavailable, other error
	var refusals []error
	for _, authenticator := range a.authenticators {
		principal, err := authenticator.Authenticate(r)
		if err == nil {
			return principal, nil
		}
		answer, _ := errors.AsType[*openbroker.Error](err)
		switch {
		case answer == nil || answer.Status < 400 || answer.Status > 599 || answer.Status == http.StatusUnauthorized:
			refusals = append(refusals, err)
		case answer.Status >= 500 && unavailable == nil:
			unavailable = err
		case answer.Status < 500 && other == nil:
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

// Challenges returns those of all, each once.
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
// credentials, leaving out the schemes that there were none of.
func joinRefusals(refusals []error) error {
	var told []error
	for _, err := range refusals {
		if !errors.Is(err, errNoCredentials) {
			told = append(told, err)
		}
	}
	switch len(told) {
	case 0:
		return refusals[0]
	case 1:
		if found, _ := errors.AsType[*openbroker.Error](told[0]); found != nil && found.Status == http.StatusUnauthorized {
			return told[0]
		}
	}
	return openbroker.ErrUnauthorized.WithCause(refusalsError(told))
}

// refusalsError is several errors in one line.
type refusalsError []error

func (e refusalsError) Error() string {
	texts := make([]string, 0, len(e))
	for _, err := range e {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause // What is around it says 401 once more.
		}
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (e refusalsError) Unwrap() []error { return e }
