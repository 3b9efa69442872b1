package server_test

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/server"
)

// large returns a provision request for a testBroker with n bytes.
func large(n int) string {
	body := strings.TrimSuffix(provisionBody, "}") + `,"parameters":{"x":"`
	return body + strings.Repeat("x", n-len(body)-3) + `"}}`
}

// put sends a provision request, chunked unless its length is announced.
func (r *running) put(t *testing.T, instance, body string, announced bool) result {
	t.Helper()
	var reader io.Reader = strings.NewReader(body)
	if !announced {
		reader = io.MultiReader(reader)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.url+"/v2/service_instances/"+instance, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Broker-API-Version", "2.17")
	response, err := newClient().Do(request)
	if err != nil {
		return result{err: err}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return result{Response: response, body: string(content), err: err}
}

// The budget limits the bodies of all requests together: a request that exceeds it
// gets a Retry-After, while small requests are still accepted.
func TestBodyBudget(t *testing.T) {
	t.Parallel()
	const size, fit, clients = 256 << 10, 4, 100
	for name, announced := range map[string]bool{"Content-Length": true, "chunked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := newBroker("one")
			broker.entered = make(chan string, clients)
			s := start(t, broker, server.Config{BodyBudget: fit*size + 4096, SkipParameterValidation: true})
			inside := make(chan result, fit)
			for i := range fit {
				go func() { inside <- s.put(t, "slow-"+strconv.Itoa(i), large(size), announced) }()
			}
			for range fit {
				receive(t, broker.entered, "a request to reach the broker")
			}
			outside := make(chan result, clients)
			for i := range clients {
				go func() { outside <- s.put(t, "slow-more-"+strconv.Itoa(i), large(size), announced) }()
			}
			for range clients {
				a := receive(t, outside, "a response")
				if a.err != nil {
					// Go's client returns an error if the server closes the connection while it sends.
					continue
				}
				if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "1" || !strings.Contains(a.body, `"description"`) {
					t.Fatalf("beyond the budget: %s %v %s", a.Status, a.Header, a.body)
				}
			}
			if len(broker.entered) > 0 {
				t.Error("more bodies were accepted than the budget allows")
			}
			if a := s.put(t, "small", provisionBody, announced); a.err != nil || a.StatusCode != http.StatusCreated {
				t.Errorf("a small body: %+v", a)
			}
			close(broker.release)
			for range fit {
				if a := receive(t, inside, "a response"); a.err != nil || a.StatusCode != http.StatusCreated {
					t.Errorf("a body that fits: %+v", a)
				}
			}
			for i := range fit + 1 { // Each request returns its part of the budget.
				if a := s.put(t, "again-"+strconv.Itoa(i), large(size), announced); a.err != nil || a.StatusCode != http.StatusCreated {
					t.Errorf("afterwards: %+v", a)
				}
			}
		})
	}
}

// refuseAll refuses every request.
type refuseAll struct{}

func (refuseAll) Authenticate(*http.Request) (openbroker.Principal, error) {
	return openbroker.Principal{}, errors.New("refused")
}
func (refuseAll) Challenges() []string { return nil }

// A request that is refused before its body is read does not use the budget, and a
// body above the maximum size is refused as too large.
func TestBodyBudgetCountsReadBodies(t *testing.T) {
	t.Parallel()
	s := start(t, newBroker("one"), server.Config{BodyBudget: 4096, Authenticator: refuseAll{}})
	connection := s.talk(t, "PUT /v2/service_instances/a HTTP/1.1\r\nHost: x\r\nX-Broker-API-Version: 2.17\r\nContent-Length: 8192\r\n\r\n"+strings.Repeat(" ", 8192))
	if status := readStatus(t, connection); status != http.StatusUnauthorized {
		t.Errorf("without credentials: %d", status)
	}
	s = start(t, newBroker("one"), server.Config{BodyBudget: 4096, Options: []openbroker.Option{openbroker.WithMaxBodySize(2048)}})
	connection = s.talk(t, "PUT /v2/service_instances/a HTTP/1.1\r\nHost: x\r\nX-Broker-API-Version: 2.17\r\nContent-Length: 8192\r\n\r\n"+strings.Repeat(" ", 8192))
	if status := readStatus(t, connection); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large: %d", status)
	}
}
