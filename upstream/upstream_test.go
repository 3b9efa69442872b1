package upstream_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/upstream"
)

// front puts a broker of this package in front of an old one, and returns a client of
// it.
func front(t *testing.T, old http.Handler, config upstream.Config) (*client.Client, *upstream.Broker, http.Handler) {
	t.Helper()
	inner, err := client.New("http://front:hunter22@old.example", client.WithTransport(client.NewHandlerTransport(old)), client.WithRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	config.Client = inner
	broker, err := upstream.New(config)
	if err != nil {
		t.Fatal(err)
	}
	handler := openbroker.NewHandler(broker, openbroker.WithLogger(slog.New(slog.DiscardHandler)))
	outer, err := client.New("http://new.example", client.WithTransport(client.NewHandlerTransport(handler)), client.WithStrictDecoding(), client.WithRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	return outer, broker, handler
}

func provision() *openbroker.ProvisionRequest {
	return &openbroker.ProvisionRequest{
		InstanceID: "i", ServiceID: oldServiceID, PlanID: oldPlanID, OrganizationGUID: "o", SpaceGUID: "s", AcceptsIncomplete: true,
		Parameters: openbroker.Parameters(`{"password":"secret word"}`),
	}
}

// onlyTheBroker lists the MUSTs that only the old broker itself can fulfill, with the
// reasons.
var onlyTheBroker = map[string]string{
	"provision-async-required-false": "an identical PUT is a 409: only the broker knows what it has",
	"concurrent-provisions":          "the same",
}

// TestConformance runs the suite of 2.17 in both modes.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]upstream.Mode{"report": upstream.Report, "enforce": upstream.Enforce} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := newOldBroker()
			_, _, handler := front(t, old, upstream.Config{Mode: mode})
			server := httptest.NewServer(handler)
			defer server.Close()
			report, err := conformance.Run(t.Context(), conformance.Target{URL: server.URL}, conformance.Options{Level: conformance.Must, PollInterval: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			failed := map[string]string{}
			for _, result := range report.Results {
				if result.Outcome == conformance.Failed || result.Outcome == conformance.Errored {
					if !strings.Contains(result.Check.ID, "auth") {
						failed[result.Check.ID] = result.Reason
					}
				}
			}
			for id, reason := range failed {
				if onlyTheBroker[id] == "" {
					t.Errorf("%s: %s", id, reason)
				}
			}
			for id := range onlyTheBroker {
				if failed[id] == "" {
					t.Errorf("%s passes, although only the broker could fulfill it", id)
				}
			}
		})
	}
}

// lines collects the log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func logger(l *lines) *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// TestViolationsAreLogged shows that each violation is logged once, with its clause.
func TestViolationsAreLogged(t *testing.T) {
	t.Parallel()
	var log lines
	c, _, _ := front(t, newOldBroker(), upstream.Config{Logger: logger(&log)})
	if _, err := c.Provision(t.Context(), provision()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.Deprovision(t.Context(), &openbroker.DeprovisionRequest{InstanceID: "x", ServiceID: oldServiceID, PlanID: oldPlanID}); !errors.Is(err, openbroker.ErrInstanceDoesNotExist) {
			t.Errorf("%v", err)
		}
	}
	for _, want := range []string{
		`call=provision demand=MUST clause="spec.md, \"Body\" of the response" violation="metadata is null"`,
		`call=provision demand=SHOULD clause="spec.md, \"Request Identity\"" violation="the response does not repeat the request identity`,
		`call=deprovision demand=MUST clause="spec.md, \"Response\" of the call" violation="404 for a resource that does not exist`,
		`call=deprovision demand=MUST clause="spec.md, \"Body\" of the response" violation="the body is not a JSON object"`,
	} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("not once in the log: %s\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "secret word") || strings.Contains(log.String(), "hunter22") {
		t.Errorf("the log has a secret:\n%s", log.String())
	}
}

// TestModes shows how each mode treats responses with an unclear meaning.
func TestModes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(*oldBroker)
		do   func(context.Context, *client.Client) (string, error)
		// The result of each mode, or the status of its error.
		report, enforce string
	}{
		{"202 that the platform does not accept", func(b *oldBroker) { b.async, b.eager = true, true }, func(ctx context.Context, c *client.Client) (string, error) {
			r := provision()
			r.AcceptsIncomplete = false
			response, err := c.Provision(ctx, r)
			if err != nil {
				return "", err
			}
			return response.Outcome.String(), nil
		}, "Completed", "502"},
		{"misspelled state", func(b *oldBroker) { b.async, b.state = true, "COMPLETE" }, poll, "succeeded", "502"},
		{"unknown state", func(b *oldBroker) { b.async, b.state = true, "maybe" }, poll, "502", "502"},
		{"conforming", func(b *oldBroker) { b.async = true }, poll, "succeeded", "succeeded"},
	} {
		for mode, want := range map[upstream.Mode]string{upstream.Report: c.report, upstream.Enforce: c.enforce} {
			synctest.Test(t, func(t *testing.T) {
				old := newOldBroker()
				c.set(old)
				cl, _, _ := front(t, old, upstream.Config{Mode: mode})
				got, err := c.do(t.Context(), cl)
				var response *client.ResponseError
				if errors.As(err, &response) {
					got = http.StatusText(response.StatusCode)
					if response.StatusCode == http.StatusBadGateway {
						got = "502"
					}
				}
				if got != want {
					t.Errorf("%s, mode %d: %q (%v), want %q", c.name, mode, got, err, want)
				}
			})
		}
	}
}

