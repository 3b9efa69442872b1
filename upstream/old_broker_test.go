package upstream_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
)

// oldBroker is a typical broker of 2.13: it supports neither fetching nor asynchronous
// bindings, returns errors as text, fills fields with null, does not repeat request
// identities, checks neither services nor plans nor headers, and returns 404 for
// every missing resource.
type oldBroker struct {
	mu        sync.Mutex
	instances map[string]map[string]any
	bindings  map[string]map[string]any
	polls     map[string]int
	// async makes provisions take two polls; state is the spelling of success.
	async bool
	state string
	// eager makes it respond with 202 even if the platform does not accept it.
	eager bool
	seen  []http.Header
}

func newOldBroker() *oldBroker {
	return &oldBroker{instances: map[string]map[string]any{}, bindings: map[string]map[string]any{}, polls: map[string]int{}, state: "succeeded"}
}

const (
	oldServiceID = "c1f3d9b2-8f0a-4e65-9a57-0b8e5f4d6a01"
	oldPlanID    = "c1f3d9b2-8f0a-4e65-9a57-0b8e5f4d6a02"
	otherPlanID  = "c1f3d9b2-8f0a-4e65-9a57-0b8e5f4d6a03"
)

const oldCatalog = `{"services": [{"id": "` + oldServiceID + `", "name": "old", "description": "An old service.", "bindable": true, "plan_updateable": true,
	"tags": null, "dashboard_client": null, "metadata": null, "x-vendor": 1,
	"plans": [{"id": "` + oldPlanID + `", "name": "small", "description": "Little.", "metadata": null, "schemas": null}, {"id": "` + otherPlanID + `", "name": "large", "description": "More."}]}]}`

func (b *oldBroker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, r.Header.Clone())
	if username, password, _ := r.BasicAuth(); username != "front" || password != "hunter22" {
		http.Error(w, "who are you, "+password+"?", http.StatusUnauthorized)
		return
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	delete(body, "context")
	accepts := r.URL.Query().Get("accepts_incomplete") == "true"
	switch {
	case r.URL.Path == "/v2/catalog":
		respond(w, 200, oldCatalog)
	case len(path) == 2 && path[0] == "service_instances":
		b.instance(w, r.Method, path[1], body, accepts)
	case len(path) == 3 && path[2] == "last_operation":
		b.lastOperation(w, path[1])
	case len(path) == 4 && path[2] == "service_bindings":
		b.binding(w, r.Method, path[1], path[3], body)
	default:
		http.Error(w, "404 page not found", http.StatusNotFound)
	}
}

func respond(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}

func (b *oldBroker) instance(w http.ResponseWriter, method, id string, body map[string]any, accepts bool) {
	found, exists := b.instances[id]
	switch {
	case method == http.MethodPut && exists:
		// An identical request is refused, too.
		respond(w, 409, "conflict")
	case method == http.MethodPut:
		b.instances[id] = body
		if b.async && (accepts || b.eager) {
			b.polls[id] = 2
			respond(w, 202, `{"dashboard_url": null, "operation": null}`)
			return
		}
		respond(w, 201, `{"dashboard_url": null, "metadata": null}`)
	case !exists:
		respond(w, 404, "no such instance")
	case method == http.MethodPatch:
		changed := map[string]any{}
		for name, value := range found {
			changed[name] = value
		}
		for _, name := range []string{"plan_id", "parameters"} {
			if value, present := body[name]; present {
				changed[name] = value
			}
		}
		b.instances[id] = changed
		respond(w, 200, "")
	case method == http.MethodDelete:
		delete(b.instances, id)
		respond(w, 200, "")
	default:
		respond(w, 405, "method not allowed")
	}
}

func (b *oldBroker) lastOperation(w http.ResponseWriter, id string) {
	if _, exists := b.instances[id]; !exists {
		respond(w, 404, "no such instance")
		return
	}
	if b.polls[id]--; b.polls[id] > 0 {
		respond(w, 200, `{"state": "in progress", "description": null}`)
		return
	}
	respond(w, 200, `{"state": "`+b.state+`"}`)
}

func (b *oldBroker) binding(w http.ResponseWriter, method, instanceID, id string, body map[string]any) {
	_, instanceExists := b.instances[instanceID]
	key := instanceID + "/" + id
	found, exists := b.bindings[key]
	const credentials = `{"credentials": {"uri": "old://u:p@h", "port": 12345678901234567890}, "syslog_drain_url": null, "volume_mounts": null}`
	switch {
	case !instanceExists:
		respond(w, 404, "no such instance")
	case method == http.MethodPut && exists && !reflect.DeepEqual(found, body):
		respond(w, 409, "conflict")
	case method == http.MethodPut:
		b.bindings[key] = body
		respond(w, map[bool]int{true: 200, false: 201}[exists], credentials)
	case method == http.MethodDelete && exists:
		delete(b.bindings, key)
		respond(w, 200, "")
	default:
		respond(w, 404, "no such binding")
	}
}
