package simulator_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/simulator"
)

// Every operation takes as long as the parameters of the instance or binding
// say, even if its request has no parameters.
func TestDelay(t *testing.T) {
	t.Parallel()
	b := start(t)
	const plan, delayed = simulator.AsyncPlanID, `"parameters":{"delay":"3s"}`
	for _, step := range []struct {
		method, path, poll, body string
	}{
		{"PUT", instance("i") + "?" + async, instance("i"), bodyOf(plan, delayed)},
		{"PATCH", instance("i") + "?" + async, instance("i"), bodyOf(plan, `"parameters":{"x":1}`)},
		{"PUT", binding("i") + "?" + async, binding("i"), bodyOf(plan, delayed)},
		{"DELETE", binding("i") + deletion(plan) + "&" + async, binding("i"), ""},
		{"DELETE", instance("i") + deletion(plan) + "&" + async, instance("i"), ""},
	} {
		accepted := b.expect(202, step.method, step.path, step.body)
		if d := b.clock.awaitSleep(t); d != 3*time.Second {
			t.Errorf("%s %s sleeps for %s", step.method, step.path, d)
		}
		poll := step.poll + "/last_operation?operation=" + accepted.field("operation")
		if a := b.expect(200, "GET", poll, ""); a.field("state") != "in progress" || !strings.Contains(a.field("description"), "3s") {
			t.Errorf("%s %s: %s", step.method, step.path, a.text)
		}
		b.clock.advance(3 * time.Second)
		if a := b.finish(step.poll, accepted); a.field("state") != "succeeded" {
			t.Errorf("%s %s: %s", step.method, step.path, a.text)
		}
	}
}

// The delay of an instance does not apply to its bindings. The delay of the
// control endpoint applies to all operations. The longer delay counts.
func TestDelayOfControlEndpoint(t *testing.T) {
	t.Parallel()
	b := start(t)
	const plan = simulator.AsyncPlanID
	accepted := b.expect(202, "PUT", instance("i")+"?"+async, bodyOf(plan, `"parameters":{"delay":"3s"}`))
	b.clock.awaitSleep(t)
	b.clock.advance(3 * time.Second)
	b.finish(instance("i"), accepted)
	b.finish(binding("i"), b.expect(202, "PUT", binding("i")+"?"+async, bodyOf(plan, "")))
	for _, c := range []struct {
		delay string
		want  time.Duration
	}{{"1s", 3 * time.Second}, {"5s", 5 * time.Second}} {
		b.expect(200, "PUT", "/control/delay", `{"delay":"`+c.delay+`"}`)
		accepted = b.expect(202, "PATCH", instance("i")+"?"+async, bodyOf(plan, `"parameters":{"x":"`+c.delay+`"}`))
		if d := b.clock.awaitSleep(t); d != c.want {
			t.Errorf("the operation sleeps for %s, want %s", d, c.want)
		}
		b.clock.advance(c.want)
		b.finish(instance("i"), accepted)
	}
	accepted = b.expect(202, "DELETE", binding("i")+deletion(plan)+"&"+async, "")
	if d := b.clock.awaitSleep(t); d != 5*time.Second {
		t.Errorf("the operation sleeps for %s", d)
	}
	b.clock.advance(5 * time.Second)
	b.finish(binding("i"), accepted)
	b.expect(200, "DELETE", "/control/delay", "")
	if b.Delay() != 0 {
		t.Error("the delay was not removed")
	}
}

// A deletion does not wait for the creation that it cancels.
func TestCancelDelayed(t *testing.T) {
	t.Parallel()
	b := start(t)
	const plan = simulator.AsyncPlanID
	b.expect(202, "PUT", instance("i")+"?"+async, bodyOf(plan, `"parameters":{"delay":"3s"}`))
	b.clock.awaitSleep(t)
	deletes := b.expect(202, "DELETE", instance("i")+deletion(plan)+"&"+async, "")
	b.clock.awaitSleep(t) // The deletion has the delay, too.
	b.clock.advance(3 * time.Second)
	if a := b.finish(instance("i"), deletes); a.field("state") != "succeeded" {
		t.Errorf("got %s", a.text)
	}
	b.expect(404, "GET", instance("i"), "")
}

