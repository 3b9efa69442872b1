package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

var _ openbroker.Authenticator = password{}

// password accepts every user with the right password.
type password struct{}

func (password) Authenticate(r *http.Request) (openbroker.Principal, error) {
	if _, given, _ := r.BasicAuth(); given != "open-sesame" {
		return openbroker.Principal{}, errors.New("wrong password")
	}
	return openbroker.Principal{Name: "ali"}, nil
}

func (password) Challenges() []string { return []string{`Basic realm="test"`} }

func TestServe(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{})
	if address := s.Addr().String(); s.url != "http://"+address {
		t.Errorf("URL %s, Addr %s", s.url, address)
	}
	s.expect(t, "GET", "/v2/catalog", http.StatusOK, `"one-service"`)
	s.expect(t, "GET", "//v2/catalog", http.StatusOK, `"one-service"`)
	s.expect(t, "GET", "/any/v2/catalog", http.StatusOK, `"one-service"`)
	s.expect(t, "GET", "/", http.StatusNotFound, `"description"`)
	s.expect(t, "GET", "//healthz", http.StatusNotFound, `"description"`)
	s.expect(t, "GET", "/healthz/", http.StatusNotFound, `"description"`)
	if a := s.send(t, "PUT", "/v2/service_instances/healthz", provisionBody); a.StatusCode != http.StatusCreated {
		t.Errorf("an instance named healthz: %d %s", a.StatusCode, a.body)
	}
	s.log.await(t, "no authentication is configured: everyone who can reach the broker can use it", 1)
	if record := s.log.await(t, "serving", 1); record["url"] != s.url {
		t.Errorf("logged %v", record)
	}
	s.Stop()
	s.Stop()
	if err := s.wait(t); err != nil {
		t.Error(err)
	}
	if err := s.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), "called before") {
		t.Errorf("serving again: %v", err)
	}
}

// Further handlers have exact paths below the prefix, and need no credentials of
// platforms. The body budget applies to them.
func TestServeHandlers(t *testing.T) {
	t.Parallel()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			fmt.Fprintf(w, "%s says %s", r.URL.Path, body)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	s := start(t, newBroker("one"), server.Config{
		Prefix: "/osb", Authenticator: password{}, BodyBudget: 1024, Handlers: map[string]http.Handler{"/callbacks/a": echo},
	})
	if a := s.send(t, "POST", "/callbacks/a", "hello"); a.StatusCode != http.StatusOK || a.body != "/callbacks/a says hello" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := s.send(t, "POST", "/callbacks/a", strings.Repeat("x", 2000)); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a body above the budget: %d %s", a.StatusCode, a.body)
	}
	for _, path := range []string{"/callbacks/a/", "/callbacks/b", "//callbacks/a", "/callbacks/%61", "/callbacks", "/../callbacks/a"} {
		if a := s.send(t, "POST", path, "hello"); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
}

func TestServerBeforeServe(t *testing.T) {
	t.Parallel()
	s, err := server.New(newBroker("one"), server.Config{Address: "127.0.0.1:0", Logger: newRecorder().logger()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr() != nil || s.URL() != "" {
		t.Errorf("Addr %v, URL %q", s.Addr(), s.URL())
	}
	s.Stop()
	if err := s.Serve(t.Context()); err != nil {
		t.Errorf("stopped before Serve: %v", err)
	}
}

// The server replaces the response of net/http, a 200 without body and authentication.
func TestServeOptionsAsterisk(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{Authenticator: password{}})
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("OPTIONS *: %s", response.Status)
	}
}

func TestServePrefix(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{
		Prefix: "/osb", Options: []openbroker.Option{openbroker.WithPlatformPrefix()},
	})
	if !strings.HasSuffix(s.url, "/osb") {
		t.Errorf("URL %s", s.url)
	}
	s.url = strings.TrimSuffix(s.url, "/osb")
	for path, status := range map[string]int{
		"/osb/cf/v2/catalog":          http.StatusOK,
		"/osb//cf/v2/catalog":         http.StatusOK,
		"/osb/cf/v2/catalog?x=%2F":    http.StatusOK,
		"/osb/v2/catalog":             http.StatusNotFound, // The path has no platform.
		"/cf/v2/catalog":              http.StatusNotFound,
		"/osbx/cf/v2/catalog":         http.StatusNotFound,
		"/x/osb/cf/v2/catalog":        http.StatusNotFound,
		"/osb":                        http.StatusNotFound,
		"/o%73b/cf/v2/catalog":        http.StatusNotFound,
		"/osb/a%2Fb/v2/catalog":       http.StatusOK,
		"/healthz":                    http.StatusOK,
		"/readyz":                     http.StatusOK,
		"/osb/healthz":                http.StatusNotFound,
		"/osb/cf/v2/service_bindings": http.StatusNotFound,
	} {
		s.expect(t, "GET", path, status, "{")
	}
}

