package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
)

// A call is one of the ten calls of the API, with all that is needed to send it.
type call struct {
	name   string
	method string
	// instance and binding are empty for the catalog; binding also for calls on
	// instances.
	instance, binding string
	onBinding         bool
	// lastOperation polls instead of fetching.
	lastOperation bool
	query         []parameter
	body          []byte
	caller        openbroker.Caller
	ifNoneMatch   string
	// repeat says when the call is repeated.
	repeat repetition
	// orphan is the resource that the call may leave behind.
	orphan Orphan
	// silent is true if an attempt may have reached the broker and got no response.
	silent bool
	// hide lists texts of the request that errors and logs must not contain.
	hide []string
}

type parameter struct{ name, value string }

// path returns the path below the address of the broker. Each id is escaped and stays
// a single segment.
func (c *call) path() (string, error) {
	if c.name == "catalog" {
		return "/v2/catalog", nil
	}
	path, err := segment("/v2/service_instances/", "instance id", c.instance)
	if err != nil {
		return "", err
	}
	if c.onBinding {
		binding, err := segment("/service_bindings/", "binding id", c.binding)
		if err != nil {
			return "", err
		}
		path += binding
	}
	if c.lastOperation {
		path += "/last_operation"
	}
	return path, nil
}

func segment(prefix, what, id string) (string, error) {
	switch id {
	case "":
		return "", fmt.Errorf("client: the %s is empty", what)
	case ".", "..":
		// Proxies and servers resolve these.
		return "", fmt.Errorf("client: the %s %q cannot be sent in a path", what, id)
	}
	return prefix + url.PathEscape(id), nil
}

// encodeQuery encodes a space as %20, because some brokers do not decode + as a space.
func encodeQuery(parameters []parameter) string {
	var query strings.Builder
	for _, p := range parameters {
		if p.value == "" {
			continue
		}
		if query.Len() > 0 {
			query.WriteByte('&')
		}
		query.WriteString(p.name + "=" + strings.ReplaceAll(url.QueryEscape(p.value), "+", "%20"))
	}
	return query.String()
}

// A brokerResponse is a broker's complete response.
type brokerResponse struct {
	status          int
	header          http.Header
	body            []byte
	requestIdentity string
	received        time.Time
}

// do sends a call, repeats it if that is safe, and returns the response of the broker
// with any status. It returns a *TransportError if it got no response, and another
// error if the request is invalid.
func (c *Client) do(ctx context.Context, call *call) (*brokerResponse, error) {
	path, err := call.path()
	if err != nil {
		return nil, err
	}
	target := c.base.String() + path
	if query := encodeQuery(call.query); query != "" {
		target += "?" + query
	}
	identity := call.caller.RequestIdentity
	if identity == "" {
		identity = newRequestIdentity()
	}
	for attempt := 0; ; attempt++ {
		began := time.Now()
		response, err := c.send(ctx, call, target, identity)
		var unsent *unsentError
		if errors.As(err, &unsent) {
			return nil, fmt.Errorf("client: %s: %w", call.name, unsent.cause)
		}
		c.log(ctx, call, identity, attempt, time.Since(began), response, err)
		// The broker may have executed any attempt that reached it.
		call.silent = call.silent || err != nil && !refused(err)
		pause, again := call.repeat.next(ctx, attempt, response, err)
		if again && sleep(ctx, pause) == nil {
			continue
		}
		if err != nil {
			return nil, c.transportError(ctx, call, identity, err)
		}
		captureResponse(ctx, response)
		return response, nil
	}
}

// An unsentError means that no request was sent.
type unsentError struct{ cause error }

func (e *unsentError) Error() string { return e.cause.Error() }