func poll(ctx context.Context, c *client.Client) (string, error) {
	if _, err := c.Provision(ctx, provision()); err != nil {
		return "", err
	}
	for {
		response, err := c.LastOperation(ctx, &openbroker.LastOperationRequest{InstanceID: "i"})
		if err != nil {
			return "", err
		}
		if response.State != openbroker.OperationInProgress {
			return string(response.State), nil
		}
	}
}

// TestErrorsPass compares the errors for the platform with those of the broker.
func TestErrorsPass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status      int
		body        string
		want        int
		description string
	}{
		{409, "conflict", 409, "conflict"},
		{422, `{"error":"AsyncRequired","description":"d"}`, 422, "d"},
		{500, "<html>nginx</html>", 500, "<html>nginx</html>"},
		{503, `{"description":null}`, 503, "Unavailable"},
		{401, "who?", 502, "credentials of the proxy in front"},
		{403, "no", 502, "credentials of the proxy in front"},
		{412, "2.13 only", 502, "API version"},
		{302, "", 502, "invalid response"},
		{204, "", 502, "invalid response"},
	} {
		old := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/catalog" {
				respond(w, 200, oldCatalog)
				return
			}
			respond(w, c.status, c.body)
		})
		cl, _, _ := front(t, old, upstream.Config{})
		_, err := cl.Provision(t.Context(), provision())
		var response *client.ResponseError
		if !errors.As(err, &response) || response.StatusCode != c.want || !strings.Contains(response.Description, c.description) {
			t.Errorf("%d %s: %v, want %d %q", c.status, c.body, err, c.want, c.description)
		}
	}
}

// TestBrokerIsDown breaks the connection while the catalog is fresh, and while it is
// outdated.
func TestBrokerIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := false
		old := newOldBroker()
		cl, broker, _ := front(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if away {
				panic(http.ErrAbortHandler)
			}
			old.ServeHTTP(w, r)
		}), upstream.Config{})
		away = true
		if _, err := cl.Catalog(t.Context()); err == nil {
			t.Error("a catalog without a broker")
		}
		if err := broker.Ping(t.Context()); err == nil {
			t.Error("Ping of a broker that is away")
		}
		away = false
		if err := broker.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		away = true
		time.Sleep(2 * time.Minute) //nolint:forbidigo // In a bubble: the catalog becomes outdated.
		if _, err := cl.Catalog(t.Context()); err != nil {
			t.Errorf("the last catalog is not returned: %v", err)
		}
		if err := broker.Ping(t.Context()); err == nil {
			t.Error("Ping of a broker that is away")
		}
		_, err := cl.Provision(t.Context(), provision())
		var response *client.ResponseError
		if !errors.As(err, &response) || response.StatusCode != http.StatusBadGateway {
			t.Errorf("%v", err)
		}
	})
}

// TestHeaders shows the headers that reach the broker: the version and credentials of
// the proxy, and the identities of the platform.
func TestHeaders(t *testing.T) {
	t.Parallel()
	old := newOldBroker()
	cl, _, _ := front(t, old, upstream.Config{})
	r := provision()
	r.Caller = openbroker.Caller{
		RequestIdentity: "r-1", APIVersion: openbroker.Version{Major: 2, Minor: 16},
		Identity: &openbroker.OriginatingIdentity{Platform: "cloudfoundry", Value: []byte(`{"user_id":"u"}`)},
	}
	if _, err := cl.Provision(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	last := old.seen[len(old.seen)-1]
	got := []string{last.Get(openbroker.HeaderRequestIdentity), last.Get(openbroker.HeaderAPIVersion), last.Get(openbroker.HeaderOriginatingIdentity)}
	if want := []string{"r-1", "2.17", "cloudfoundry eyJ1c2VyX2lkIjoidSJ9"}; !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	c, err := client.New("http://h")
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range []upstream.Config{{}, {Client: c, Mode: 7}, {Client: c, CatalogMaxAge: -1}, {Client: c, SyncWait: -1}, {Client: c, Rate: -1}} {
		if _, err := upstream.New(config); err == nil {
			t.Errorf("%+v is accepted", config)
		}
	}
}

// TestRate shows that the limit of one platform does not affect another.
func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, broker, _ := front(t, newOldBroker(), upstream.Config{Rate: 1})
		provisionAs := func(platform string) error {
			r := provision()
			r.Caller.Platform = platform
			_, err := broker.Provision(t.Context(), r)
			return err
		}
		for n, limited := range []bool{false, false, true} {
			var answer *openbroker.Error
			err := provisionAs("one")
			if got := errors.As(err, &answer) && answer.Status == http.StatusTooManyRequests && answer.RetryAfter == time.Second; got != limited {
				t.Errorf("call %d: %v", n+1, err)
			}
		}
		var other *openbroker.Error
		if err := provisionAs("two"); errors.As(err, &other) && other.Status == http.StatusTooManyRequests {
			t.Errorf("another platform: %v", err)
		}
	})
}
