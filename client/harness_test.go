package client_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

var update = flag.Bool("update", false, "update the golden files")

// A scriptedResponse is one response of a script.
type scriptedResponse struct {
	status int
	header map[string]string
	body   string
	// fail ends the request without a response.
	fail error
}

// A script is a broker that returns scripted responses, one after the other. It
// repeats the last one, and records the requests.
type script struct {
	mu        sync.Mutex
	responses []scriptedResponse
	requests  []string
	// onRequest is called before the response, if it is not nil.
	onRequest func(number int, r *http.Request)
}

func respondWith(list ...scriptedResponse) *script { return &script{responses: list} }

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	number := len(s.requests)
	s.requests = append(s.requests, transcript(r))
	response := s.responses[min(number, len(s.responses)-1)]
	s.mu.Unlock()
	if s.onRequest != nil {
		s.onRequest(number, r)
	}
	if response.fail != nil {
		return nil, response.fail
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range response.header {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: response.status, Header: header, Body: io.NopCloser(strings.NewReader(response.body)), Request: r}, nil
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// methods returns the methods of all requests so far, such as "PUT PUT DELETE".
func (s *script) methods() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var methods []string
	for _, request := range s.requests {
		method, _, _ := strings.Cut(request, " ")
		methods = append(methods, method)
	}
	return strings.Join(methods, " ")
}

func transcript(r *http.Request) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s\n", r.Method, r.URL.RequestURI())
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(&out, "%s: %s\n", name, strings.Join(r.Header[name], ", "))
	}
	if r.Body != nil {
		if body, err := io.ReadAll(r.Body); err == nil && len(body) > 0 {
			fmt.Fprintf(&out, "\n%s\n", body)
		}
	}
	return out.String()
}

func newClient(t *testing.T, transport http.RoundTripper, options ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New("http://broker.example", append([]client.Option{client.WithTransport(transport)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func provisionRequest() *openbroker.ProvisionRequest {
	return &openbroker.ProvisionRequest{
		InstanceID: "i-1", ServiceID: "s-1", PlanID: "p-1", OrganizationGUID: "o", SpaceGUID: "sp", AcceptsIncomplete: true,
		Parameters: openbroker.Parameters(`{"password":"hunter22","size":9007199254740993}`),
	}
}

func bindRequest() *openbroker.BindRequest {
	return &openbroker.BindRequest{
		InstanceID: "i-1", BindingID: "b-1", ServiceID: "s-1", PlanID: "p-1", AppGUID: "app", AcceptsIncomplete: true,
		Parameters: openbroker.Parameters(`{"password":"hunter22"}`),
	}
}

func keyRequest() *openbroker.BindRequest {
	r := bindRequest()
	r.AppGUID = ""
	return r
}

// changes returns the calls that change a resource, by name.
func changes(c *client.Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"provision": func(ctx context.Context) error { _, err := c.Provision(ctx, provisionRequest()); return err },
		"update": func(ctx context.Context) error {
			_, err := c.Update(ctx, &openbroker.UpdateRequest{InstanceID: "i-1", ServiceID: "s-1", PlanID: "p-1", AcceptsIncomplete: true})
			return err
		},
		"deprovision": func(ctx context.Context) error {
			_, err := c.Deprovision(ctx, &openbroker.DeprovisionRequest{InstanceID: "i-1", ServiceID: "s-1", PlanID: "p-1", AcceptsIncomplete: true})
			return err
		},
		"bind": func(ctx context.Context) error { _, err := c.Bind(ctx, bindRequest()); return err },
		"key":  func(ctx context.Context) error { _, err := c.Bind(ctx, keyRequest()); return err },
		"unbind": func(ctx context.Context) error {
			_, err := c.Unbind(ctx, &openbroker.UnbindRequest{InstanceID: "i-1", BindingID: "b-1", ServiceID: "s-1", PlanID: "p-1", AcceptsIncomplete: true})
			return err
		},
	}
}

func asResponse(err error, response **client.ResponseError) bool { return errors.As(err, response) }
