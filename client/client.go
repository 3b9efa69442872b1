package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
)

// A Client calls one broker. It is safe for concurrent use. Create it with [New];
// the zero value is not usable.
type Client struct {
	base   *url.URL
	http   *http.Client
	secret secrets
	// authorize adds the credentials to a request, or is nil.
	authorize func(*http.Request) error

	version         openbroker.Version
	identity        *openbroker.OriginatingIdentity
	requestTimeout  time.Duration
	maxResponseSize int64
	retries         int
	strict          bool
	polling         polling
	policy          OrphanPolicy
	logger          *slog.Logger

	catalog catalogCache
	orphans mitigations
}

var _ openbroker.Broker = (*Client)(nil)

// New returns a client of the broker at address, such as
// "https://broker.example.com" or "http://127.0.0.1:8080/prefix"; the client adds
// /v2. A user name and password in the address work like [WithBasicAuth].
//
// New returns an error that names the part of the address, or the option, that is
// invalid.
func New(address string, options ...Option) (*Client, error) {
	base, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	s := &settings{
		client: Client{
			base:            base,
			version:         openbroker.Version{Major: 2, Minor: 17},
			requestTimeout:  defaultRequestTimeout,
			maxResponseSize: defaultMaxResponseSize,
			retries:         defaultRetries,
			polling:         defaultPolling,
			logger:          slog.New(slog.DiscardHandler),
		},
	}
	if user := base.User; user != nil {
		base.User = nil
		password, _ := user.Password()
		WithBasicAuth(user.Username(), password)(s)
	}
	for _, option := range options {
		option(s)
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	c := &s.client
	c.orphans.start()
	return c, nil
}

func parseAddress(address string) (*url.URL, error) {
	base, err := url.Parse(address)
	switch {
	case err != nil:
		// The error of url.Parse repeats the address, which may contain a password.
		return nil, errors.New("client: the address of the broker is not a URL: write it as https://HOST:PORT, and escape special characters in a password")
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("client: the address of the broker must begin with http:// or https://, not %q", base.Scheme+":")
	case base.Host == "":
		return nil, errors.New("client: the address of the broker has no host: write it as https://HOST:PORT")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("client: the address of the broker must not have a query or a fragment")
	}
	base.Path = strings.TrimSuffix(strings.TrimRight(base.Path, "/"), "/v2")
	base.RawPath = strings.TrimSuffix(strings.TrimRight(base.RawPath, "/"), "/v2")
	return base, nil
}

// URL returns the address of the broker, without credentials and without /v2.
func (c *Client) URL() string { return c.base.String() }

// Format writes the address of the broker for every verb, since a client holds
// credentials.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "client of %s", c.base) }

// LogValue returns the address of the broker.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.URL()) }

// Close waits until the deletions of orphans that [WithOrphanMitigation] has started
// have ended. If ctx ends first, Close cancels the remaining ones. It returns an
// error that names the orphans that are not deleted. It also closes idle connections.
// A client without orphan mitigation need not be closed.
func (c *Client) Close(ctx context.Context) error {
	err := c.orphans.close(ctx)
	c.http.CloseIdleConnections()
	return err
}

// secrets holds the values that must not appear in any text.
type secrets struct {
	mu     sync.Mutex
	values []string
}

func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range values {
		// Masking a very short value would make texts unreadable, and the position
		// of the mask would reveal the value.
		if len(value) >= 4 {
			s.values = append(s.values, value)
		}
	}
}
