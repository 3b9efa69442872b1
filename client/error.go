package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
)

const mask = "[redacted]"

// A ResponseError is a response that is not a success: an error of the broker
// (spec.md, "Service Broker Errors"), or a response that violates the specification.
// [errors.As] finds an [*openbroker.Error] in it, and [errors.Is] the matching
// sentinel of package openbroker, if one exists.
type ResponseError struct {
	// Call is the name of the call, such as "provision".
	Call string
	// StatusCode is the HTTP status.
	StatusCode int
	// Code is the "error" field of the response, or empty.
	Code string
	// Description is the "description" field of the response, or empty. It is the
	// broker's text for users.
	Description string
	// Malformed says how the response violates the specification. It is empty if the
	// broker responded with a valid error.
	Malformed string
	// RequestIdentity is the identity of the request. Brokers log it.
	RequestIdentity string
	// RetryAfter is the value of the header Retry-After, or 0.
	RetryAfter time.Duration
	// Excerpt is the beginning of a body that is not a JSON object, for humans.
	// Secrets of the request are masked. It is empty for successes, whose body may
	// contain credentials.
	Excerpt string

	cause  *openbroker.Error
	orphan Orphan
}

// Error returns the call, the status and the broker's description.
func (e *ResponseError) Error() string {
	text := fmt.Sprintf("%s: the broker responded with %d", e.Call, e.StatusCode)
	if name := http.StatusText(e.StatusCode); name != "" {
		text += " " + name
	}
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	switch {
	case e.Malformed != "":
		text += ": " + e.Malformed
	case e.Description != "":
		text += ": " + e.Description
	case e.Excerpt != "":
		text += ": " + e.Excerpt
	}
	return text + " [request identity " + e.RequestIdentity + "]"
}

// Unwrap returns the [*openbroker.Error] that a broker in this process would have
// returned.
func (e *ResponseError) Unwrap() error { return e.cause }

// A TransportError means that a request got no response, or one that is incomplete
// or too large. Unless Refused is true, the broker may have executed the request.
type TransportError struct {
	// Call is the name of the call, such as "provision".
	Call string
	// RequestIdentity is the identity of the request.
	RequestIdentity string
	// Refused means that no connection was made: the broker has not received the
	// request.
	Refused bool

	text   string
	cause  error
	orphan Orphan
}

// Error returns the call and the cause, without the URL.
func (e *TransportError) Error() string {
	return e.Call + ": no response from the broker: " + e.text + " [request identity " + e.RequestIdentity + "]"
}

// Unwrap returns the error of the network or of the context.
func (e *TransportError) Unwrap() error { return e.cause }

// Timeout reports whether the broker did not respond in time.
func (e *TransportError) Timeout() bool {
	var network interface{ Timeout() bool }
	return errors.Is(e.cause, context.DeadlineExceeded) || errors.As(e.cause, &network) && network.Timeout()
}

func (c *Client) transportError(ctx context.Context, call *call, identity string, err error) error {
	failed := &TransportError{
		Call: call.name, RequestIdentity: identity, Refused: !call.silent,
		text: c.secret.mask(err.Error(), call.hide), cause: err,
	}
	if c.policy.afterSilence(call.orphan.Kind, failed) {
		failed.orphan = call.orphan
		c.mitigate(ctx, failed.orphan)
	}
	return failed
}

// refuse returns the error for a response. malformed says how the response violates
// the specification; it is empty for a valid error.
func (c *Client) refuse(ctx context.Context, call *call, a *brokerResponse, malformed string) error {
	e := &ResponseError{
		Call: call.name, StatusCode: a.status, RequestIdentity: a.requestIdentity,
		RetryAfter: a.retryAfter(), Malformed: malformed,
	}
	status := a.status
	if a.status >= 400 && malformed == "" {
		c.readError(e, call, a)
	} else {
		status = http.StatusBadGateway
	}
	e.cause = e.sentinel(call, status)
	if fields, err := decodeObject(a, false); err == nil && a.status >= 400 {
		e.cause.InstanceUsable = readFlag(fields["instance_usable"])
		e.cause.UpdateRepeatable = readFlag(fields["update_repeatable"])
	}
	if c.policy.afterResponse(call.orphan, e) || call.silent && c.policy.afterRepetition(call.orphan.Kind, e) {
		e.orphan = call.orphan
		c.mitigate(ctx, e.orphan)
	}
	return e
}

