package openbroker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// NewHandler returns a handler that serves the Open Service Broker API for a
// broker. Mount it under any path: it serves /v2/... under any prefix and answers
// other paths with a JSON 404. It panics if broker is nil.
//
// Each request goes through these steps. The first step that fails ends it.
//
//  1. Echo X-Broker-API-Request-Identity. A later panic becomes a 500.
//  2. Authenticate, on every path: 401.
//  3. Route: 404, 405.
//  4. Check the API version: 400 if missing or malformed, 412 if too old or of
//     another major version.
//  5. Decode the originating identity: 400 if malformed.
//  6. Read the body: 413 if too large, 400 unless it is a JSON object with fields
//     of the right types.
//  7. Check against the catalog: 400 for unknown services and plans, 422 for
//     a different maintenance version, 400 for a plan that is not bindable, and, with
//     WithParameterValidation, 400 for invalid parameters.
//  8. Call the broker and check its response: 500 and a log record if the response
//     violates the specification.
func NewHandler(broker Broker, options ...Option) http.Handler {
	if broker == nil {
		panic("openbroker: NewHandler: broker is nil")
	}
	return &handler{config: newConfig(options), broker: broker}
}

type handler struct {
	*config
	broker  Broker
	version atomic.Pointer[catalogVersion]

	documentMu sync.Mutex
	document   *catalogDocument
}

// A call is one request on its way through the handler.
type call struct {
	*handler
	w        http.ResponseWriter
	r        *http.Request
	endpoint *endpoint
	target   target
	caller   Caller
	query    query
	// queried is the memory of query.
	queried [4]parameter
	// serviceID and planID come from the request. They are for the log.
	serviceID, planID string
	status            int
	// code is the error code of a refusal.
	code string
	// cause is the internal error. It is only logged.
	cause error
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.now()
	r, done := h.observe(r) //nolint:contextcheck // The request has its context.
	c := &call{handler: h, w: w, r: r}
	defer func() { //nolint:contextcheck // The request has its context.
		value := recover()
		if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares the same way.
			defer panic(value)
		} else if value != nil {
			c.fail(c.panicked(value))
		}
		duration := h.now().Sub(start)
		c.log(r.Context(), duration)
		if done != nil {
			done(RequestOutcome{
				Route: c.route(), Status: c.status, Duration: duration, Caller: c.caller, Code: c.code,
				InstanceID: c.target.instanceID, BindingID: c.target.bindingID,
			})
		}
	}()
	c.echoRequestIdentity(w, r, &c.caller)
	if err := c.serve(); err != nil {
		c.fail(err)
	}
}

func (c *call) serve() *Error {
	if err := c.authenticate(c.w, c.r, &c.caller); err != nil {
		return err
	}
	var found bool
	if c.target, found = parsePath(c.r.URL.EscapedPath(), c.platformPrefix); !found {
		return NewError(http.StatusNotFound, "", "No such path: the Open Service Broker API has /v2/catalog and /v2/service_instances/...")
	}
	if err := c.choosePlatform(); err != nil {
		return err
	}
	if err := c.chooseEndpoint(); err != nil {
		return err
	}
	if err := c.checkVersion(c.r, &c.caller); err != nil {
		return err
	}
	if err := c.readIdentity(c.r, &c.caller); err != nil {
		return err
	}
	if err := c.checkIDs(); err != nil {
		return err
	}
	c.query = parseQuery(c.queried[:0], c.r.URL.RawQuery)
	return c.endpoint.serve(c)
}

func (c *call) choosePlatform() *Error {
	if c.platformPrefix {
		if checkID("platform", c.target.prefix) != nil {
			return NewError(http.StatusNotFound, "", "No such path: this broker serves /{platform}/v2/...")
		}
		if own := c.caller.Principal.Platform; own != "" && own != c.target.prefix {
			c.challenge(c.w)
			return ErrUnauthorized.WithCause(fmt.Errorf("the credential belongs to the platform %q", own))
		}
		c.caller.Platform = c.target.prefix
	}
	return nil
}

func (c *call) chooseEndpoint() *Error {
	method := c.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	candidates := endpoints[c.target.pattern]
	var allowed []string
	for i := range candidates {
		if candidates[i].method == method {
			c.endpoint = &candidates[i]
			return nil
		}
		allowed = append(allowed, candidates[i].method)
		if candidates[i].method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	c.w.Header().Set("Allow", strings.Join(allowed, ", "))
	return NewError(http.StatusMethodNotAllowed, "", "This path supports "+strings.Join(allowed, ", ")+" only.")
}

func (c *call) checkIDs() *Error {
	if c.target.pattern == patternCatalog {
		return nil
	}
	if err := checkID("instance_id", c.target.instanceID); err != nil {
		return err
	}
	if c.target.pattern == patternBinding || c.target.pattern == patternBindOperation {
		return checkID("binding_id", c.target.bindingID)
	}
	return nil
}

// acceptsIncomplete is true only for the literal "true".
func (c *call) acceptsIncomplete() bool { return c.query.get("accepts_incomplete") == "true" }

// reply sends a success.
func (c *call) reply(status int, body any) *Error {
	e := newJSONEncoder()
	defer e.free()
	encoded, err := e.encode(body)
	if err != nil {
		return c.programmingError("the response cannot be encoded: %w", err)
	}
	c.status = status
	writeJSON(c.w, status, encoded)
	return nil
}

func (c *call) retryAfter(after time.Duration) {
	if after > 0 {
		c.w.Header().Set("Retry-After", retryAfterSeconds(after))
	}
}

func retryAfterSeconds(after time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(after.Seconds())), 10)
}

