package management

import (
	"fmt"
	"net/url"
	"strings"
)

// maxName is the longest name that the server takes in a path.
const maxName = 256

// A path leads to a resource: words and names, in the order of the URL.
type path struct {
	segments []string
	query    url.Values
	// slow is for requests that work on all that is in a virtual host, on all nodes.
	slow bool
}

// to returns the path of segments. Each is one segment of the URL, whatever its
// characters are.
func to(segments ...string) path { return path{segments: segments} }

// with returns the path with a field of the query.
func (p path) with(name, value string) path {
	query := url.Values{name: {value}}
	for other, values := range p.query {
		query[other] = values
	}
	p.query = query
	return p
}

// slowly returns the path for a request that may take long.
func (p path) slowly() path {
	p.slow = true
	return p
}

// A target is an encoded path.
type target struct {
	path, escaped, query string
	slow                 bool
}

// encode escapes each segment: the virtual host "/" is %2F. It refuses the names that
// would not stay one segment: empty ones, "." and "..", which servers and proxies
// resolve.
func (p path) encode() (target, error) {
	t := target{path: "/api", escaped: "/api", query: p.query.Encode(), slow: p.slow}
	for _, segment := range p.segments {
		if segment == "" || segment == "." || segment == ".." || len(segment) > maxName || strings.ContainsRune(segment, 0) {
			return target{}, fmt.Errorf("%.40q cannot be a name in the management API: names have 1 to %d characters and are neither \".\" nor \"..\"", segment, maxName)
		}
		t.path += "/" + segment
		t.escaped += "/" + url.PathEscape(segment)
	}
	return t, nil
}