func (c *Client) send(ctx context.Context, call *call, target, identity string) (*brokerResponse, error) {
	if c.requestTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.requestTimeout, errRequestTimeout)
		defer cancel()
	}
	var body io.Reader = http.NoBody
	if call.body != nil {
		body = bytes.NewReader(call.body)
	}
	r, err := http.NewRequestWithContext(ctx, call.method, target, body)
	if err != nil {
		return nil, &unsentError{errors.New("cannot create the request")}
	}
	if err := c.setHeaders(r, call, identity); err != nil {
		return nil, &unsentError{err}
	}
	response, err := c.http.Do(r)
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errRequestTimeout) {
			return nil, cause
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			// The wrapper repeats the URL with its query.
			err = wrapped.Err
		}
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, c.maxResponseSize+1))
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errRequestTimeout) {
			return nil, cause
		}
		return nil, fmt.Errorf("the response with status %d is incomplete: %w", response.StatusCode, err)
	}
	if int64(len(content)) > c.maxResponseSize {
		return nil, &tooLargeError{status: response.StatusCode, limit: c.maxResponseSize}
	}
	return &brokerResponse{
		status: response.StatusCode, header: response.Header, body: content,
		requestIdentity: identity, received: time.Now(),
	}, nil
}

func (c *Client) setHeaders(r *http.Request, call *call, identity string) error {
	version := c.version
	if call.caller.APIVersion != (openbroker.Version{}) {
		version = call.caller.APIVersion
	}
	r.Header.Set(openbroker.HeaderAPIVersion, version.String())
	r.Header.Set(openbroker.HeaderRequestIdentity, identity)
	r.Header.Set("Accept", "application/json")
	if call.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if call.ifNoneMatch != "" {
		r.Header.Set("If-None-Match", call.ifNoneMatch)
	}
	user := c.identity
	if call.caller.Identity != nil {
		user = call.caller.Identity
	}
	if user != nil {
		r.Header.Set(openbroker.HeaderOriginatingIdentity, user.String())
	}
	if c.authorize != nil {
		return c.authorize(r)
	}
	return nil
}

func (c *Client) log(ctx context.Context, call *call, identity string, attempt int, duration time.Duration, response *brokerResponse, err error) {
	attributes := []slog.Attr{
		slog.String("call", call.name), slog.String("method", call.method),
		slog.String("request_identity", identity), slog.Duration("duration", duration),
	}
	if call.instance != "" {
		attributes = append(attributes, slog.String("instance_id", call.instance))
	}
	if call.binding != "" {
		attributes = append(attributes, slog.String("binding_id", call.binding))
	}
	if attempt > 0 {
		attributes = append(attributes, slog.Int("repeated", attempt))
	}
	if err != nil {
		attributes = append(attributes, slog.String("error", c.secret.mask(err.Error(), call.hide)))
	} else {
		attributes = append(attributes, slog.Int("status", response.status))
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "request", attributes...)
}

var errRequestTimeout = fmt.Errorf("the broker did not respond in time: %w", context.DeadlineExceeded)

type tooLargeError struct {
	status int
	limit  int64
}

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the response with status %d is larger than %d bytes", e.status, e.limit)
}

// refused reports whether no connection was made, so that the broker cannot have
// seen the request.
func refused(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial"
}

// newRequestIdentity returns a random UUID (RFC 9562, version 4), which the
// specification recommends (spec.md, "Request Identity").
func newRequestIdentity() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // By contract, it never fails.
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// encodeBody encodes the body of a request: its fields, and the extension fields of
// body.
func encodeBody(fields any, body openbroker.Parameters) ([]byte, error) {
	encoded, err := marshal(fields)
	if err != nil || len(body) == 0 {
		return encoded, err
	}
	var known, all map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &known); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, errors.New("client: the Body of the request is not a JSON object")
	}
	for name, value := range all {
		if _, taken := known[name]; !taken && !standardFields[name] {
			known[name] = value
		}
	}
	return marshal(known)
}

// standardFields lists the fields that the specification defines for request bodies.
// encodeBody takes them from the typed request only, even if Body has them.
var standardFields = map[string]bool{
	"service_id": true, "plan_id": true, "context": true, "organization_guid": true, "space_guid": true,
	"parameters": true, "maintenance_info": true, "previous_values": true, "app_guid": true,
	"bind_resource": true, "predecessor_binding_id": true,
}

// marshal does not escape <, > and &: some brokers compare bodies as text.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("client: encode the request: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}
