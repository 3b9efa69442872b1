package durable_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A client that does not accept an asynchronous answer joins the running operation,
// and gets the same answer as the first client.
func TestSynchronousClientsJoin(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		g := r.provider.hold(durable.KindProvision, "i")
		first := r.later(http.MethodPut, instancePath("i"), provisionBody("plan-sync", ""))
		receive(t, "the provision", g.entered)
		second := r.later(http.MethodPut, instancePath("i"), provisionBody("plan-sync", ""))
		// A client that accepts it does not wait.
		operation := r.provision("i", "plan-sync", "").is(t, http.StatusAccepted, "").operation()
		eventually(t, "both wait", func() bool { return r.WaitingFor(operation) == 2 })
		r.send(http.MethodPut, instancePath("i"), provisionBody("plan-sync", `,"parameters":{"x":1}`)).is(t, http.StatusConflict, "")
		g.open()
		for _, answers := range []<-chan answer{first, second} {
			a := receive(t, "an answer", answers)
			a.is(t, http.StatusCreated, "")
			if a.body["dashboard_url"] != "https://dashboard.example.com/i" || a.operation() != "" {
				t.Errorf("the answer is %s", a.text)
			}
		}
		if calls := r.provider.called(durable.KindProvision, "i"); len(calls) != 1 || calls[0].task != operation {
			t.Errorf("the provider was called %d times", len(calls))
		}
	})
}

func TestAutomaticMode(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		for _, step := range []struct {
			name, path string
			kind       durable.OperationKind
			request    func() answer
		}{
			{"i", "i", durable.KindProvision, func() answer { return r.provision("i", "plan-short", "") }},
			{"i", "i", durable.KindUpdate, func() answer { return r.update("i", updateExtra) }},
			{"i/b", "i/service_bindings/b", durable.KindBind, func() answer { return r.bind("i", "b", "plan-short", "") }},
			{"i/b", "i/service_bindings/b", durable.KindUnbind, func() answer { return r.unbind("i", "b", "plan-short") }},
			{"i", "i", durable.KindDeprovision, func() answer { return r.deprovision("i", "plan-short") }},
		} {
			g := r.provider.hold(step.kind, step.name)
			a := step.request().is(t, http.StatusAccepted, "")
			if poll := r.lastOperation(step.path, a.operation()); poll.state() != string(openbroker.OperationInProgress) {
				t.Errorf("%s: the first poll is answered with %s", step.kind, poll.text)
			}
			g.open()
			r.done(step.path, a)
		}
	})
}

// Credentials that cannot be fetched come with the response.
func TestBindingsThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), func(c *durable.Config) { c.DefaultPolicy.SyncWait = time.Millisecond })
		body := `{"service_id":"service-2","plan_id":"plan-hidden","organization_guid":"o","space_guid":"s"}`
		r.done("i", r.send(http.MethodPut, instancePath("i")+"?"+incomplete, body))
		g := r.provider.hold(durable.KindBind, "i/b")
		answers := r.later(http.MethodPut, bindingPath("i", "b")+"?"+incomplete, `{"service_id":"service-2","plan_id":"plan-hidden"}`)
		receive(t, "the bind", g.entered)
		<-time.NewTimer(30 * time.Millisecond).C // Long after SyncWait.
		g.open()
		a := receive(t, "the binding", answers).is(t, http.StatusCreated, "")
		if !strings.Contains(a.text, "s3cret-b") {
			t.Errorf("the answer is %s", a.text)
		}
	})
}

func TestAsynchronousBindingsMustBeRetrievable(t *testing.T) {
	t.Parallel()
	config := fastConfig(newKeys(t), &logBuffer{})
	config.Policies["plan-hidden"] = durable.Policy{BindingMode: durable.ModeAsynchronous}
	_, err := durable.New(t.Context(), testCatalog(), newScripted(), openSQLite(t), config)
	if err == nil || !strings.Contains(err.Error(), "bindings_retrievable") {
		t.Fatalf("the error is %v", err)
	}
}

// A synchronous request waits at most MaxWait.
func TestMaxWait(t *testing.T) {
	t.Parallel()
	r := start(t, openSQLite(t), newKeys(t), newScripted(), func(c *durable.Config) { c.MaxWait = 5 * time.Millisecond })
	g := r.provider.hold(durable.KindProvision, "i")
	r.send(http.MethodPut, instancePath("i"), provisionBody("plan-sync", "")).is(t, http.StatusGatewayTimeout, "")
	g.open()
	r.status("i", "", durable.StatusReady)
}

// A request that waited gets the error of the provider.
func TestFailuresOfSynchronousRequests(t *testing.T) {
	t.Parallel()
	usable, repeatable := false, true
	for _, test := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"an answer", openbroker.NewError(http.StatusUnprocessableEntity, "QuotaExceeded", "No more."), 422, `{"error":"QuotaExceeded","description":"No more."}`},
		{"a wrapped answer", errors.Join(errors.New("internal"), openbroker.ErrInstanceLimitMet), 422, `{"error":"InstanceLimitMet","description":"The limit of service instances is met."}`},
		{
			"usability", openbroker.NewError(http.StatusConflict, "", "Half done.").WithInstanceUsable(usable).WithUpdateRepeatable(repeatable),
			409, `{"description":"Half done.","instance_usable":false,"update_repeatable":true}`,
		},
		{"when to come back", openbroker.ErrUnavailable.WithRetryAfter(7 * time.Second), 503, `{"description":"The service broker is temporarily unavailable."}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			forEachStore(t, func(t *testing.T, store durable.Store) {
				r := start(t, store, newKeys(t), newScripted(), nil)
				r.done("i", r.provision("i", planID, ""))
				r.provider.fail(durable.KindUpdate, "i", test.err)
				a := r.send(http.MethodPatch, instancePath("i"), `{"service_id":"`+serviceID+`"`+updateExtra+`}`)
				if a.status != test.status || a.text != test.want {
					t.Errorf("the answer is %d %s, want %d %s", a.status, a.text, test.status, test.want)
				}
				if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "7" {
					t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
				}
				if a := r.send(http.MethodGet, instancePath("i"), ""); strings.Contains(a.text, `"b"`) {
					t.Errorf("the instance has changed: %s", a.text)
				}
			})
		})
	}
}

// An unknown error is for the operator; the platform gets the operation id.
func TestUnknownErrors(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.provider.fail(durable.KindProvision, "i", errors.New("disk /dev/sdb1 is on fire"))
		a := r.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
		polled := r.poll("i", a.operation())
		if polled.state() != string(openbroker.OperationFailed) || strings.Contains(polled.text, "fire") || !strings.Contains(polled.text, a.operation()) {
			t.Errorf("the poll is answered with %s", polled.text)
		}
		a = r.send(http.MethodPut, instancePath("j"), provisionBody("plan-sync", ""))
		a.is(t, http.StatusCreated, "")
		r.provider.fail(durable.KindUpdate, "j", errors.New("disk /dev/sdb1 is on fire"))
		a = r.send(http.MethodPatch, instancePath("j"), `{"service_id":"`+serviceID+`"`+updateExtra+`}`)
		a.is(t, http.StatusInternalServerError, "")
		if strings.Contains(a.text, "fire") {
			t.Errorf("the answer is %s", a.text)
		}
		if !strings.Contains(r.logs.String(), "on fire") {
			t.Error("the cause is not in the log")
		}
	})
}
