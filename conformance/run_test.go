package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/conformance"
)

func mustRun(t *testing.T, b *tiny, options conformance.Options) *conformance.Report {
	t.Helper()
	report, err := conformance.Run(t.Context(), b.target(), options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// result finds the result of a check.
func result(t *testing.T, report *conformance.Report, id string) conformance.Result {
	t.Helper()
	for _, r := range report.Results {
		if r.Check.ID == id {
			return r
		}
	}
	t.Fatalf("the report has no result of %s", id)
	return conformance.Result{}
}

func TestRunReportsEveryCheckAndLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	var reported []string
	options := quick()
	options.OnResult = func(r conformance.Result) { reported = append(reported, r.Check.ID) }
	report := mustRun(t, b, options)
	var want, got []string
	for _, check := range conformance.Checks() {
		if check.Profile == "" {
			want = append(want, check.ID)
		}
	}
	for _, r := range report.Results {
		got = append(got, r.Check.ID)
		if r.Outcome == conformance.Passed && r.Judged == 0 {
			t.Errorf("%s passed, but nothing was judged", r.Check.ID)
		}
		if (r.Outcome == conformance.Failed) != (len(r.Findings) > 0 && r.Check.Level != conformance.May) {
			t.Errorf("%s is %s with %d findings", r.Check.ID, r.Outcome, len(r.Findings))
		}
		if r.Outcome != conformance.Passed && r.Reason == "" {
			t.Errorf("%s is %s without a reason", r.Check.ID, r.Outcome)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the report has %d results and not all %d checks in their order", len(got), len(want))
	}
	slices.Sort(reported)
	slices.Sort(want)
	if !slices.Equal(reported, want) {
		t.Errorf("OnResult got %d results of %d", len(reported), len(want))
	}
	if result(t, report, "provision-succeeds").Outcome != conformance.Passed {
		t.Errorf("provision-succeeds: %+v", result(t, report, "provision-succeeds"))
	}
	if left := b.left(); left != 0 || len(report.Leftovers) > 0 {
		t.Errorf("%d instances and bindings are left over, and the report has %v", left, report.Leftovers)
	}
	if !slices.Equal(report.Plans, []string{"tiny/plan"}) || report.Requests < 100 || report.Duration <= 0 {
		t.Errorf("the report says plans %v, %d requests, %s", report.Plans, report.Requests, report.Duration)
	}
}

// If a prerequisite fails, the checks that depend on it are not evaluated and
// never pass.
func TestPrerequisites(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		reply(w, 500, `{"description": "out of disks"}`)
		return true
	}
	report := mustRun(t, b, quick())
	for id, want := range map[string]conformance.Outcome{
		"provision-succeeds": conformance.Failed, "provision-repeated-200": conformance.NotEvaluated,
		"fetch-after-provision": conformance.NotEvaluated, "deprovision-succeeds": conformance.NotEvaluated,
		"bind-succeeds": conformance.NotEvaluated, "catalog-200": conformance.Passed,
		"rotate-succeeds": conformance.NotApplicable, "last-operation-after-202": conformance.NotEvaluated,
	} {
		if got := result(t, report, id); got.Outcome != want {
			t.Errorf("%s is %s (%s), want %s", id, got.Outcome, got.Reason, want)
		}
	}
	reason := result(t, report, "fetch-after-provision").Reason
	if !strings.Contains(reason, `"provision"`) || !strings.Contains(reason, "status 500") {
		t.Errorf("the reason does not name the prerequisite: %s", reason)
	}
	if report.Holds(conformance.Must) {
		t.Error("all MUSTs hold")
	}
}

// Checks and reports use only the beginning of a huge response.
func TestAnswerTooLarge(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		reply(w, 201, `{"note": "`+strings.Repeat("a", 4080)+password+strings.Repeat("z", 8<<20)+`"}`)
		return true
	}
	options := quick()
	options.Only = []string{"answer-json-object"}
	r := result(t, mustRun(t, b, options), "answer-json-object")
	if r.Outcome != conformance.Failed || r.Findings[0].Got != "a body of more than 8388608 bytes" {
		t.Fatalf("answer-json-object is %s: %+v", r.Outcome, r.Findings)
	}
	body := r.Findings[0].Exchanges[0].ResponseBody
	if len(body) < 4096 || len(body) > 4200 || strings.Contains(body, "aaacor") {
		t.Errorf("%d bytes are shown, the last: %q", len(body), body[max(len(body)-40, 0):])
	}
}

