package conformance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/conformance"
	"github.com/openbroker/openbroker/conformance/internal/specimen"
)

// inProcess is a transport that calls a handler without sockets. So a run works
// in a synctest bubble, where polls and timeouts take no real time.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	received := r.Clone(r.Context())
	received.RequestURI = r.URL.RequestURI()
	if received.Body == nil {
		received.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	p.handler.ServeHTTP(recorder, received)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	response := recorder.Result()
	response.Request = r
	return response, nil
}

// run runs checks against a specimen on a fake clock.
func run(t *testing.T, config specimen.Config, options conformance.Options) *conformance.Report {
	t.Helper()
	report, err := attempt(t, config, options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func attempt(t *testing.T, config specimen.Config, options conformance.Options) (report *conformance.Report, err error) {
	t.Helper()
	options.RequestTimeout, options.OperationTimeout = 2*time.Minute, 2*time.Minute
	synctest.Test(t, func(t *testing.T) {
		var broker *specimen.Broker
		if broker, err = specimen.New(config); err != nil {
			return
		}
		report, err = conformance.Run(t.Context(), conformance.Target{
			URL: "http://broker.example.com", Username: specimen.Username, Password: specimen.Password,
			Client: &http.Client{Transport: inProcess{broker}},
		}, options)
	})
	return report, err
}

// needsPlan has the plans for checks whose scenario runs once. The plan that
// the run would choose does not show what they check.
func needsPlan() map[string]string {
	return map[string]string{
		"korifi-unbind": "async-updateable", "korifi-deprovision": "async-updateable", "korifi-bind-again": "async-updateable",
		"korifi-poll": "async-updateable", "korifi-provision-again": "async", "sm-polls": "async",
		"korifi-failed-provision": "async", "korifi-failed-deprovision": "async",
	}
}

// optionsFor returns the options of a run that evaluates a check.
func optionsFor(check conformance.Check) (specimen.Config, conformance.Options) {
	config := specimen.Config{}
	options := conformance.Options{AllPlans: true, Only: []string{check.ID}, Profiles: []conformance.Profile{check.Profile}}
	if plan, found := needsPlan()[check.ID]; found {
		options.Plans = []string{plan}
	}
	if strings.HasPrefix(check.ID, "korifi-failed-") {
		options.Parameters = map[string]conformance.Parameters{"async": {
			FailProvision:   map[string]any{"specimen.fail": "provision"},
			FailDeprovision: map[string]any{"specimen.fail": "deprovision"},
		}}
	}
	return config, options
}

// TestSpecimenPasses shows that no check fails on a broker that follows the
// specification. Apart from a few exceptions, each check is evaluated there.
func TestSpecimenPasses(t *testing.T) {
	t.Parallel()
	notApplicable := map[string]string{
		"last-operation-instance-usable":     "only failed operations have it, and none fails here",
		"last-operation-update-repeatable":   "only failed updates have it, and none fails here",
		"update-while-creating-takes-effect": "the specimen refuses it; the variation updates-while-busy does not",
		"update-while-deleting-takes-effect": "the specimen refuses it; the variation updates-while-busy does not",
		"provision-while-deleting-creates":   "the specimen refuses it; the variation recreates-while-deleting does not",
		"deprovision-while-updating-deletes": "the specimen refuses it; the variation deletes-while-updating does not",
	}
	passed := 0
	for _, profile := range append([]conformance.Profile{""}, conformance.Profiles()...) {
		config, options := optionsFor(conformance.Check{Profile: profile})
		options.Only = nil
		report := run(t, config, options)
		if len(report.Leftovers) > 0 {
			t.Errorf("profile %q: the run left behind %v", profile, report.Leftovers)
		}
		for _, result := range report.Results {
			_, elsewhere := needsPlan()[result.Check.ID]
			_, expected := notApplicable[result.Check.ID]
			switch {
			case result.Check.Profile != profile || elsewhere:
			case expected && result.Outcome == conformance.NotApplicable:
			case result.Outcome == conformance.Passed && !expected:
				passed++
			default:
				t.Errorf("%s: %s", result.Check.ID, describe(result))
			}
		}
	}
	for id := range needsPlan() {
		config, options := optionsFor(checkNamed(t, id))
		for _, result := range run(t, config, options).Results {
			if result.Outcome != conformance.Passed {
				t.Errorf("%s: %s", id, describe(result))
			}
			passed++
		}
	}
	if all := len(conformance.Checks()) - len(notApplicable); passed != all {
		t.Errorf("%d checks passed, want %d", passed, all)
	}
	t.Logf("%d of %d checks pass on the specimen", passed, len(conformance.Checks()))
}

// TestSpecimenPassesOverHTTP does the same over real HTTP connections.
func TestSpecimenPassesOverHTTP(t *testing.T) {
	t.Parallel()
	broker, err := specimen.New(specimen.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(broker)
	t.Cleanup(server.Close)
	report, err := conformance.Run(t.Context(), conformance.Target{
		URL: server.URL, Username: specimen.Username, Password: specimen.Password,
	}, conformance.Options{AllPlans: true, MaxPollInterval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if !report.Holds(conformance.May) || len(report.Leftovers) > 0 {
		for _, result := range report.Results {
			if result.Outcome != conformance.Passed {
				t.Errorf("%s: %s", result.Check.ID, describe(result))
			}
		}
	}
	t.Logf("%d checks passed on %d plans with %d requests", report.Counts().Passed, len(report.Plans), report.Requests)
}

// TestVariationsPass shows that no check requires more than the specification.
// Each variation uses one freedom that the specification gives.
func TestVariationsPass(t *testing.T) {
	t.Parallel()
	for _, variation := range specimen.Variations() {
		t.Run(variation.ID, func(t *testing.T) {
			t.Parallel()
			report := run(t, specimen.Config{Variation: variation.ID}, conformance.Options{AllPlans: true})
			for _, result := range report.Results {
				switch result.Outcome {
				case conformance.Passed, conformance.NotApplicable, conformance.Declined:
				default:
					t.Errorf("%s: %s", result.Check.ID, describe(result))
				}
			}
			if len(report.Leftovers) > 0 {
				t.Errorf("the run left behind %v", report.Leftovers)
			}
		})
	}
	t.Logf("%d variations", len(specimen.Variations()))
}

// TestMutantsAreCaught shows that a check fails if its clause is broken.
func TestMutantsAreCaught(t *testing.T) {
	t.Parallel()
	mutations := specimen.Mutations()
	var caught atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d of %d mutants are caught; there are %d checks", caught.Load(), len(mutations), len(conformance.Checks()))
	})
	for _, mutation := range mutations {
		t.Run(mutation.ID, func(t *testing.T) {
			t.Parallel()
			named := checkNamed(t, mutation.Check)
			config, options := optionsFor(named)
			config.Mutation = mutation.ID
			// A broken MAY is declined.
			want := conformance.Failed
			if named.Level == conformance.May {
				want = conformance.Declined
			}
			got := catch(t, config, options, want)
			if got.Outcome != want {
				t.Errorf("%s is %s, want %s (%s: %s; this broker: %s)",
					named.ID, describe(got), want, mutation.Section, mutation.Clause, mutation.Summary)
				return
			}
			caught.Add(1)
		})
	}
}

// catch runs one check on one plan, which is enough for most mutants. If the
// outcome is not the wanted one, or the broken catalog does not have the plan,
// it runs the check on all plans.
func catch(t *testing.T, config specimen.Config, options conformance.Options, want conformance.Outcome) conformance.Result {
	t.Helper()
	narrow := options
	if len(narrow.Plans) == 0 {
		narrow.Plans = []string{"async"}
	}
	report, err := attempt(t, config, narrow)
	if err != nil || report.Results[0].Outcome != want {
		report = run(t, config, options)
	}
	if len(report.Results) != 1 {
		t.Fatalf("the run has %d results, want 1", len(report.Results))
	}
	return report.Results[0]
}

// TestEveryCheckCatchesAMutant shows that each check has a mutant.
// TestMutantsAreCaught shows that the check fails on it.
func TestEveryCheckCatchesAMutant(t *testing.T) {
	t.Parallel()
	catches := map[string]int{}
	for _, mutation := range specimen.Mutations() {
		catches[mutation.Check]++
	}
	for _, check := range conformance.Checks() {
		if catches[check.ID] == 0 {
			t.Errorf("%s has no mutant: add one, because a check that cannot fail proves nothing", check.ID)
		}
	}
}

func checkNamed(t *testing.T, id string) conformance.Check {
	t.Helper()
	checks := conformance.Checks()
	at := slices.IndexFunc(checks, func(c conformance.Check) bool { return c.ID == id })
	if at < 0 {
		t.Fatalf("the check %q does not exist", id)
	}
	return checks[at]
}

// describe prints a result with its findings.
func describe(result conformance.Result) string {
	var words strings.Builder
	fmt.Fprintf(&words, "%s: %s", result.Outcome, result.Reason)
	for _, finding := range result.Findings {
		fmt.Fprintf(&words, "\n\t%s, %s, %s: expected %s; got %s",
			finding.Plan, finding.Scenario, finding.Step, finding.Expected, finding.Got)
		for _, exchange := range finding.Exchanges {
			fmt.Fprintf(&words, "\n\t\t%s %s %s -> %d %s",
				exchange.Method, exchange.URL, exchange.RequestBody, exchange.Status, exchange.ResponseBody)
		}
	}
	return words.String()
}
