package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/conformance/internal/specimen"
)

// runThrough runs checks against a specimen behind a function that may answer
// in its place or break the connection. The function reports whether it has
// answered.
func runThrough(
	t *testing.T, options conformance.Options, before func(w http.ResponseWriter, r *http.Request, body map[string]any) (bool, error),
) (report *conformance.Report) {
	t.Helper()
	options.RequestTimeout, options.OperationTimeout = 2*time.Minute, 2*time.Minute
	synctest.Test(t, func(t *testing.T) {
		broker, err := specimen.New(specimen.Config{})
		if err != nil {
			t.Fatal(err)
		}
		report, err = conformance.Run(t.Context(), conformance.Target{
			URL: "http://broker.example.com", Username: specimen.Username, Password: specimen.Password,
			Client: &http.Client{Transport: gate{inProcess{broker}, before}},
		}, options)
		if err != nil {
			t.Fatal(err)
		}
	})
	return report
}

type gate struct {
	behind http.RoundTripper
	before func(http.ResponseWriter, *http.Request, map[string]any) (bool, error)
}

func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	var body map[string]any
	if r.Body != nil {
		content, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(content, &body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(content))
	}
	recorder := httptest.NewRecorder()
	answered, err := g.before(recorder, r, body)
	if err != nil {
		return nil, err
	}
	if !answered {
		return g.behind.RoundTrip(r)
	}
	response := recorder.Result()
	response.Request = r
	return response, nil
}

// notAccused fails the test if a check failed or is in error, or if no reason
// has the hint.
func notAccused(t *testing.T, report *conformance.Report, hint string) {
	t.Helper()
	hinted := false
	for _, r := range report.Results {
		switch r.Outcome {
		case conformance.Failed, conformance.Errored:
			t.Errorf("%s: %s", r.Check.ID, describe(r))
		case conformance.NotEvaluated:
			hinted = hinted || strings.Contains(r.Reason, hint)
		default:
		}
	}
	if !hinted {
		t.Errorf("no reason has %q", hint)
	}
	if report.Conforms() || !strings.HasPrefix(report.Verdict(), "Inconclusive: ") {
		t.Errorf("the verdict is %q", report.Verdict())
	}
}

func isProvision(r *http.Request) bool {
	return r.Method == http.MethodPut && !strings.Contains(r.URL.Path, "/service_bindings/")
}

// If a broker refuses plain requests, the checks that depend on them are not
// evaluated.
func TestUnwillingBrokersDoNotFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		// refuses reports whether a provision is refused.
		refuses func(body map[string]any) bool
		hint    string
		only    []string
	}{
		"organization": {400, `{"description": "There is no such organization."}`, func(body map[string]any) bool {
			return body["organization_guid"] != "known"
		}, `("There is no such organization."): set values that it accepts with --parameters, --organization and --space`, nil},
		"parameters": {422, `{"description": "size is missing"}`, func(body map[string]any) bool {
			parameters, _ := body["parameters"].(map[string]any)
			return parameters["color"] == nil
		}, "--parameters", nil},
		"quota of nothing": {403, `{"description": "The quota is used up."}`, func(map[string]any) bool { return true }, "--parallel 1 if it has a quota", nil},
		"only unusual requests": {400, `{}`, func(body map[string]any) bool {
			return body["organization_guid"] != "known"
		}, "--organization", []string{"extension-provision", "provision-async-required"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			notAccused(t, runThrough(t, conformance.Options{Plans: []string{"sync", "async"}, Only: c.only},
				func(w http.ResponseWriter, r *http.Request, body map[string]any) (bool, error) {
					if r.Header.Get("Authorization") == "" || !isProvision(r) || body == nil || !c.refuses(body) {
						return false, nil
					}
					reply(w, c.status, c.body)
					return true, nil
				}), c.hint)
		})
	}
}

// If a broker accepts plain requests, refusing an unusual one is a fault.
func TestRefusalsOfUnusualRequestsFail(t *testing.T) {
	t.Parallel()
	report := runThrough(t, conformance.Options{Plans: []string{"sync"}, Only: []string{"extension-provision"}},
		func(w http.ResponseWriter, r *http.Request, body map[string]any) (bool, error) {
			if _, unusual := body["x-conformance"]; !isProvision(r) || !unusual {
				return false, nil
			}
			reply(w, 400, `{"description": "unknown field"}`)
			return true, nil
		})
	if got := result(t, report, "extension-provision"); got.Outcome != conformance.Failed {
		t.Errorf("extension-provision is %s", describe(got))
	}
}