// If an operation cannot be polled, the checks that follow are not evaluated
// for that reason.
func TestOperationWithoutState(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.async = true
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/last_operation") {
			return false
		}
		reply(w, 200, `null`)
		return true
	}
	options := quick()
	options.Only = []string{"deprovision-succeeds"}
	got := result(t, mustRun(t, b, options), "deprovision-succeeds")
	if got.Outcome != conformance.NotEvaluated || !strings.Contains(got.Reason, "status 200 without a state") {
		t.Errorf("deprovision-succeeds is %s: %s", got.Outcome, got.Reason)
	}
}

func TestFindingsShowTheExchange(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/service_bindings/") {
			return false
		}
		reply(w, 206, `{"credentials": {"password": "hunter2"}, "note": "`+password+`"}`)
		return true
	}
	options := quick()
	options.Only = []string{"bind-succeeds"}
	r := result(t, mustRun(t, b, options), "bind-succeeds")
	if r.Outcome != conformance.Failed || len(r.Findings) != 1 {
		t.Fatalf("bind-succeeds is %s with %d findings", r.Outcome, len(r.Findings))
	}
	f := r.Findings[0]
	if f.Plan != "tiny/plan" || f.Expected != "status 201 or 202" || f.Got != "status 206" || len(f.Exchanges) != 1 {
		t.Errorf("the finding is %+v", f)
	}
	e := f.Exchanges[0]
	if e.Method != http.MethodPut || !strings.HasPrefix(e.URL, b.URL+"/v2/service_instances/05bc4ec0-") || e.Status != 206 {
		t.Errorf("the exchange is %+v", e)
	}
	if got := e.RequestHeader.Get("Authorization"); got != "Basic ***" {
		t.Errorf("Authorization is shown as %q", got)
	}
	if want := `{"credentials":{"password":"***"},"note":"***"}`; e.ResponseBody != want {
		t.Errorf("the body is shown as %s, want %s", e.ResponseBody, want)
	}
	if !strings.Contains(e.RequestBody, `"plan_id":"`+planID+`"`) {
		t.Errorf("the request is shown as %s", e.RequestBody)
	}
}

// An interrupted run deletes what it created. It waits for the response to a
// creation before it deletes.
func TestInterruptedRunCleansUp(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.async = true
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	creating := ""
	overtaken := make(chan struct{})
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "last_operation"):
			<-ctx.Done() // The interruption cuts off this poll.
		case r.Method == http.MethodPut && b.left() > 2 && !strings.Contains(r.URL.Path, "/service_bindings/"):
			mu.Lock()
			first := creating == ""
			if first {
				creating = r.URL.Path
			}
			mu.Unlock()
			if !first {
				return false
			}
			cancel()
			select {
			case <-overtaken:
			case <-time.After(100 * time.Millisecond):
			}
		case r.Method == http.MethodDelete:
			mu.Lock()
			defer mu.Unlock()
			if _, exists := b.attributes(r.URL.Path); r.URL.Path == creating && !exists && ctx.Err() != nil {
				creating = "over"
				reply(w, 410, `{}`)
				close(overtaken)
				return true
			}
		}
		return false
	}
	report, err := conformance.Run(ctx, b.target(), quick())
	if !errors.Is(err, context.Canceled) || report == nil || !report.Interrupted {
		t.Fatalf("Run returns %v and %v", report, err)
	}
	if left := b.left(); left != 0 || len(report.Leftovers) > 0 {
		t.Errorf("%d instances and bindings are left over, and the report has %v", left, report.Leftovers)
	}
	for _, r := range report.Results {
		if r.Outcome == conformance.Errored || strings.HasSuffix(r.Check.ID, "-succeeds") && r.Outcome == conformance.Failed {
			t.Errorf("%s is %s because of the interruption: %s", r.Check.ID, r.Outcome, r.Reason)
		}
	}
	if report.Counts().NotEvaluated == 0 || report.Holds(conformance.May) {
		t.Error("all checks were evaluated although the run was interrupted")
	}
}

