package management

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// maxBody bounds the answers that a Client reads: a list of 100,000 users is half of it.
const maxBody = 16 << 20

// A Config describes a cluster.
type Config struct {
	// Nodes are the URLs of the nodes, http or https, without /api. At least one.
	Nodes []*url.URL
	// Username and Password are those of the account. It needs the tag administrator.
	Username, Password string
	// TLS returns the configuration for connections with a host, and is called for each.
	// It is needed for https.
	TLS func(host string) (*tls.Config, error)
	// Timeout bounds each request to one node. Required.
	Timeout time.Duration
	// SlowTimeout bounds those that create or delete a virtual host; it is at least
	// Timeout. A server that loses the client stops in the middle.
	SlowTimeout time.Duration
	// MaxConnections bounds the connections with each node, of which at most half create
	// or delete virtual hosts at a time. At least 2.
	MaxConnections int
}

// A Client calls the API. Several goroutines may use it.
type Client struct {
	config Config
	http   *http.Client
	// preferred is the index of the node that answered last.
	preferred atomic.Int64
	// slow has a place for each slow request, so that they leave connections for others.
	slow chan struct{}
}

// New returns a client. It connects to nothing.
func New(config Config) (*Client, error) {
	if len(config.Nodes) == 0 || config.Timeout <= 0 || config.MaxConnections < 2 {
		return nil, errors.New("management: nodes, a timeout and at least 2 connections are required")
	}
	dialer := &net.Dialer{Timeout: config.Timeout}
	transport := &http.Transport{
		DialContext: dialer.DialContext,
		// No Proxy: the account of an administrator goes to the nodes alone.
		MaxConnsPerHost:        config.MaxConnections,
		IdleConnTimeout:        30 * time.Second, // The server closes idle ones after 60 s.
		MaxResponseHeaderBytes: 64 << 10,
	}
	if config.TLS != nil {
		transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			settings, err := config.TLS(host)
			if err != nil {
				return nil, err
			}
			return (&tls.Dialer{NetDialer: dialer, Config: settings}).DialContext(ctx, network, address)
		}
	}
	return &Client{config: config, slow: make(chan struct{}, config.MaxConnections/2), http: &http.Client{
		Transport: transport,
		// A redirect could send the account elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Username returns the name of the account.
func (c *Client) Username() string { return c.config.Username }

// call makes a request and decodes the answer, unless into is nil. It tries each node
// until one answers with less than 500: all requests can be repeated.
func (c *Client) call(ctx context.Context, method string, at path, body, into any) error {
	target, err := at.encode()
	if err != nil {
		return err
	}
	var payload []byte
	if body != nil {
		if payload, err = json.Marshal(body); err != nil {
			return err
		}
	}
	if at.slow {
		select {
		case c.slow <- struct{}{}:
			defer func() { <-c.slow }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	first := int(c.preferred.Load())
	var problems []error
	for i := range c.config.Nodes {
		index := (first + i) % len(c.config.Nodes)
		err := c.ask(ctx, c.config.Nodes[index], method, target, payload, into)
		var refused *Error
		switch {
		case err == nil, errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
			c.preferred.Store(int64(index))
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// ask makes the request to one node.
func (c *Client) ask(ctx context.Context, node *url.URL, method string, at target, payload []byte, into any) error {
	timeout := c.config.Timeout
	if at.slow {
		timeout = max(timeout, c.config.SlowTimeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	address := *node
	address.User = nil
	address.Path, address.RawPath = node.Path+at.path, node.EscapedPath()+at.escaped
	address.RawQuery = at.query
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(payload))
	if err != nil {
		return fmt.Errorf("%s %s: the request is invalid", method, at.escaped)
	}
	request.SetBasicAuth(c.config.Username, c.config.Password)
	// 3.10 refuses to set a limit for a client that only accepts JSON.
	request.Header.Set("Accept", "*/*")
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	// It is not sent, and lets net/http repeat the request if the server has closed an
	// idle connection.
	request.Header["Idempotency-Key"] = nil
	response, err := c.http.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // It repeats method and URL.
		}
		return fmt.Errorf("%s %s at %s: %w", method, at.escaped, node.Host, err)
	}
	defer response.Body.Close() //nolint:errcheck // Reading showed the errors.
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return newError(method, at.escaped, node.Host, response)
	}
	if err := decode(response.Body, into); err != nil {
		return fmt.Errorf("%s %s at %s: the answer: %w", method, at.escaped, node.Host, err)
	}
	return nil
}

// decode reads a body to its end, so that the connection can be used again.
func decode(body io.Reader, into any) error {
	text, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxBody:
		return fmt.Errorf("it is longer than %d MiB", maxBody>>20)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}