func TestServeAuthenticates(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{Authenticator: password{}})
	for _, path := range []string{"/v2/catalog", "/nowhere"} {
		if a := s.send(t, "GET", path, ""); a.StatusCode != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %v", path, a.StatusCode, a.Header)
		}
	}
	s.expect(t, "GET", "/healthz", http.StatusOK, "ok")
	s.expect(t, "GET", "/readyz", http.StatusOK, "ok")
	url := strings.Replace(s.url, "http://", "http://ali:open-sesame@", 1)
	if a := send(t.Context(), newClient(), "GET", url+"/v2/catalog", ""); a.err != nil || a.StatusCode != http.StatusOK {
		t.Errorf("with the password: %+v", a)
	}
	if log := s.log.String(); strings.Contains(log, "open-sesame") || strings.Contains(log, "no authentication") {
		t.Errorf("logged: %s", log)
	}
}

func TestServePortInUse(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{})
	address := s.Addr().String()
	err := server.Serve(t.Context(), newBroker("one"), server.Config{Address: address, Logger: newRecorder().logger()})
	if err == nil || !strings.Contains(err.Error(), "cannot listen on "+address+": the port is in use") {
		t.Errorf("Serve returned %v", err)
	}
}

func TestServePlainWarning(t *testing.T) {
	t.Parallel()
	const warning = "the broker accepts plain HTTP from other machines: everyone on the network path can read credentials unless a proxy in front terminates TLS"
	for address, want := range map[string]int{"127.0.0.1:0": 0, "0.0.0.0:0": 1} {
		log := newRecorder()
		s, err := server.New(newBroker("one"), server.Config{Address: address, Logger: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, t.Context(), s, log)
		if !strings.HasPrefix(r.url, "http://127.0.0.1:") {
			t.Errorf("URL %s", r.url)
		}
		if found, _ := log.find(warning); len(found) != want {
			t.Errorf("%s: %d warnings", address, len(found))
		}
		s.Close()
	}
}

// A catalogBroker returns the catalog and the error of a test.
type catalogBroker struct {
	openbroker.Unimplemented
	catalog *openbroker.Catalog
	err     error
}

func (b *catalogBroker) Catalog(context.Context) (*openbroker.Catalog, error) {
	return b.catalog, b.err
}

func TestServeCatalog(t *testing.T) {
	t.Parallel()
	unreadable := errors.New("the file is gone")
	for name, c := range map[string]struct {
		broker *catalogBroker
		want   []string
	}{
		"unreadable": {&catalogBroker{err: unreadable}, []string{"the file is gone"}},
		"nil":        {&catalogBroker{}, []string{"returned nil"}},
		"invalid": {&catalogBroker{catalog: &openbroker.Catalog{Services: []openbroker.Service{{ID: "a"}, {ID: "a"}}}}, []string{
			"services[0].name is empty", "services[0].plans is empty", `service id "a" is already used`,
		}},
	} {
		log := newRecorder()
		err := server.Serve(t.Context(), c.broker, server.Config{Address: "127.0.0.1:0", Logger: log.logger()})
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in: %v", name, want, err)
			}
		}
		if c.broker.err != nil && !errors.Is(err, c.broker.err) {
			t.Errorf("%s: the cause is lost: %v", name, err)
		}
		if found, _ := log.find("serving"); len(found) > 0 {
			t.Errorf("%s: the server accepted connections", name)
		}
	}
}

func TestServeMultiple(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	urls, result := make(chan string, 1), make(chan error, 1)
	go func() {
		result <- server.ServeMultiple(ctx, []openbroker.Broker{newBroker("one"), newBroker("two")}, server.Config{
			Address: "127.0.0.1:0", Logger: newRecorder().logger(), OnReady: func(url string) { urls <- url },
		})
	}()
	s := &running{url: receive(t, urls, "the URL")}
	s.expect(t, "GET", "/v2/catalog", http.StatusOK, `"one-service"`)
	s.expect(t, "GET", "/v2/catalog", http.StatusOK, `"two-service"`)
	cancel()
	if err := receive(t, result, "ServeMultiple to return"); err != nil {
		t.Error(err)
	}
	err := server.ServeMultiple(t.Context(), []openbroker.Broker{newBroker("one"), newBroker("one")}, server.Config{})
	if err == nil || !strings.Contains(err.Error(), "one-service") {
		t.Errorf("brokers with the same ids: %v", err)
	}
}

func TestNewForHandler(t *testing.T) {
	t.Parallel()
	log := newRecorder()
	s, err := server.NewForHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("oh no")
		}
		w.WriteHeader(http.StatusTeapot)
	}), server.Config{Address: "127.0.0.1:0", Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, t.Context(), s, log)
	r.expect(t, "GET", "/metrics", http.StatusTeapot, "")
	r.expect(t, "GET", "/healthz", http.StatusOK, "ok")
	if a := send(t.Context(), newClient(), "GET", r.url+"/panic", ""); a.err == nil {
		t.Errorf("after a panic: %d", a.StatusCode)
	}
	if record := log.await(t, "connection trouble", 1); record["level"] != "ERROR" {
		t.Errorf("logged %v", record)
	}
}