// After a restart, an operation waits only for the rest of its delay.
func TestDelayContinues(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	b := startIn(t, directory)
	accepted := b.expect(202, "PUT", instance("i")+"?"+async, bodyOf(simulator.AsyncPlanID, `"parameters":{"delay":"10s"}`))
	b.clock.awaitSleep(t)
	b.stop()
	later := newClock()
	later.now = b.clock.now.Add(4 * time.Second)
	next := startAt(t, directory, later, nil)
	d := later.awaitSleep(t)
	if d != 6*time.Second {
		t.Errorf("the operation sleeps for another %s", d)
	}
	later.advance(d)
	if a := next.finish(instance("i"), accepted); a.field("state") != "succeeded" {
		t.Errorf("got %s", a.text)
	}
}

// The store has the counts of faults of parameters. They survive a restart, and
// a new instance with the same id starts at 0.
func TestTimes(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	b := startIn(t, directory)
	const faulty = `"parameters":{"fault":{"status":503,"times":3}}`
	statuses := func(method, path, body string, want ...int) {
		t.Helper()
		for _, want := range want {
			b.expect(want, method, path, body)
		}
	}
	statuses("PUT", instance("i"), bodyOf(plain, faulty), 503, 503)
	b.stop()
	b = startIn(t, directory)
	statuses("PUT", instance("i"), bodyOf(plain, faulty), 503, 201, 200)
	statuses("PUT", instance("other"), bodyOf(plain, faulty), 503, 503, 503, 201)
	statuses("DELETE", instance("i")+deletion(plain), "", 200, 410)
	statuses("PUT", instance("i"), bodyOf(plain, faulty), 503, 503, 503, 201)

	const unbind = `"parameters":{"fault":{"on":"unbind","status":418}}`
	for range 2 {
		statuses("PUT", binding("i"), bodyOf(plain, unbind), 201)
		statuses("DELETE", binding("i")+deletion(plain), "", 418, 200, 410)
	}
	statuses("PUT", binding("i"), bodyOf(plain, `"parameters":{"fault":{"on":"unbind","status":418,"times":"always"}}`), 201)
	statuses("DELETE", binding("i")+deletion(plain), "", 418, 418, 418)
	// A fault of an instance has one count for all its bindings.
	statuses("PUT", instance("bound"), bodyOf(plain, `"parameters":{"fault":{"on":"bind","status":500,"times":2}}`), 201)
	for i, want := range []int{500, 500, 201} {
		statuses("PUT", instance("bound")+"/service_bindings/"+string(rune('a'+i)), bodyOf(plain, ""), want)
	}
}

// A platform that cleans up after a failure and retries succeeds: the deletion
// of an instance that was never created does not reset the count.
func TestOrphanMitigation(t *testing.T) {
	t.Parallel()
	b := start(t)
	const faulty = `"parameters":{"fault":{"state":"failed"}}`
	const plan = simulator.AsyncPlanID
	if a := b.finish(instance("i"), b.expect(202, "PUT", instance("i")+"?"+async, bodyOf(plan, faulty))); a.field("state") != "failed" {
		t.Errorf("got %s", a.text)
	}
	b.await("the deletion", func() bool {
		a := b.do("DELETE", instance("i")+deletion(plan)+"&"+async, "")
		b.finish(instance("i"), a)
		return a.status == 410
	})
	if a := b.finish(instance("i"), b.expect(202, "PUT", instance("i")+"?"+async, bodyOf(plan, faulty))); a.field("state") != "succeeded" {
		t.Errorf("got %s", a.text)
	}
}

// An invalid configuration is an error.
func TestInvalidConfig(t *testing.T) {
	t.Parallel()
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "simulator.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := simulator.New(t.Context(), store, simulator.Config{}); err == nil || !strings.Contains(err.Error(), "sealer is missing") {
		t.Errorf("without a sealer: %v", err)
	}
	if _, err := simulator.New(t.Context(), nil, simulator.Config{}); err == nil {
		t.Error("New accepts a nil store")
	}
	if _, err := simulator.New(t.Context(), store, simulator.Config{Requests: -1}); err == nil || !strings.Contains(err.Error(), "Config.Requests") {
		t.Errorf("with a negative number of requests: %v", err)
	}
}
