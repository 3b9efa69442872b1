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
	// maxBody bounds how much of an answer is read.
	maxBody = 8 << 20
	// maxKept is how much is kept of an answer that is larger: enough to mask
	// secrets in what reports show, and not too much for a thousand answers.
	maxKept = 16 * maxShown
)

// A client sends requests exactly as they are given: it follows no redirect,
// keeps no cookies and does not touch paths.
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
		return nil, fmt.Errorf("the broker's URL is malformed: %w", errors.Unwrap(err))
	}
	switch {
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return nil, errors.New("the broker's URL must begin with http:// or https:// and have a host")
	case base.User != nil:
		return nil, errors.New("the broker's URL must not contain credentials: give the username and password separately")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the broker's URL must not have a query or fragment")
	case target.Bearer != "" && (target.Username != "" || target.Password != ""):
		return nil, errors.New("give a password or a bearer token, not both")
	}
	return &client{
		base: strings.TrimSuffix(target.URL, "/"), target: target, timeout: timeout,
		http: plain(target.Client), anonymous: plain(target.AnonymousClient),
	}, nil
}

// plain is a client with the transport of another one, and nothing else of it.
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

// send sends a message and fills in the answer. If the broker limits the rate, it
// is sent again when Retry-After says so, a few times.
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
	// maxRateAttempts is how often a request is sent that is answered with 429.
	maxRateAttempts = 6
	// maxRatePause bounds the pause that such an answer asks for.
	maxRatePause = time.Minute
)

// ratePause is how long a 429 asks to wait; a second if it does not say.
func ratePause(header http.Header) time.Duration {
	interval, told := retryAfterOf(header)
	if !told {
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
		a.failure = "the request cannot be made: " + err.Error()
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
	defer response.Body.Close() //nolint:errcheck // What was read is judged; closing tells nothing more.
	a.status, a.header = response.StatusCode, response.Header
	a.body, err = io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		a.failure = noAnswer(err)
		return
	}
	if len(a.body) > maxBody {
		// What is judged is that it is too large; a run keeps all of its answers.
		a.body, a.cut = slices.Clone(a.body[:maxKept]), true
	}
	a.json = readDocument(a.body)
}

// noAnswer says why there is no answer, without the URL that net/http adds.
func noAnswer(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within the time limit"
	}
	return "no answer: " + clip(err.Error(), 200)
}
