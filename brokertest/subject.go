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

// A Subject is what is tested: see [Broker], [Handler] and [URL].
type Subject struct {
	// start returns where the broker is.
	start func(t *testing.T) conformance.Target
	// remote brokers are given more time.
	remote bool
}

// Broker tests a broker behind [openbroker.NewHandler], on a server that ends
// with the test. The server has basic authentication with a password that is
// made up for the test, unless the options have another authenticator: then
// [Login] or [Bearer] says how to pass it. What the handler logs from WARN up is part of the test's output.
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
// wants credentials, [Login] or [Bearer] has them; otherwise what the
// specification says of authentication is not checked.
func Handler(h http.Handler) Subject {
	return Subject{start: func(t *testing.T) conformance.Target {
		t.Helper()
		return serve(t, h)
	}}
}

// URL tests the running broker at a URL without credentials, which [Login] or
// [Bearer] has. It should be one that nobody depends on.
func URL(url string) Subject {
	return Subject{remote: true, start: func(*testing.T) conformance.Target { return conformance.Target{URL: url} }}
}

func serve(t *testing.T, h http.Handler) conformance.Target {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return conformance.Target{URL: server.URL, Client: server.Client()}
}

// A login lets one user in.
type login struct{ username, password string }

var _ openbroker.Authenticator = (*login)(nil)

// Authenticate compares the credentials of a request.
func (l *login) Authenticate(r *http.Request) (openbroker.Principal, error) {
	username, password, _ := r.BasicAuth()
	if username != l.username || subtle.ConstantTimeCompare([]byte(password), []byte(l.password)) == 0 {
		return openbroker.Principal{}, openbroker.ErrUnauthorized
	}
	return openbroker.Principal{Name: username, Method: "basic"}, nil
}

// Challenges returns the scheme.
func (*login) Challenges() []string { return []string{`Basic realm="brokertest"`} }
