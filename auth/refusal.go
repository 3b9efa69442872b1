package auth

import (
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/openbroker/openbroker"
)

// RefusalConfig says what a 401 of [Refusal] has to say.
type RefusalConfig struct {
	// Realm is the protection space that the challenges name; theirs if empty.
	// It is printable ASCII without quotes and backslashes.
	Realm string
	// Description is what the body says; the text of the authenticator if empty.
	// Text that says more than [openbroker.ErrUnauthorized], such as that a token
	// has expired, is kept.
	Description string
	// Header are further headers; see [openbroker.Error.Header].
	Header http.Header
}

// Refusal is an authenticator whose 401 is not that of the authenticator within.
// Create it with [NewRefusal].
type Refusal struct {
	authenticator openbroker.Authenticator
	config        RefusalConfig
	challenges    []string
}

var _ openbroker.Authenticator = (*Refusal)(nil)

// NewRefusal returns an authenticator that decides as the given one does and says
// 401 in other words. It returns an error if there is no authenticator, if it is
// [None], which never refuses, and for a realm with other characters than it may
// have.
func NewRefusal(authenticator openbroker.Authenticator, config RefusalConfig) (*Refusal, error) {
	if authenticator == nil {
		return nil, errors.New("auth: the authenticator of Refusal is nil")
	}
	if _, open := authenticator.(*None); open {
		return nil, errors.New("auth: None refuses nothing: use it without Refusal")
	}
	for _, c := range []byte(config.Realm) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return nil, errors.New("auth: the Realm has another character than printable ASCII, or a quote or a backslash")
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

// Authenticate returns what the authenticator within returns, except that it says
// what the configuration does if that is a 401.
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

// Challenges returns those of the authenticator within, with the realm of the
// configuration.
func (r *Refusal) Challenges() []string { return r.challenges }
