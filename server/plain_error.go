package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// plainErrorHeader is what net/http writes between the status line and the text of
// an error response of its own. It writes the response in one call.
const plainErrorHeader = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

const (
	statusPrefix      = "HTTP/1.1 "
	unsupportedCoding = "Unsupported transfer encoding"
	noExpectation     = "417 Expectation Failed"
)

// plainErrorAsJSON returns a JSON response for an error response of net/http, or nil
// for other bytes. It does not match responses of a handler: they have a Date, which
// errors of net/http lack, or a body, which its 417 lacks.
func plainErrorAsJSON(p []byte) []byte {
	if len(p) < len(statusPrefix)+4 || p[len(statusPrefix)] != '4' && p[len(statusPrefix)] != '5' || !bytes.HasPrefix(p, []byte(statusPrefix)) {
		return nil // This is the common case.
	}
	line, rest, found := bytes.Cut(p[len(statusPrefix):], []byte("\r\n"))
	if !found {
		return nil
	}
	header := bytes.HasPrefix(rest, []byte(plainErrorHeader[2:]))
	text := string(rest[min(len(rest), len(plainErrorHeader)-2):])
	switch {
	case header && (text == string(line) || text == unsupportedCoding):
	case string(line) == noExpectation && bytes.Contains(rest, []byte("Content-Length: 0\r\n")) && bytes.HasSuffix(rest, []byte("\r\n\r\n")):
	default:
		return nil
	}
	status, err := strconv.Atoi(string(line[:3]))
	if err != nil {
		return nil
	}
	_, detail, _ := strings.Cut(string(line), ": ")
	return errorResponse(status, describePlainError(status, detail))
}

func describePlainError(status int, detail string) string {
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge:
		return "The header of the request is too large."
	case http.StatusNotImplemented:
		return "The Transfer-Encoding of the request is not supported: use only chunked."
	case http.StatusExpectationFailed:
		return "The Expect header of the request is not supported: use only 100-continue."
	case http.StatusBadRequest:
		if detail == "" {
			return "The request is not valid HTTP."
		}
		return "The request is not valid HTTP: " + detail + "."
	default:
		return strings.TrimSuffix(http.StatusText(status)+": "+detail, ": ") + "."
	}
}

// errorResponse returns a complete response that closes the connection.
func errorResponse(status int, description string) []byte {
	body, err := json.Marshal(struct {
		Description string `json:"description"`
	}{description})
	if err != nil {
		body = []byte("{}")
	}
	return fmt.Appendf(nil, "%s%d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		statusPrefix, status, http.StatusText(status), len(body), body)
}
