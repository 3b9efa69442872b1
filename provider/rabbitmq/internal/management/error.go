package management

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxReason bounds what an Error keeps of the server's explanation.
const maxReason = 300

// An Error is an answer with another status than 2xx.
type Error struct {
	Method, Path, Node string
	Status             int
	// Reason is the server's explanation, shortened, or empty.
	Reason string
}

// Error returns the request and the server's explanation.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s at %s: %d %s", e.Method, e.Path, e.Node, e.Status, http.StatusText(e.Status))
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Status returns the status of the answer that err is about, or 0.
func Status(err error) int {
	var answer *Error
	if errors.As(err, &answer) {
		return answer.Status
	}
	return 0
}

// Reason returns the server's explanation in the answer that err is about.
func Reason(err error) string {
	var answer *Error
	if errors.As(err, &answer) {
		return answer.Reason
	}
	return ""
}

// Busy reports whether a node answered that it cannot answer now: nodes that start or
// stop do, and proxies in front of them.
func Busy(err error) bool {
	status := Status(err)
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// gone turns the answer that something does not exist into no error.
func gone(err error) error {
	if Status(err) == http.StatusNotFound {
		return nil
	}
	return err
}

func newError(method, escaped, node string, response *http.Response) *Error {
	e := &Error{Method: method, Path: escaped, Node: node, Status: response.StatusCode}
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil {
		e.Reason = reason(text)
	}
	return e
}

// reason returns the explanation in an answer: {"error": "...", "reason": ...}, where
// the reason is a text or some Erlang term as JSON. Pages of proxies have none.
func reason(body []byte) string {
	var answer struct {
		Error  string          `json:"error"`
		Reason json.RawMessage `json:"reason"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(answer.Reason, &text) != nil {
		text = string(answer.Reason)
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == ' ' }), " ")
	if answer.Error != "" && answer.Error != text {
		text = strings.TrimSuffix(answer.Error+": "+text, ": ")
	}
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "..."
	}
	return text
}
