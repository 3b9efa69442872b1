package conformance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/conformance"
)

// hasty deletes immediately, although it answers with 202.
type hasty struct {
	mu        sync.Mutex
	instances map[string]bool
	recreated int
}

func (h *hasty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	status, body := http.StatusOK, "{}"
	_, known := h.instances[r.URL.Path]
	switch {
	case r.URL.Path == "/v2/catalog":
		body = `{"services":[{"id":"s","name":"s","description":"d","bindable":false,"plans":[{"id":"p","name":"p","description":"d"}]}]}`
	case strings.HasSuffix(r.URL.Path, "/last_operation"):
		body = `{"state":"succeeded"}`
	case r.Method == http.MethodPut:
		if known && !h.instances[r.URL.Path] {
			h.recreated++
		}
		h.instances[r.URL.Path], status = true, http.StatusCreated
	case r.Method == http.MethodDelete && h.instances[r.URL.Path]:
		h.instances[r.URL.Path], status, body = false, http.StatusAccepted, `{"operation":"d"}`
	default:
		status = http.StatusGone
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// A run deletes an instance that it created again because the deletion ended
// early.
func TestRecreatedInstanceIsDeleted(t *testing.T) {
	t.Parallel()
	broker := &hasty{instances: map[string]bool{}}
	server := httptest.NewServer(broker)
	t.Cleanup(server.Close)
	report, err := conformance.Run(t.Context(), conformance.Target{URL: server.URL}, conformance.Options{
		PollInterval: time.Millisecond, Only: []string{"provision-while-deleting"},
	})
	if err != nil || len(report.Leftovers) > 0 {
		t.Fatal(report, err)
	}
	if broker.recreated == 0 {
		t.Error("the run did not create an instance again")
	}
	for path, there := range broker.instances {
		if there {
			t.Errorf("%s is left behind", path)
		}
	}
}

// A broker whose polls never have a state does not delay the clean-up.
func TestUnpollableDeletionsAreLeftOver(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	var mu sync.Mutex
	deletions, polls := map[string]int{}, map[string]int{}
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		switch path, polled := strings.CutSuffix(r.URL.Path, "/last_operation"); {
		case polled:
			polls[path]++
			reply(w, 200, `null`)
		case r.Method == http.MethodDelete:
			deletions[path]++
			reply(w, 202, `{}`)
		default:
			return false
		}
		return true
	}
	options := quick()
	options.Only = []string{"provision-content-type-charset"}
	report := mustRun(t, b, options)
	if len(report.Leftovers) < 2 {
		t.Fatalf("the leftovers are %v", report.Leftovers)
	}
	tried := 0
	for _, l := range report.Leftovers {
		tried += deletions["/v2/service_instances/"+l.InstanceID]
		if !strings.Contains(l.Reason, "could not be polled") {
			t.Errorf("the leftover is %+v", l)
		}
	}
	// The scenario also deletes one instance before it creates it.
	if want := len(report.Leftovers) + 2; tried != want {
		t.Errorf("%d deletions of %d instances, want %d: only the first one is retried", tried, len(report.Leftovers), want)
	}
	for path, count := range polls {
		if count > 10 {
			t.Errorf("%s was polled %d times", path, count)
		}
	}
}
