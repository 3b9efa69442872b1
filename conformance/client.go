package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// maxBody is the largest response body that is read.
	maxBody = 8 << 20
	// maxKept is the part of a larger body that is kept: enough to mask secrets in
	// reports, and small enough to keep a thousand of them.
	maxKept = 16 * maxShown
)

// A client sends requests exactly as given: it follows no redirects, keeps no
// cookies and does not change paths.
type client struct {
	base      string
	target    Target
	http      *http.Client
	anonymous *http.Client
	timeout   time.Duration
	requests  atomic.Int64
	life      life
}

func newClient(target Target, timeout time.Duration) (*client, error) {
	base, err := url.Parse(target.URL)
	if err != nil {
		return nil, fmt.Errorf("the URL of the broker is malformed: %w", errors.Unwrap(err))
	}
	switch {
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, errors.New("the URL of the broker must begin with http:// or https:// and have a host")
	case base.User != nil:
		return nil, errors.New("the URL of the broker must not contain credentials: set the username and password separately")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the URL of the broker must not have a query or fragment: remove it")
	case target.Bearer != "" && (target.Username != "" || target.Password != ""):
		return nil, errors.New("a password and a bearer token are set: set only one")
	}
	return &client{
		base: strings.TrimSuffix(target.URL, "/"), target: target, timeout: timeout,
		http: plain(target.Client), anonymous: plain(target.AnonymousClient),
	}, nil
}

// plain returns a client with the transport of another client and none of its
// other settings.
func plain(of *http.Client) *http.Client {
	var transport http.RoundTripper
	if of != nil {
		transport = of.Transport
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// authorize adds the credentials to a request.
func (c *client) authorize(request *http.Request) {
	switch {
	case c.target.Bearer != "":
		request.Header.Set("Authorization", "Bearer "+c.target.Bearer)
	case c.target.Username != "" || c.target.Password != "":
		request.SetBasicAuth(c.target.Username, c.target.Password)
	}
}

// A message is a request that is ready to be sent.
type message struct {
	method    string
	path      string // with the query, escaped
	header    http.Header
	body      *string
	anonymous bool
}

// send sends a message and fills in the answer. If the broker limits the rate,
// it retries a few times after the pause that Retry-After asks for.
func (c *client) send(ctx context.Context, m message, a *answer) {
	for attempt := 1; ; attempt++ {
		c.sendOnce(ctx, m, a)
		if a.status != http.StatusTooManyRequests || attempt == maxRateAttempts || pause(ctx, ratePause(a.header)) != nil {
			break
		}
		*a = a.unsent()
	}
	c.life.note(ctx, c, a)
}

const (
	// maxRateAttempts is how often a request is sent while the broker answers with
	// 429.
	maxRateAttempts = 6
	// maxRatePause is the longest pause after a 429.
	maxRatePause = time.Minute
)

// ratePause returns the pause that a 429 asks for, or one second.
func ratePause(header http.Header) time.Duration {
	interval, found := retryAfterOf(header)
	if !found {
		interval = time.Second
	}
	return min(max(interval, minPollInterval), maxRatePause)
}

func (c *client) sendOnce(ctx context.Context, m message, a *answer) {
	c.requests.Add(1)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	started := time.Now()
	a.exchange.Started, a.exchange.Method, a.exchange.URL = started, m.method, c.base+m.path
	defer func() { a.exchange.Duration = time.Since(started) }()
	var body io.Reader
	if m.body != nil {
		body = strings.NewReader(*m.body)
		a.exchange.RequestBody = *m.body
	}
	request, err := http.NewRequestWithContext(ctx, m.method, c.base+m.path, body)
	if err != nil {
		a.failure = "the request is invalid: " + err.Error()
		return
	}
	request.Header = m.header
	sender := c.http
	if m.anonymous {
		if c.target.AnonymousClient != nil {
			sender = c.anonymous
		}
	} else {
		c.authorize(request)
	}
	a.exchange.RequestHeader = request.Header.Clone()
	response, err := sender.Do(request)
	if err != nil {
		a.failure, a.unconnected = noAnswer(err), errors.Is(err, syscall.ECONNREFUSED)
		return
	}
	defer response.Body.Close() //nolint:errcheck // What was read is judged; an error of Close adds nothing.
	a.status, a.header = response.StatusCode, response.Header
	a.body, err = io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		a.failure = noAnswer(err)
		return
	}
	if len(a.body) > maxBody {
		// The check only reports the size. A run keeps all answers, so it keeps a
		// part.
		a.body, a.cut = slices.Clone(a.body[:maxKept]), true
	}
	a.json = readDocument(a.body)
}

// noAnswer says why no response came, without the URL that net/http adds.
func noAnswer(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no response within the time limit"
	}
	return "no response: " + clip(err.Error(), 200)
}