// The clean-up polls the operation that blocks a deletion until it ends.
func TestCleanUpWaitsForOtherOperations(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.async = true
	var mu sync.Mutex
	polls := map[string]int{}
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		id, polled := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v2/service_instances/"), "/last_operation")
		if strings.Contains(id, "/") || r.Method == http.MethodPut {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		switch {
		case polled && polls[id] < 25:
			polls[id]++
			reply(w, 500, `{}`) // The run gives up. The clean-up must not.
		case r.Method == http.MethodDelete && polls[id] > 0 && polls[id] < 25:
			reply(w, 422, `{"error": "ConcurrencyError"}`)
		default:
			return false
		}
		return true
	}
	options := quick()
	options.Only = []string{"provision-succeeds", "deprovision-while-creating"}
	report := mustRun(t, b, options)
	if left := b.left(); left != 0 || len(report.Leftovers) > 0 {
		t.Errorf("%d instances are left over, and the report has %v", left, report.Leftovers)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(polls) == 0 {
		t.Error("no operation was polled")
	}
}

// A creation without a response may arrive after the first deletion of the
// clean-up.
func TestCleanUpOfUnansweredCreation(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	var mu sync.Mutex
	late := map[string]bool{}
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		id := strings.TrimPrefix(r.URL.Path, "/v2/service_instances/")
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPut:
			late[id] = true
			panic(http.ErrAbortHandler)
		case r.Method == http.MethodDelete && late[id]:
			late[id] = false
			b.mu.Lock()
			b.instances[id] = ""
			b.mu.Unlock()
			reply(w, 410, `{}`)
			return true
		}
		return false
	}
	options := quick()
	options.Only = []string{"provision-succeeds"}
	report := mustRun(t, b, options)
	if r := result(t, report, "provision-succeeds"); r.Outcome != conformance.Errored || !strings.Contains(r.Reason, "no response") {
		t.Errorf("provision-succeeds is %s: %s", r.Outcome, r.Reason)
	}
	if left := b.left(); left != 0 || len(late) == 0 {
		t.Errorf("of %d instances %d are left over, and the report has %v", len(late), left, report.Leftovers)
	}
}

func TestLeftoversAreReported(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodDelete || b.left() == 0 {
			return false
		}
		reply(w, 500, `{}`)
		return true
	}
	options := quick()
	options.Only = []string{"provision-succeeds"}
	report := mustRun(t, b, options)
	if b.left() == 0 || len(report.Leftovers) == 0 {
		t.Fatalf("%d are left over, and the report has %v", b.left(), report.Leftovers)
	}
	for _, l := range report.Leftovers {
		if !strings.HasPrefix(l.InstanceID, "05bc4ec0-") || l.PlanID != planID || !strings.Contains(l.Reason, "status 500") {
			t.Errorf("the leftover is %+v", l)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tests := map[string]struct {
		change func(*conformance.Target, *conformance.Options)
		is     error
		says   string
	}{
		"unknown plan":    {func(_ *conformance.Target, o *conformance.Options) { o.Plans = []string{"huge"} }, nil, `no plan "huge"; it has plan`},
		"unknown service": {func(_ *conformance.Target, o *conformance.Options) { o.Services = []string{"x"} }, nil, `no service "x"; it has tiny`},
		"unknown check":   {func(_ *conformance.Target, o *conformance.Options) { o.Only = []string{"no-such"} }, nil, `no check matches "no-such"`},
		"unknown to skip": {func(_ *conformance.Target, o *conformance.Options) { o.Skip = []string{"no-such-*"} }, nil, `"no-such-*"`},
		"parameters of an unknown plan": {func(_ *conformance.Target, o *conformance.Options) {
			o.Parameters = map[string]conformance.Parameters{"huge": {}}
		}, nil, `no plan "huge"`},
		"nothing left": {func(_ *conformance.Target, o *conformance.Options) { o.Skip = []string{"*"} }, nil, "the options select no check"},
		"scheme":       {func(target *conformance.Target, _ *conformance.Options) { target.URL = "ftp://x" }, nil, "http:// or https://"},
		"credentials in the URL": {func(target *conformance.Target, _ *conformance.Options) {
			target.URL = "http://a:b@x"
		}, nil, "must not contain credentials"},
		"two logins":  {func(target *conformance.Target, _ *conformance.Options) { target.Bearer = "t" }, nil, "set only one"},
		"unreachable": {func(target *conformance.Target, _ *conformance.Options) { target.URL = gone.URL }, conformance.ErrUnreachable, gone.URL},
		"no broker":   {func(target *conformance.Target, _ *conformance.Options) { target.URL += "/sub" }, conformance.ErrUnreachable, "/v2/catalog does not exist"},
		"wrong password": {func(target *conformance.Target, _ *conformance.Options) {
			target.Password = "guess"
		}, conformance.ErrUnauthorized, "401"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, options := b.target(), quick()
			test.change(&target, &options)
			report, err := conformance.Run(t.Context(), target, options)
			if err == nil || report != nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Run returns %v and %v, want an error with %q", report, err, test.says)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the error has the password: %v", err)
			}
		})
	}
}

