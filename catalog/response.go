package catalog

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/openbroker/openbroker/internal/tree"
)

// ParseResponse reads the answer of a running broker to GET /v2/catalog. The
// positions of what is wrong are those of the body, indented unless that makes it
// too large, and their file is url. The error is [Errors]: also if the status is not 200 (spec.md, "Catalog
// Management").
func ParseResponse(url string, status int, header http.Header, body []byte) (*Source, error) {
	l := &loader{complete: true}
	if status != http.StatusOK {
		l.problem("response-status", &place{at: tree.Place{File: &tree.File{Name: url}}}, "the broker answers with status %d %s instead of 200", status, http.StatusText(status))
		return nil, l.problems
	}
	if err := l.parseJSON(url, indented(body)); err != nil {
		return nil, err
	}
	s, err := l.source(false)
	if err != nil {
		return nil, err
	}
	s.header, s.served = header, true
	return s, nil
}

// indented returns a JSON document with a line for each value; as it is, if it
// is none or would become too large. White space grows with the depth, and a
// small document can have gigabytes of it.
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

// responseRules are about what answers, for catalogs of running brokers.
var responseRules = []rule{
	{
		Rule: Rule{
			ID: "response-status", Severity: SeverityError,
			Clause:  "spec.md, Response",
			Summary: "The catalog is served with status 200.",
			Fix:     "Check the URL and the credentials, then the log of the broker. Platforms do not follow redirects.",
		},
	},
	{
		Rule: Rule{
			ID: "response-content-type", Severity: SeverityWarning,
			Clause:  "spec.md, Content Type",
			Summary: "The catalog is served as application/json.",
			Fix:     "Answer with Content-Type: application/json.",
		},
		check: func(c *checked, report report) {
			if c.header == nil {
				return
			}
			given := c.header.Get("Content-Type")
			media, _, err := mime.ParseMediaType(given)
			if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
				report(c.place, "the Content-Type is %q instead of application/json", printable(given))
			}
		},
	},
}
