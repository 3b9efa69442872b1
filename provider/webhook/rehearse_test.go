package webhook_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/webhook"
)

// rehearse tests a receiver, and returns the steps with problems, and those that passed.
func rehearse(t *testing.T, settings string, receiver http.HandlerFunc) (failed, passed []string) {
	t.Helper()
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	return rehearseAt(t, server.URL, settings)
}

// rehearseAt is rehearse for a receiver that runs, and possibly for some steps only.
func rehearseAt(t *testing.T, url, settings string, steps ...string) (failed, passed []string) {
	t.Helper()
	w := open(t, url, settings)
	catalog, err := webhook.Definition.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	service := &catalog.Services[0]
	err = w.provider.Test(t.Context(), "hook", provider.TestRun{
		Service: service, Plan: &service.Plans[0], NewPlan: &service.Plans[0], Timeout: patience, Interruptions: 1, Steps: steps,
		Report: func(step provider.TestStep) {
			switch {
			case len(step.Problems) > 0:
				failed = append(failed, step.Name)
				t.Logf("%s: %q", step.Name, step.Problems)
			case step.Skipped == "":
				passed = append(passed, step.Name)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return failed, passed
}

// A receiver that believes everything is found out.
func TestRehearsalOfACarelessReceiver(t *testing.T) {
	t.Parallel()
	failed, passed := rehearse(t, "check: true", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		answer := "{}"
		if strings.Contains(string(text), `"operation":"bind"`) {
			answer = `{"credentials":{"a":1}}`
		}
		result(answer)(w, r)
	})
	for _, want := range []string{"unknown-operation", "wrong-secret", "no-signature", "changed-body", "old-signature", "early-signature"} {
		if !slices.Contains(failed, want) {
			t.Errorf("%s has no problem", want)
		}
	}
	for _, want := range []string{"provision", "bind", "check", "update", "several-signatures", "unknown-members"} {
		if !slices.Contains(passed, want) {
			t.Errorf("%s has not passed", want)
		}
	}
}

// A careful receiver passes, with work that takes longer and is asked for.
func TestRehearsalOfACarefulReceiver(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	answers, made := map[string]string{}, map[string]bool{}
	failed, passed := rehearse(t, "list: true", func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		if _, _, err := keys(t, secret).Verify(r.Header, text, time.Now(), 5*time.Minute); err != nil {
			respond(401, "text/plain", err.Error())(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodGet {
			if answer, found := answers[r.URL.Path]; found {
				result(answer)(w, r)
			} else {
				respond(404, "", "")(w, r)
			}
			return
		}
		var q struct {
			Operation  string
			ID         string
			Checkpoint json.RawMessage
			Instance   struct {
				ResourceName string `json:"resource_name"`
			}
		}
		if err := json.Unmarshal(text, &q); err != nil {
			t.Error(err)
		}
		answer := "{}"
		switch q.Operation {
		case "provision":
			made[q.Instance.ResourceName] = true
		case "deprovision":
			delete(made, q.Instance.ResourceName)
		case "bind":
			answer = `{"credentials":{"a":1}}`
		case "list":
			var names []string
			for name := range made {
				names = append(names, name)
			}
			listed, _ := json.Marshal(map[string]any{"resources": names})
			result(string(listed))(w, r)
			return
		case "update", "unbind":
		default:
			respond(400, "text/plain", "unknown operation")(w, r)
			return
		}
		answers["/jobs/"+q.ID] = answer
		respond(202, "application/json", `{"checkpoint":{"step":1}}`, "Location", "/jobs/"+q.ID)(w, r)
	})
	if len(failed) > 0 || !slices.Contains(passed, "list") || !slices.Contains(passed, "provision-killed") {
		t.Errorf("failed: %q, passed: %q", failed, passed)
	}
	if len(made) > 0 {
		t.Errorf("left behind: %v", made)
	}
}

// A request that a killed broker leaves behind can be late. The test waits for the
// receiver, as the successor of the broker does, before it deletes what the request makes.
func TestRehearsalOfALateReceiver(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			made, late, overtaken := map[string]bool{}, map[string]chan struct{}{}, 0
			server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var q struct {
					Operation string
					Instance  struct {
						ResourceName string `json:"resource_name"`
					}
					Binding struct {
						ResourceName string `json:"resource_name"`
					}
				}
				if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
					respond(400, "text/plain", "no JSON")(w, r)
					return
				}
				resource := q.Instance.ResourceName + q.Binding.ResourceName
				deleted := make(chan struct{})
				mu.Lock()
				defer mu.Unlock()
				switch q.Operation {
				case "provision", "bind":
					late[resource] = deleted
					mu.Unlock()
					select { // The request waits for its turn.
					case <-deleted:
					case <-time.After(100 * time.Millisecond):
					}
					mu.Lock()
					delete(late, resource)
					made[resource] = true
				case "deprovision", "unbind":
					if waiting := late[resource]; waiting != nil {
						overtaken++
						close(waiting)
					}
					delete(made, resource)
				}
				result(map[bool]string{true: `{"credentials":{"a":1}}`, false: "{}"}[q.Operation == "bind"])(w, r)
			}))
			t.Cleanup(server.Close)
			settings := ""
			if c := server.Certificate(); c != nil {
				file := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
					t.Fatal(err)
				}
				settings = fmt.Sprintf("tls: {ca: %q}", file)
			}
			failed, passed := rehearseAt(t, server.URL, settings, "provision-killed-deprovision", "bind-killed-unbind")
			if want := []string{"provision", "deprovision", "provision-killed-deprovision", "bind-killed-unbind"}; len(failed) > 0 || !slices.Equal(passed, want) {
				t.Errorf("failed: %q, passed: %q", failed, passed)
			}
			mu.Lock()
			defer mu.Unlock()
			if overtaken > 0 || len(made) > 0 {
				t.Errorf("%d deletions overtook what they delete, left behind: %v", overtaken, made)
			}
		})
	}
}
