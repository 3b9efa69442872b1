package webhook

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/openbroker/openbroker/provider/internal/message"
)

const contentType = "application/json"

// maxShown bounds what an error shows of a response.
const maxShown = 200

// A permanentError is one that another try cannot change.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// A repeatError asks for another try.
type repeatError struct {
	err error
	// after is what the receiver asks for, or 0.
	after time.Duration
}

func (e *repeatError) Error() string { return e.err.Error() }
func (e *repeatError) Unwrap() error { return e.err }

// fault returns the error of a response that is no answer and no acceptance: a redirect,
// or a status that asks for another try.
func (r *response) fault(now time.Time) error {
	switch status := r.status; {
	case status >= 300 && status < 400:
		return &permanentError{fmt.Errorf("the receiver redirects to %s (%d): redirects are not followed; set url to where the receiver is", r.target(), status)}
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500 && status != http.StatusNotImplemented:
		return &repeatError{fmt.Errorf("the receiver answers %d %s", status, http.StatusText(status)), r.retryAfter(now)}
	case status < 200 || status >= 600:
		return &permanentError{fmt.Errorf("the receiver answers with the status %d", status)}
	default:
		return nil
	}
}

// target returns where a redirect leads, without what may be secret.
func (r *response) target() string {
	location, err := url.Parse(r.header.Get("Location"))
	if err != nil || location.String() == "" {
		return "an unknown place"
	}
	shown := url.URL{Scheme: location.Scheme, Host: location.Host, Path: location.Path}
	return printable(shown.String())
}

// retryAfter returns the Retry-After of a response, or 0. A time is compared with that of
// the receiver's own clock, if it says so.
func (r *response) retryAfter(now time.Time) time.Duration {
	text := r.header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if clock, err := http.ParseTime(r.header.Get("Date")); err == nil {
		now = clock
	}
	return max(at.Sub(now), 0)
}

// accepted reports whether the receiver has accepted the request, and works on it.
func (r *response) accepted() bool { return r.status == http.StatusAccepted }

// line returns the progress in the body of an acceptance, or nil.
func (r *response) line() (*message.Line, error) {
	if len(r.body) == 0 {
		return nil, nil //nolint:nilnil // No progress is no error.
	}
	if err := r.isJSON(); err != nil {
		return nil, err
	}
	if strings.TrimSpace(string(r.body)) == "{}" {
		return nil, nil //nolint:nilnil // As above.
	}
	line, err := message.DecodeLine(r.body)
	if err != nil {
		return nil, fmt.Errorf("the body of the receiver's 202: %w", err)
	}
	return &line, nil
}

// location returns the URL to poll, or nil if the response names none. It must have the
// origin of the request: another host would get the signature, and could answer with
// credentials of its choice.
func (r *response) location(from *url.URL) (*url.URL, error) {
	text := r.header.Get("Location")
	if text == "" {
		return nil, nil //nolint:nilnil // Then the request itself is repeated.
	}
	reference, err := url.Parse(text)
	if err != nil || len(text) > 2048 {
		return nil, errors.New("the Location of the receiver's 202 is not a URL")
	}
	location := from.ResolveReference(reference)
	location.Fragment, location.RawFragment = "", ""
	if !sameOrigin(location, from) {
		return nil, fmt.Errorf("the Location of the receiver's 202 is at %s, and must be at the host of url", printable(location.Scheme+"://"+location.Host))
	}
	return location, nil
}

func sameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		return cmp.Or(u.Port(), map[string]string{schemeHTTP: "80", schemeHTTPS: "443"}[u.Scheme])
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b) && a.User == nil
}

// answer decodes the answer to an operation.
func (r *response) answer(operation message.Operation) (*message.Answer, error) {
	success := r.status == http.StatusOK || r.status == http.StatusCreated
	switch {
	case r.status == http.StatusNoContent:
		return new(message.Answer), nil
	case !success && r.status < 400:
		return nil, fmt.Errorf("the receiver answers %d %s: a result is 200 or 204", r.status, http.StatusText(r.status))
	}
	if err := r.isJSON(); err != nil {
		if !success {
			return nil, fmt.Errorf("the receiver answers %d %s%s", r.status, http.StatusText(r.status), r.hint())
		}
		return nil, err
	}
	a, err := message.DecodeAnswer(operation, r.body)
	switch {
	case err != nil && !success:
		return nil, fmt.Errorf("the receiver answers %d %s%s, and its body is no error for the platform: %w", r.status, http.StatusText(r.status), r.hint(), err)
	case err != nil:
		return nil, err
	case !success && a.Error == nil && a.RetryAfter == nil:
		return nil, fmt.Errorf("the receiver answers %d %s without error and retry_after", r.status, http.StatusText(r.status))
	}
	return a, nil
}

// hint says what can be the cause of a status.
func (r *response) hint() string {
	switch r.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ": it may have another secret, or another time"
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return ": url may be wrong"
	default:
		return ""
	}
}

// isJSON returns an error unless the body says that it is JSON.
func (r *response) isJSON() error {
	if encoding := r.header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fmt.Errorf("the answer has the Content-Encoding %s, and must have none", printable(encoding))
	}
	given := r.header.Get("Content-Type")
	media, parameters, err := mime.ParseMediaType(given)
	if charset := parameters["charset"]; err == nil && media == contentType && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	if given == "" {
		return fmt.Errorf("the answer (%d) has no Content-Type, and must be %s", r.status, contentType)
	}
	return fmt.Errorf("the answer (%d) is %s, and must be %s: is url that of the receiver, and not that of a page?", r.status, printable(given), contentType)
}

// says returns the beginning of a body that is plain text, and whether it is cut. Pages
// are of no use in a log, and JSON may have secrets that the broker does not know.
func (r *response) says() (text string, cut bool) {
	if media, _, err := mime.ParseMediaType(r.header.Get("Content-Type")); err != nil || media != "text/plain" {
		return "", false
	}
	body := r.body
	if len(body) > maxShown {
		body, cut = body[:maxShown], true
	}
	return strings.TrimSpace(string(body)), cut
}

// printable returns the beginning of a text of the receiver, without control characters.
func printable(text string) string {
	if len(text) > maxShown {
		text = text[:maxShown] + "..."
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '?'
	}, text)
}