func TestChoiceOfChecks(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	options := quick()
	options.Only, options.Skip, options.Level = []string{"service-*", "version-missing*"}, []string{"service-id-*"}, conformance.Must
	options.Profiles = []conformance.Profile{conformance.CloudFoundry}
	for _, r := range mustRun(t, b, options).Results {
		id := r.Check.ID
		if r.Check.Level < conformance.Must || strings.HasPrefix(id, "service-id-") ||
			!strings.HasPrefix(id, "service-") && !strings.HasPrefix(id, "version-missing") {
			t.Errorf("%s was not selected", id)
		}
	}
	for _, request := range b.requests {
		if strings.HasPrefix(request, "PUT") {
			t.Errorf("the run sent %s, which no selected check requires", request)
		}
	}
}

// The run sends requests unchanged and does not follow redirects.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.RequestURI, "//") {
			http.Redirect(w, r, "/v2/catalog", http.StatusMovedPermanently)
			return true
		}
		return false
	}
	options := quick()
	options.Profiles = []conformance.Profile{conformance.CloudFoundry}
	report := mustRun(t, b, options)
	for _, id := range []string{"cloudfoundry-double-slash", "answer-no-redirect"} {
		if r := result(t, report, id); r.Outcome != conformance.Failed || !strings.Contains(r.Reason, "301") {
			t.Errorf("%s is %s: %s", id, r.Outcome, r.Reason)
		}
	}
	for _, part := range []string{"GET //v2/catalog", "%2Fa%20b%2525?", "/service_instances/%"} {
		if !slices.ContainsFunc(b.requests, func(request string) bool { return strings.Contains(request, part) }) {
			t.Errorf("no request has %q", part)
		}
	}
}

func TestGivenParameters(t *testing.T) {
	t.Parallel()
	b := newTiny(t)
	b.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/service_instances/") {
			return false
		}
		reply(w, 200, `{"plan_id": 1, "parameters": {"pin": 1234, "region": "confidential-region"}, "x": "in confidential-region"}`)
		return true
	}
	options := quick()
	options.Only = []string{"fetch-service-and-plan"}
	options.Parameters = map[string]conformance.Parameters{"plan": {Provision: map[string]any{"region": "confidential-region"}}}
	r := result(t, mustRun(t, b, options), "fetch-service-and-plan")
	if r.Outcome != conformance.Failed {
		t.Fatalf("the check is %s", r.Outcome)
	}
	shown := fmt.Sprintf("%+v", r.Findings)
	if strings.Contains(shown, "confidential") || strings.Contains(shown, "1234") {
		t.Errorf("the report shows the parameters: %s", shown)
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	options := conformance.Options{PollInterval: 3 * time.Second, MaxPollInterval: 20 * time.Second}
	for header, want := range map[string]time.Duration{
		"": 3 * time.Second, "7": 7 * time.Second, "0": 10 * time.Millisecond, "3600": 20 * time.Second, "-1": 3 * time.Second, "soon": 3 * time.Second,
		"Thu, 01 Jan 1970 00:00:00 GMT": 10 * time.Millisecond, "Fri, 31 Dec 9999 23:59:59 GMT": 20 * time.Second,
	} {
		if got := conformance.Interval(header, options); got != want {
			t.Errorf("Retry-After: %s causes a pause of %s, want %s", header, got, want)
		}
	}
}
