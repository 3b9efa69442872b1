package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// plainErrorHeader is what net/http puts between the status line and the text of
// an error that it writes to the connection by itself, in one piece.
const plainErrorHeader = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

const (
	statusPrefix      = "HTTP/1.1 "
	unsupportedCoding = "Unsupported transfer encoding"
	noExpectation     = "417 Expectation Failed"
)

// plainErrorAsJSON returns the JSON in place of an error that net/http writes by
// itself, or nil for everything else. No answer of a handler is mistaken for one:
// those have a Date, which these have not, or a body, which the 417 has not.
func plainErrorAsJSON(p []byte) []byte {
	if len(p) < len(statusPrefix)+4 || p[len(statusPrefix)] != '4' && p[len(statusPrefix)] != '5' || !bytes.HasPrefix(p, []byte(statusPrefix)) {
		return nil // Nearly everything.
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
		return "The request has a Transfer-Encoding that is not supported: only chunked is."
	case http.StatusExpectationFailed:
		return "The request has an Expect that is not supported: only 100-continue is."
	case http.StatusBadRequest:
		if detail == "" {
			return "The request is not valid HTTP."
		}
		return "The request is not valid HTTP: " + detail + "."
	default:
		return strings.TrimSuffix(http.StatusText(status)+": "+detail, ": ") + "."
	}
}

// errorResponse returns a whole response, after which the connection is closed.
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
