package conformance_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/conformance"
)

const (
	username = "admin"
	password = "correct horse"
	planID   = "5bec13e5-0b2f-4c1d-9a17-000000000002"
)

// tiny is a broker with just enough for tests of the runner: one service with
// one plan. It works asynchronously if async is set.
type tiny struct {
	*httptest.Server
	// answer, if set, is called first. It reports whether it has answered.
	answer func(w http.ResponseWriter, r *http.Request) bool
	async  bool
	schema string

	mu        sync.Mutex
	instances map[string]string // id to attributes
	bindings  map[string]string
	requests  []string // method and target, as received
}

func newTiny(t *testing.T) *tiny {
	t.Helper()
	b := &tiny{instances: map[string]string{}, bindings: map[string]string{}}
	b.Server = httptest.NewServer(b)
	t.Cleanup(b.Close)
	return b
}

func (b *tiny) target() conformance.Target {
	return conformance.Target{URL: b.URL, Username: username, Password: password, Client: b.Client()}
}

// quick returns options with short waits.
func quick() conformance.Options {
	return conformance.Options{
		PollInterval: time.Millisecond, MaxPollInterval: time.Millisecond,
		RequestTimeout: 10 * time.Second, OperationTimeout: 10 * time.Second, CleanupTimeout: 10 * time.Second,
	}
}

// left counts the instances and bindings of the broker.
func (b *tiny) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.instances) + len(b.bindings)
}

// attributes returns the attributes of the instance at a path.
func (b *tiny) attributes(path string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, exists := b.instances[strings.TrimPrefix(path, "/v2/service_instances/")]
	return found, exists
}

func (b *tiny) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.requests = append(b.requests, r.Method+" "+r.RequestURI)
	b.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Broker-API-Request-Identity", r.Header.Get("X-Broker-API-Request-Identity"))
	if user, pass, _ := r.BasicAuth(); user != username || pass != password {
		w.Header().Set("WWW-Authenticate", "Basic")
		reply(w, 401, `{"description": "log in"}`)
		return
	}
	if b.answer != nil && b.answer(w, r) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	path := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/v2/"), "/")
	switch {
	case r.Method == http.MethodGet && path[0] == "catalog" && len(path) == 1:
		reply(w, 200, b.catalog())
	case path[0] != "service_instances" || len(path) < 2 || path[1] == "":
		reply(w, 404, `{}`)
	case path[len(path)-1] == "last_operation":
		reply(w, 200, `{"state": "succeeded"}`)
	case len(path) == 2:
		b.resource(w, r, b.instances, path[1])
	default:
		b.resource(w, r, b.bindings, path[1]+"/"+path[3])
	}
}

func (b *tiny) catalog() string {
	schema := ""
	if b.schema != "" {
		schema = `, "schemas": {"service_instance": {"create": {"parameters": ` + b.schema + `}}}`
	}
	return `{"services": [{"id": "5bec13e5-0b2f-4c1d-9a17-000000000001", "name": "tiny", "description": "A tiny service.",
		"bindable": true, "instances_retrievable": true, "plans": [{"id": "` + planID + `", "name": "plan",
		"description": "The only plan."` + schema + `}]}]}`
}

func (b *tiny) resource(w http.ResponseWriter, r *http.Request, all map[string]string, id string) {
	created, deleted, body := 201, 200, `{}`
	if b.async && r.URL.Query().Get("accepts_incomplete") == "true" {
		created, deleted, body = 202, 202, `{"operation": "o"}`
	}
	if strings.Contains(id, "/") && created == 201 {
		body = `{"credentials": {"password": "hunter2 of ` + id + `"}}`
	}
	before, exists := all[id]
	query := r.URL.Query()
	switch r.Method {
	case http.MethodPut:
		var sent struct {
			ServiceID  string          `json:"service_id"`
			PlanID     string          `json:"plan_id"`
			Parameters json.RawMessage `json:"parameters"`
			SpaceGUID  string          `json:"space_guid"`
		}
		switch err := json.NewDecoder(r.Body).Decode(&sent); {
		case err != nil || sent.PlanID != planID || sent.ServiceID == "":
			reply(w, 400, `{"description": "malformed"}`)
		case !exists:
			all[id] = string(sent.Parameters) + sent.SpaceGUID
			reply(w, created, body)
		case before != string(sent.Parameters)+sent.SpaceGUID:
			reply(w, 409, `{}`)
		default:
			reply(w, 200, body)
		}
	case http.MethodDelete:
		switch {
		case query.Get("service_id") == "" || query.Get("plan_id") == "":
			reply(w, 400, `{}`)
		case !exists:
			reply(w, 410, `{}`)
		default:
			delete(all, id)
			reply(w, deleted, `{}`)
		}
	default:
		if !exists {
			reply(w, 404, `{}`)
			return
		}
		reply(w, 200, `{}`)
	}
}

func reply(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}
