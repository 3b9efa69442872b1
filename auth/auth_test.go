package auth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
)

// broker returns the caller in its response to a provision request.
type broker struct{ openbroker.Unimplemented }

func (broker) Catalog(context.Context) (*openbroker.Catalog, error) {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: "s", Name: "s", Description: "d", Bindable: true,
		Plans: []openbroker.Plan{{ID: "p", Name: "p", Description: "d"}},
	}}}, nil
}

func (broker) Provision(_ context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	p := r.Caller.Principal
	query := url.Values{
		"name": {p.Name}, "method": {p.Method}, "scopes": p.Scopes,
		"platform": {p.Platform}, "caller_platform": {r.Caller.Platform},
	}
	return &openbroker.ProvisionResponse{DashboardURL: "https://broker/?" + query.Encode()}, nil
}

// logBuffer collects the log, so that tests can search it for secrets.
type logBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}

func (l *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// service is a broker behind an authenticator, on a real server.
type service struct {
	*httptest.Server
	log *logBuffer
}

func serve(t *testing.T, a openbroker.Authenticator) *service {
	t.Helper()
	log := new(logBuffer)
	server := httptest.NewServer(openbroker.NewHandler(broker{}, openbroker.WithAuthenticator(a), openbroker.WithLogger(log.logger())))
	t.Cleanup(server.Close)
	return &service{Server: server, log: log}
}

// provisionResult is the response that a platform receives.
type provisionResult struct {
	status     int
	header     http.Header
	body       map[string]any
	name       string
	method     string
	platform   string // of the principal
	callerFrom string // the caller's platform
	scopes     []string
}

const provisionBody = `{"service_id":"s","plan_id":"p","organization_guid":"o","space_guid":"s"}`

// provision sends a provision request with the given Authorization headers.
func (s *service) provision(t *testing.T, authorization ...string) provisionResult {
	t.Helper()
	return s.provisionWith(t, s.Client(), authorization...)
}

func (s *service) provisionWith(t *testing.T, client *http.Client, authorization ...string) provisionResult {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+"/v2/service_instances/i", strings.NewReader(provisionBody))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Broker-API-Version", "2.17")
	request.Header.Set("Content-Type", "application/json")
	for _, value := range authorization {
		request.Header.Add("Authorization", value)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := provisionResult{status: response.StatusCode, header: response.Header}
	if err := json.Unmarshal(raw, &got.body); err != nil {
		t.Fatalf("status %d: the body %q is not a JSON object: %v", got.status, raw, err)
	}
	if dashboard, _ := got.body["dashboard_url"].(string); dashboard != "" {
		parsed, err := url.Parse(dashboard)
		if err != nil {
			t.Fatal(err)
		}
		q := parsed.Query()
		got.name, got.method, got.platform = q.Get("name"), q.Get("method"), q.Get("platform")
		got.callerFrom, got.scopes = q.Get("caller_platform"), q["scopes"]
	}
	return got
}

// mustRefuse checks that the response is a 401 with the challenges.
func mustRefuse(t *testing.T, got provisionResult, challenges ...string) {
	t.Helper()
	if got.status != http.StatusUnauthorized {
		t.Errorf("status %d, want 401", got.status)
	}
	if description, _ := got.body["description"].(string); description == "" {
		t.Errorf("body %v has no description", got.body)
	}
	if contentType := got.header.Get("Content-Type"); contentType != "application/json" {
		t.Errorf("Content-Type %q", contentType)
	}
	sent := got.header.Values("WWW-Authenticate")
	if strings.Join(sent, "|") != strings.Join(challenges, "|") {
		t.Errorf("WWW-Authenticate %q, want %q", sent, challenges)
	}
}

func mustAccept(t *testing.T, got provisionResult, name, method, platform string) {
	t.Helper()
	if got.status != http.StatusCreated {
		t.Fatalf("status %d, want 201: %v", got.status, got.body)
	}
	if got.name != name || got.method != method || got.platform != platform {
		t.Errorf("principal %q by %q of platform %q, want %q by %q of %q", got.name, got.method, got.platform, name, method, platform)
	}
	if platform == "" {
		platform = openbroker.DefaultPlatform
	}
	if got.callerFrom != platform {
		t.Errorf("the caller's platform is %q, want %q", got.callerFrom, platform)
	}
}

// mustNotReveal checks that a text contains no secret, neither in plain text nor in
// base64.
func mustNotReveal(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(text, form) {
				t.Errorf("the secret %q is in %s", secret, text)
			}
		}
	}
}

func basicHeader(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}
