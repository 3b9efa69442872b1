package auth

import (
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/openbroker/openbroker"
)

// RefusalConfig configures the 401 of [Refusal].
type RefusalConfig struct {
	// Realm replaces the realm of the challenges, unless it is empty. It must be
	// printable ASCII without quotes and backslashes.
	Realm string
	// Description replaces the general description of
	// [openbroker.ErrUnauthorized], unless it is empty. More specific
	// descriptions stay, such as that a token has expired.
	Description string
	// Header has additional response headers; see [openbroker.Error.Header].
	Header http.Header
}

// Refusal wraps an authenticator and changes the text, the realm and the headers
// of its 401. Create it with [NewRefusal].
type Refusal struct {
	authenticator openbroker.Authenticator
	config        RefusalConfig
	challenges    []string
}

var _ openbroker.Authenticator = (*Refusal)(nil)

// NewRefusal returns an authenticator that decides like the given one and applies
// config to its 401. It returns an error if authenticator is nil or [None], which
// never refuses a request, or if the realm contains a character that it must not
// contain.
func NewRefusal(authenticator openbroker.Authenticator, config RefusalConfig) (*Refusal, error) {
	if authenticator == nil {
		return nil, errors.New("auth: the authenticator of Refusal is nil")
	}
	if _, open := authenticator.(*None); open {
		return nil, errors.New("auth: None refuses no request: use it without Refusal")
	}
	for _, c := range []byte(config.Realm) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return nil, errors.New("auth: the Realm is invalid: use printable ASCII without quotes and backslashes")
		}
	}
	config.Header = config.Header.Clone()
	r := &Refusal{authenticator: authenticator, config: config, challenges: slices.Clone(authenticator.Challenges())}
	if config.Realm != "" {
		parameter := regexp.MustCompile(`realm="[^"]*"`)
		for i := range r.challenges {
			r.challenges[i] = parameter.ReplaceAllLiteralString(r.challenges[i], `realm="`+config.Realm+`"`)
		}
	}
	return r, nil
}

// Authenticate returns the result of the wrapped authenticator. It applies the
// configuration to a 401.
func (r *Refusal) Authenticate(request *http.Request) (openbroker.Principal, error) {
	principal, err := r.authenticator.Authenticate(request)
	if err == nil {
		return principal, nil
	}
	answer, _ := errors.AsType[*openbroker.Error](err)
	switch {
	case answer == nil || answer.Status < 400 || answer.Status > 599:
		answer = openbroker.ErrUnauthorized.WithCause(err)
	case answer.Status != http.StatusUnauthorized:
		return openbroker.Principal{}, err
	}
	if r.config.Description != "" && answer.Description == openbroker.ErrUnauthorized.Description {
		answer = answer.WithDescription("%s", r.config.Description)
	}
	if len(r.config.Header) > 0 {
		answer = answer.WithDescription("%s", answer.Description) // A copy.
		header := r.config.Header.Clone()
		maps.Copy(header, answer.Header)
		answer.Header = header
	}
	return openbroker.Principal{}, answer
}

// Challenges returns the challenges of the wrapped authenticator with the realm of
// the configuration.
func (r *Refusal) Challenges() []string { return r.challenges }
