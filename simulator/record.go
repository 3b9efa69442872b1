package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/openbroker/openbroker"
)

// A Request is a recorded request of a platform. It has the parameters for
// tests. They are never logged.
type Request struct {
	// Number is the number of the request, counted from 1.
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	// Operation is the operation of the method and path. It is empty if unknown.
	Operation Operation `json:"operation,omitempty"`
	Method    string    `json:"method"`
	Path      string    `json:"path"` // escaped as sent
	// Query is empty if the request was answered with 401.
	Query url.Values `json:"query,omitempty"`
	// Header has the headers with masked values of Authorization,
	// Proxy-Authorization and Cookie.
	Header http.Header `json:"headers"`
	// Body is the body if it is JSON in UTF-8. Otherwise BodyText has the body,
	// with U+FFFD for invalid UTF-8. Only the first 64 KiB are recorded;
	// BodyTruncated is true if the body is longer. The body is empty if the
	// request was answered with 401.
	Body          json.RawMessage `json:"body,omitempty"`
	BodyText      string          `json:"body_text,omitempty"`
	BodyTruncated bool            `json:"body_truncated,omitempty"`
	// InstanceID and BindingID are the ids of the path. ServiceID and PlanID are
	// the ids of the body or the query.
	InstanceID string `json:"instance_id,omitempty"`
	BindingID  string `json:"binding_id,omitempty"`
	ServiceID  string `json:"service_id,omitempty"`
	PlanID     string `json:"plan_id,omitempty"`
	// APIVersion, RequestIdentity and OriginatingIdentity are the values of the
	// headers. OriginatingIdentity is nil if the header is missing or malformed.
	APIVersion          string    `json:"api_version,omitempty"`
	RequestIdentity     string    `json:"request_identity,omitempty"`
	OriginatingIdentity *Identity `json:"originating_identity,omitempty"`
	// Status is the status of the response. It is 0 if the request has no response
	// yet, or the connection was dropped.
	Status int `json:"status"`
	// Fault is the fault of the response, or nil.
	Fault *Fault `json:"fault,omitempty"`
}

// An Identity is a decoded X-Broker-API-Originating-Identity (spec.md,
// "Originating Identity").
type Identity struct {
	Platform string          `json:"platform"`
	Value    json.RawMessage `json:"value"`
}

// recordedBody is the recorded part of a body.
const recordedBody = 64 << 10

const masked = "[masked]"

// records are the last requests.
type records struct {
	limit int

	mu   sync.Mutex
	last int
	kept []*Request
}

// begin records a request before the response. It restores the body that it
// reads.
func (s *records) begin(r *http.Request, at route, now time.Time) *Request {
	record := &Request{
		At: now, Operation: at.operation, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: withoutSecrets(r.Header),
		InstanceID: at.instanceID, BindingID: at.bindingID,
		APIVersion: r.Header.Get(openbroker.HeaderAPIVersion), RequestIdentity: r.Header.Get(openbroker.HeaderRequestIdentity),
	}
	if identity, err := openbroker.ParseOriginatingIdentity(r.Header.Get(openbroker.HeaderOriginatingIdentity)); err == nil {
		record.OriginatingIdentity = &Identity{identity.Platform, identity.Value}
	}
	record.readBody(r)
	var body struct {
		ServiceID string `json:"service_id"`
		PlanID    string `json:"plan_id"`
	}
	if json.Unmarshal(record.Body, &body) != nil || body.ServiceID == "" && body.PlanID == "" {
		body.ServiceID, body.PlanID = r.URL.Query().Get("service_id"), r.URL.Query().Get("plan_id")
	}
	record.ServiceID, record.PlanID = body.ServiceID, body.PlanID

	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	record.Number = s.last
	if len(s.kept) == s.limit {
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	s.kept = append(s.kept, record)
	return record
}

// readBody records the beginning of the body. The handler gets a read error
// again.
func (r *Request) readBody(from *http.Request) {
	if from.Body == nil || from.Body == http.NoBody {
		return
	}
	head, _ := io.ReadAll(io.LimitReader(from.Body, recordedBody+1))
	from.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), from.Body), from.Body}
	if len(head) > recordedBody {
		head, r.BodyTruncated = head[:recordedBody], true
	}
	if json.Valid(head) && utf8.Valid(head) {
		r.Body = bytes.Clone(head)
	} else {
		r.BodyText = strings.ToValidUTF8(string(head), "\uFFFD")
	}
}

func withoutSecrets(header http.Header) http.Header {
	kept := header.Clone()
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		for i, value := range kept.Values(name) {
			scheme, _, found := strings.Cut(value, " ")
			if kept[name][i] = masked; found && name != "Cookie" {
				kept[name][i] = scheme + " " + masked
			}
		}
	}
	return kept
}

// end records the response to a request.
func (s *records) end(record *Request, status int, f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record.Status, record.Fault = status, f
	if status == http.StatusUnauthorized && f == nil {
		// Unauthenticated clients must not fill the memory. Headers and the path are
		// short; a decoded query may not be.
		record.Query, record.Body, record.BodyText = nil, nil, ""
	}
}

// list returns copies of the wanted requests. Nil selects all.
func (s *records) list(wanted func(*Request) bool) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Request{}
	for _, r := range s.kept {
		if wanted == nil || wanted(r) {
			found = append(found, *r)
		}
	}
	return found
}

func (s *records) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = nil
}
