package source

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/openbroker/openbroker/internal/tree"
)

// ParseResponse reads the response of a running broker to GET /v2/catalog. Positions are
// those of the indented body, unless indentation would make it too large.
func ParseResponse(url string, status int, header http.Header, body []byte) (*Source, error) {
	l := &loader{complete: true}
	if status != http.StatusOK {
		at := &Place{At: tree.Place{File: &tree.File{Name: url}}}
		l.fault("response-status", at, "the broker responds with status %d %s instead of 200", status, http.StatusText(status))
	} else if err := l.parseJSON(url, indented(body)); err != nil {
		return nil, err
	}
	s := l.source(false)
	s.header, s.served = header, true
	return s, nil
}

// indented returns a JSON document with one value per line, or unchanged if it is
// invalid or would become too large. White space grows with the depth, so that a small
// document can need gigabytes of it.
func indented(document []byte) []byte {
	size, depth, quoted := len(document), 0, false
	for i := 0; i < len(document); i++ {
		switch c := document[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
			size += 1 + 2*depth
		case c == '}', c == ']':
			depth = max(depth-1, 0)
			size += 1 + 2*depth
		case c == ',':
			size += 1 + 2*depth
		case c == ':':
			size++
		}
		if size > tree.MaxSize {
			return document
		}
	}
	var out bytes.Buffer
	if json.Indent(&out, document, "", "  ") != nil {
		return document
	}
	return out.Bytes()
}
