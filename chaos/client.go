//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// A request is a request of a platform.
type request struct {
	method, path string
	query        url.Values
	body         map[string]any
	// kind is the kind of the requested operation, or "".
	kind              string
	instance, binding string
	// accepts is true if the client accepts a 202.
	accepts bool
	// user is the user name. Empty means ownUser.
	user string
	// client is the number of the client in a history.
	client int
	// identity identifies the request for in_flight.go.
	identity string
}

// An answer is a response.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	at     time.Time
}

func (a answer) text(field string) string { s, _ := a.body[field].(string); return s }

// fingerprint returns the fingerprint of the attempt whose result the answer
// has, or "".
func (a answer) fingerprint() string {
	if credentials, ok := a.body["credentials"].(map[string]any); ok {
		writer, _ := credentials["writer"].(string)
		return writer
	}
	if dashboard := a.text("dashboard_url"); dashboard != "" {
		return strings.TrimPrefix(dashboard, dashboardURL(""))
	}
	return ""
}

func (a answer) secret() string {
	credentials, _ := a.body["credentials"].(map[string]any)
	secret, _ := credentials["password"].(string)
	return secret
}

func (a answer) String() string {
	body, err := json.Marshal(a.body)
	if err != nil {
		return err.Error()
	}
	text := string(body)
	if secret := a.secret(); secret != "" {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return fmt.Sprintf("%d %s", a.status, text)
}

// A client sends requests.
type client struct {
	http     *http.Client
	password string
}

// clientTimeout is longer than a request may wait, with time for a paused
// replica.
const clientTimeout = maxWait + 15*time.Second

func newClient(password string) *client {
	return &client{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute}}, password: password}
}

// do sends a request once. An error means that the response was lost or never
// sent.
func (c *client) do(ctx context.Context, base string, r request) (answer, error) {
	query := url.Values{}
	for name, values := range r.query {
		query[name] = values
	}
	if r.accepts {
		query.Set("accepts_incomplete", "true")
	}
	target := base + r.path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return answer{}, err
		}
		body = strings.NewReader(string(encoded))
	}
	message, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return answer{}, err
	}
	user := r.user
	if user == "" {
		user = ownUser
	}
	message.SetBasicAuth(user, c.password)
	message.Header.Set(openbroker.HeaderAPIVersion, "2.17")
	message.Header.Set("Content-Type", "application/json")
	if deadline, ok := ctx.Deadline(); ok && r.identity != "" {
		message.Header.Set(openbroker.HeaderRequestIdentity, r.identity)
		message.Header.Set(headerDeadline, strconv.FormatInt(deadline.UnixNano(), 10))
	}
	response, err := c.http.Do(message)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, header: response.Header, at: time.Now()}
	if err := json.Unmarshal(data, &a.body); err != nil {
		a.body = map[string]any{"not_json": string(data)}
	}
	return a, nil
}