// programmingError is internalError for a violation of the specification.
func (c *call) programmingError(format string, args ...any) *Error {
	return c.internalError(fmt.Errorf("the broker violates the specification: "+format, args...))
}

// internalError returns a generic 500 with a request id. The log record with this
// id has the cause.
func (c *call) internalError(cause error) *Error {
	if c.caller.RequestIdentity == "" {
		c.caller.RequestIdentity = rand.Text()
	}
	return NewError(http.StatusInternalServerError, "",
		"The service broker failed to process the request. Its log has the cause under the request id "+shorten(c.caller.RequestIdentity)+".").WithCause(cause)
}

// brokerError returns the response for an error of the broker.
func (c *call) brokerError(err error) *Error {
	osbError, ok := asError(err)
	switch {
	case !ok && errors.Is(err, context.Canceled) && c.r.Context().Err() != nil:
		// The client disconnected or the server is closing: not a failure.
		return ErrUnavailable.WithCause(err)
	case !ok:
		return c.internalError(err)
	case osbError.Status == 0:
		osbError = osbError.derive()
		osbError.Status = http.StatusNotFound
		if c.endpoint.deletes {
			osbError.Status = http.StatusGone
		}
	case osbError.Status < 400 || osbError.Status > 599:
		return c.programmingError("an error has the status %d: %w", osbError.Status, err)
	}
	if error(osbError) != err { //nolint:errorlint // An error that wraps osbError must be logged.
		osbError = osbError.WithCause(err)
	}
	return osbError
}

// fail sends an error.
func (c *call) fail(err *Error) {
	c.status, c.code, c.cause = err.Status, err.Code, errors.Unwrap(err)
	body := errorBody{Error: err.Code, Description: err.Description}
	if c.endpoint != nil && (c.endpoint.updates || c.endpoint.deletesInstance) {
		body.InstanceUsable = err.InstanceUsable
	}
	if c.endpoint != nil && c.endpoint.updates {
		body.UpdateRepeatable = err.UpdateRepeatable
	}
	writeError(c.w, err, body)
}

// log writes one record for the request: ids, and the sender of a refused request.
// Parameters, credentials and headers must not be logged.
func (c *call) log(ctx context.Context, duration time.Duration) {
	level := slog.LevelInfo
	if gone := c.status == http.StatusServiceUnavailable && errors.Is(c.cause, context.Canceled); c.status >= http.StatusInternalServerError && !gone {
		level = slog.LevelError
	}
	if !c.logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs, slog.String("method", c.r.Method))
	if route := c.route(); route != "" {
		attrs = append(attrs, slog.String("route", route))
	}
	attrs = append(attrs, slog.Int("status", c.status), slog.Duration("duration", duration))
	for _, field := range [...]struct{ key, value string }{
		{"request_identity", c.caller.RequestIdentity},
		{"platform", c.caller.Platform},
		{"service_id", c.serviceID},
		{"plan_id", c.planID},
		{"instance_id", c.target.instanceID},
		{"binding_id", c.target.bindingID},
		{"client_address", c.refusedAddress()},
		{"username", c.refusedUsername()},
	} {
		if field.value != "" {
			attrs = append(attrs, slog.String(field.key, shorten(field.value)))
		}
	}
	if c.cause != nil {
		// fmt, unlike c.cause.Error(), recovers from an Error method that panics,
		// such as one with a nil receiver.
		attrs = append(attrs, slog.String("error", fmt.Sprint(c.cause)))
	}
	// Unlike LogAttrs, this does not look up the line of the call, which is always this one.
	record := slog.NewRecord(time.Now(), level, "request", 0)
	record.AddAttrs(attrs...)
	_ = c.logger.Handler().Handle(ctx, record)
}

// route returns the path of the endpoint with placeholders for ids, or "".
func (c *call) route() string {
	if c.endpoint == nil {
		return ""
	}
	return c.endpoint.pattern
}

// refusedAddress returns the client address of a request that was answered with
// 401, or "".
func (c *call) refusedAddress() string {
	if c.status != http.StatusUnauthorized {
		return ""
	}
	return c.r.RemoteAddr
}

// refusedUsername returns the user name of a request that was answered with 401, or
// "".
func (c *call) refusedUsername() string {
	if c.status != http.StatusUnauthorized {
		return ""
	}
	username, _, _ := c.r.BasicAuth()
	return username
}

// shorten truncates text of a client for logs and responses.
func shorten(s string) string {
	const limit = 256
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}

// panicked returns the response for a recovered panic.
func (c *call) panicked(value any) *Error {
	return c.internalError(fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
}
