package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/openbroker/openbroker/provider/internal/message"
	"github.com/openbroker/openbroker/provider/internal/transport"
)

// A client sends signed requests to the receiver.
type client struct {
	endpoint  *url.URL
	header    http.Header
	secrets   secrets
	tls       transport.TLS
	addresses addresses
	// timeout limits each request, connecting and answering included.
	timeout   time.Duration
	tolerance time.Duration
	// signed demands that answers are signed.
	signed bool
	now    func() time.Time
	// slots has a value for each request that is sent.
	slots chan struct{}
	// alter, unless nil, changes the header of requests that were signed.
	alter func(http.Header)
	// dialled, unless nil, replaces connections.
	dialled func(net.Conn) net.Conn
	http    *http.Client
}

// connect prepares the client. Each request has a connection of its own: so each one uses
// the certificates that the files have now, and its address is checked. Nor can net/http
// repeat a request with its old signature, as it does after a kept connection was lost.
// Proxies of the environment are not used: the proxy would choose the address.
func (c *client) connect() {
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext:            c.dial,
			DialTLSContext:         c.dialTLS,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Control: c.addresses.control}
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		var notAllowed *addressError
		if errors.As(err, &notAllowed) {
			return nil, notAllowed
		}
		return nil, &awayError{err}
	}
	if c.dialled != nil {
		connection = c.dialled(connection)
	}
	return connection, nil
}

func (c *client) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	config, err := c.tls.Config(c.tls.Mode, c.endpoint.Hostname())
	if err != nil {
		return nil, err
	}
	config.NextProtos = []string{"http/1.1"}
	plain, err := c.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	connection := tls.Client(plain, config)
	if err := connection.HandshakeContext(ctx); err != nil {
		_ = plain.Close() // The handshake says what is wrong.
		return nil, fmt.Errorf("the TLS handshake: %w", err)
	}
	return connection, nil
}

// check returns why the receiver cannot be reached.
func (c *client) check(ctx context.Context) error {
	dial, port := c.dial, "80"
	if c.endpoint.Scheme == schemeHTTPS {
		dial, port = c.dialTLS, "443"
	}
	if explicit := c.endpoint.Port(); explicit != "" {
		port = explicit
	}
	connection, err := dial(ctx, "tcp", net.JoinHostPort(c.endpoint.Hostname(), port))
	if err != nil {
		return err
	}
	return connection.Close()
}

// An awayError says that there was no connection, so that the receiver has not seen the
// request.
type awayError struct{ err error }

func (e *awayError) Error() string { return e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

// A call is a request to the receiver.
type call struct {
	method string
	url    *url.URL
	// id names the message. It is the same in each retry and poll.
	id string
	// body is empty in polls.
	body []byte
}

// A response is what the receiver answers to a call.
type response struct {
	status int
	header http.Header
	body   []byte
	// at is when it came.
	at time.Time
}

var errNoAnswer = errors.New("the request exceeded its time limit")

// send makes one try. Errors do not show the URL, because it may have a secret.
func (c *client) send(ctx context.Context, what *call) (*response, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errNoAnswer)
	defer cancel()
	r, err := c.try(ctx, what)
	if err != nil && errors.Is(context.Cause(ctx), errNoAnswer) {
		return nil, fmt.Errorf("the receiver has not answered within %v: it can answer 202 and work on, or timeout can be longer", c.timeout)
	}
	return r, err
}

func (c *client) try(ctx context.Context, what *call) (_ *response, err error) {
	// Without GetBody, net/http cannot send the body again.
	request, err := http.NewRequestWithContext(ctx, what.method, what.url.String(), http.NoBody)
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	for name, values := range c.header {
		request.Header[name] = values
	}
	if len(what.body) > 0 {
		request.Body, request.ContentLength = io.NopCloser(&bodyReader{what.body}), int64(len(what.body))
		request.GetBody = nil
		request.Header.Set("Content-Type", contentType)
	}
	request.Header.Set("Accept", contentType)
	request.Header.Set("User-Agent", "openbroker")
	request.Header.Set("Idempotency-Key", what.id)
	c.secrets.sign(request.Header, what.id, c.now(), what.body)
	if c.alter != nil {
		c.alter(request.Header)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		var shown *url.Error
		if errors.As(err, &shown) {
			err = shown.Err
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the receiver closed the connection before its answer was complete")
		}
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // Nothing depends on it.
	body, err := io.ReadAll(io.LimitReader(answer.Body, message.MaxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("the answer ends too early: %w", err)
	}
	if len(body) > message.MaxAnswer {
		return nil, &permanentError{fmt.Errorf("the answer has more than %d bytes", message.MaxAnswer)}
	}
	return &response{status: answer.StatusCode, header: answer.Header, body: body, at: c.now()}, nil
}

// A bodyReader hides from net/http what kind of reader it is.
type bodyReader struct{ rest []byte }

func (b *bodyReader) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// verify checks the signature of a response, if answers must have one. A status of 4xx
// without one may be that of a proxy: its body counts as nothing.
func (c *client) verify(r *response, id string) error {
	if !c.signed {
		return nil
	}
	if r.status >= 400 && r.header.Get(headerSignature) == "" {
		r.body = nil
		r.header.Del("Content-Type")
		return nil
	}
	m, err := c.secrets.verify(r.header, r.body, r.at, c.tolerance)
	if err == nil && m.id != id {
		err = errors.New("its webhook-id must be that of the request")
	}
	if err != nil {
		return &permanentError{fmt.Errorf("the answer (%d) has no valid signature: %w", r.status, err)}
	}
	return nil
}