func (c *Client) readError(e *ResponseError, call *call, a *brokerResponse) {
	fields, err := decodeObject(a, false)
	if err != nil {
		e.Excerpt = c.secret.excerpt(a.body, call.hide)
		if a.status == http.StatusPreconditionFailed {
			e.Description = "the broker does not speak this version of the API"
		}
		return
	}
	text := func(name string) string {
		var value string
		if json.Unmarshal(fields[name], &value) != nil {
			return ""
		}
		return c.secret.mask(value, nil)
	}
	e.Code, e.Description = text("error"), text("description")
	if e.Description == "" {
		// Frameworks in front of a broker use other fields.
		e.Description = text("message")
	}
}

// sentinel returns a copy of the matching sentinel of package openbroker, with the
// description and the code of the broker.
func (e *ResponseError) sentinel(call *call, status int) *openbroker.Error {
	kind := openbroker.NewError(status, e.Code, e.Description)
	missing, exists := openbroker.ErrInstanceDoesNotExist, openbroker.ErrInstanceAlreadyExists
	if call.onBinding {
		missing, exists = openbroker.ErrBindingDoesNotExist, openbroker.ErrBindingAlreadyExists
	}
	switch status {
	case http.StatusUnauthorized:
		kind = openbroker.ErrUnauthorized
	case http.StatusNotFound:
		kind = missing
	case http.StatusGone:
		if kind = openbroker.ErrGone; call.method == http.MethodDelete {
			kind = missing
		}
	case http.StatusConflict:
		kind = exists
	case http.StatusUnprocessableEntity:
		for _, known := range [...]*openbroker.Error{
			openbroker.ErrAsyncRequired, openbroker.ErrConcurrency, openbroker.ErrRequiresApp, openbroker.ErrMaintenanceInfoConflict,
		} {
			if e.Code == known.Code {
				kind = known
			}
		}
	case http.StatusNotImplemented:
		kind = openbroker.ErrNotImplemented
	case http.StatusServiceUnavailable:
		kind = openbroker.ErrUnavailable
	}
	meaning := kind.WithDescription("%s", e.Description)
	if e.Malformed != "" {
		meaning.Description = "The service broker returned an invalid response."
	}
	meaning.Status, meaning.Code, meaning.RetryAfter = status, e.Code, e.RetryAfter
	return meaning
}

func readFlag(raw json.RawMessage) *bool {
	var flag *bool
	if json.Unmarshal(raw, &flag) != nil {
		return nil
	}
	return flag
}

// replaceToken adds a token to the secrets. It keeps several recent tokens: a
// response to an earlier request may still repeat an older one.
func (s *secrets) replaceToken(token string) {
	s.mu.Lock()
	known := slices.Contains(s.values, token)
	if !known && len(s.values) > 8 {
		s.values = slices.Delete(s.values, 0, 1)
	}
	s.mu.Unlock()
	if !known {
		s.add(token)
	}
}

// mask replaces every secret in text.
func (s *secrets) mask(text string, more []string) string {
	s.mu.Lock()
	hidden := slices.Concat(s.values, more)
	s.mu.Unlock()
	// Mask a secret that contains another one first.
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range hidden {
		text = strings.ReplaceAll(text, secret, mask)
	}
	return text
}

const maxExcerpt = 200

// excerpt returns the beginning of a body as one line of printable text.
func (s *secrets) excerpt(body []byte, more []string) string {
	// Mask before truncating, which could leave a part of a secret.
	text := s.mask(strings.ToValidUTF8(string(body[:min(len(body), 64<<10)]), "\uFFFD"), more)
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
	if utf8.RuneCountInString(text) > maxExcerpt {
		text = string([]rune(text)[:maxExcerpt]) + "…"
	}
	return text
}

// hiddenTexts returns the strings in the parameters of a request, which an error page
// might repeat.
func hiddenTexts(parameters openbroker.Parameters) []string {
	if len(parameters) == 0 {
		return nil
	}
	var value any
	if json.Unmarshal(parameters, &value) != nil {
		return nil
	}
	var texts []string
	var collect func(any)
	collect = func(value any) {
		switch value := value.(type) {
		case string:
			if len(value) >= 4 {
				texts = append(texts, value)
			}
		case []any:
			for _, element := range value {
				collect(element)
			}
		case map[string]any:
			for _, member := range value {
				collect(member)
			}
		}
	}
	collect(value)
	return texts
}