// With an organization and a space that the broker knows, all checks are
// evaluated.
func TestGivenOrganization(t *testing.T) {
	t.Parallel()
	report := runThrough(t, conformance.Options{
		Plans: []string{"sync"}, Organization: "known", Space: "known too",
		Only: []string{"provision-*", "extension-*", "deprovision-*"}, Skip: []string{"provision-other-space-409"},
	}, func(w http.ResponseWriter, r *http.Request, body map[string]any) (bool, error) {
		place, _ := body["context"].(map[string]any)
		if !isProvision(r) || place["organization_guid"] == nil || place["organization_guid"] == "known" && place["space_guid"] == "known too" {
			return false, nil
		}
		reply(w, 400, `{"description": "There is no such organization."}`)
		return true, nil
	})
	for _, r := range report.Results {
		if r.Outcome == conformance.Failed || r.Outcome == conformance.NotEvaluated {
			t.Errorf("%s: %s", r.Check.ID, describe(r))
		}
	}
}

// After a 429, the run waits for Retry-After and sends the request again.
func TestRateIsHonoured(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var next time.Time
	limited := 0
	limit := func(pause time.Duration, tell string) func(w http.ResponseWriter, r *http.Request, _ map[string]any) (bool, error) {
		return func(w http.ResponseWriter, _ *http.Request, _ map[string]any) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			if now := time.Now(); now.Before(next) {
				limited++
				w.Header().Set("Retry-After", tell)
				reply(w, 429, `{"description": "Too much."}`)
				return true, nil
			}
			next = time.Now().Add(pause)
			return false, nil
		}
	}
	report := runThrough(t, conformance.Options{Plans: []string{"async"}, Only: []string{"provision-*", "bind-*"}, Parallel: 1}, limit(5*time.Second, "7"))
	for _, r := range report.Results {
		if r.Outcome == conformance.Failed || r.Outcome == conformance.NotEvaluated || r.Outcome == conformance.Errored {
			t.Errorf("%s: %s", r.Check.ID, describe(r))
		}
	}
	if limited < 10 {
		t.Errorf("only %d requests were limited", limited)
	}
	next = time.Time{}
	notAccused(t, runThrough(t, conformance.Options{Plans: []string{"sync"}, Only: []string{"bind-*"}}, limit(24*365*time.Hour, "1")), "--parallel 1")
}

// The report names the death of a broker once, with the request before it.
func TestDeathIsReportedOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	dead := false
	report := runThrough(t, conformance.Options{Plans: []string{"sync", "async"}},
		func(_ http.ResponseWriter, r *http.Request, _ map[string]any) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case dead:
				return false, &netError{syscall.ECONNREFUSED}
			case r.Method == http.MethodPatch:
				dead = true
				return false, io.EOF
			default:
				return false, nil
			}
		})
	if !strings.HasPrefix(report.Died, "no connection can be made after PATCH /v2/service_instances/") {
		t.Errorf("Died is %q", report.Died)
	}
	errored := report.Counts().Errored
	if errored > 8 || report.Counts().NotEvaluated < 50 {
		t.Errorf("%d checks are in error and %d not evaluated", errored, report.Counts().NotEvaluated)
	}
	var text bytes.Buffer
	if err := report.WriteText(&text, conformance.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if count := strings.Count(text.String(), "NOT EVALUATED: the broker died"); count != 1 {
		t.Errorf("the text reports the death of the broker %d times:\n%s", count, text.String())
	}
	if !strings.Contains(report.Verdict(), "The broker died: no connection") {
		t.Errorf("the verdict is %q", report.Verdict())
	}
}

// netError is the error of a transport that makes no connection.
type netError struct{ error }

func (e *netError) Unwrap() error { return e.error }

// The run continues after the broker has restarted.
func TestRestartIsNoDeath(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var back time.Time
	report := runThrough(t, conformance.Options{Plans: []string{"sync"}, Parallel: 1},
		func(_ http.ResponseWriter, r *http.Request, _ map[string]any) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			if r.Method == http.MethodPatch && back.IsZero() {
				back = time.Now().Add(2 * time.Second)
			}
			if time.Now().Before(back) {
				return false, &netError{syscall.ECONNREFUSED}
			}
			return false, nil
		})
	if report.Died != "" || report.Counts().Passed < 100 || len(report.Leftovers) > 0 {
		t.Errorf("Died is %q; %d checks passed; the leftovers are %v", report.Died, report.Counts().Passed, report.Leftovers)
	}
}

// A remark names a permitted behaviour that older checkers require.
func TestRemarkOnMissingVersion(t *testing.T) {
	t.Parallel()
	report := run(t, specimen.Config{Variation: "version-missing-412"}, conformance.Options{Only: []string{"version-missing*"}, Plans: []string{"sync"}})
	for _, id := range []string{"version-missing", "version-missing-mutation"} {
		got := result(t, report, id)
		if got.Outcome != conformance.Passed || len(got.Remarks) != 1 || !strings.Contains(got.Remarks[0], "older versions") {
			t.Errorf("%s is %s with the remarks %q", id, got.Outcome, got.Remarks)
		}
	}
}
