package brokertest

import (
	"crypto/rand"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/conformance"
)

// A Subject is the broker under test: see [Broker], [Handler] and [URL].
type Subject struct {
	// start starts the broker, and returns its address.
	start func(t *testing.T) conformance.Target
	// remote brokers have longer time limits.
	remote bool
}

// Broker tests a broker behind [openbroker.NewHandler], on a server that ends with
// the test. The server has basic authentication with a generated password. If the
// options set another authenticator, log in with [Login], [Bearer] or [Clients]. The
// test's output has the log of the handler from level WARN up.
func Broker(b openbroker.Broker, options ...openbroker.Option) Subject {
	return Subject{start: func(t *testing.T) conformance.Target {
		t.Helper()
		access := &login{username: "brokertest", password: rand.Text()}
		logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		options := append([]openbroker.Option{openbroker.WithAuthenticator(access), openbroker.WithLogger(logger)}, options...)
		target := serve(t, openbroker.NewHandler(b, options...))
		target.Username, target.Password = access.username, access.password
		return target
	}}
}

// Handler tests a handler, on a server that ends with the test. If the handler
// requires credentials, use [Login], [Bearer] or [Clients]. Without credentials, the
// checks of authentication are not applicable.
func Handler(h http.Handler) Subject {
	return Subject{start: func(t *testing.T) conformance.Target {
		t.Helper()
		return serve(t, h)
	}}
}

// URL tests the running broker at a URL. The URL has no credentials: use [Login],
// [Bearer] or [Clients]. Do not use a broker in production.
func URL(url string) Subject {
	return Subject{remote: true, start: func(*testing.T) conformance.Target { return conformance.Target{URL: url} }}
}

func serve(t *testing.T, h http.Handler) conformance.Target {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return conformance.Target{URL: server.URL, Client: server.Client()}
}

// A login is the authenticator for one user.
type login struct{ username, password string }

var _ openbroker.Authenticator = (*login)(nil)

// Authenticate compares the credentials of a request with those of the user.
func (l *login) Authenticate(r *http.Request) (openbroker.Principal, error) {
	username, password, _ := r.BasicAuth()
	if username != l.username || subtle.ConstantTimeCompare([]byte(password), []byte(l.password)) == 0 {
		return openbroker.Principal{}, openbroker.ErrUnauthorized
	}
	return openbroker.Principal{Name: username, Method: "basic"}, nil
}

// Challenges returns the basic scheme.
func (*login) Challenges() []string { return []string{`Basic realm="brokertest"`} }
