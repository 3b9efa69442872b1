package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/simulator"
)

// A scenario is an operation with its preparation.
type scenario struct {
	success int
	prepare func(b *broker, id, parameters string)
	invoke  func(b *broker, id, parameters string) answer
}

const plain = simulator.SyncPlanID

func withParameters(parameters string) string {
	if parameters == "" {
		return bodyOf(plain, "")
	}
	return bodyOf(plain, `"parameters":`+parameters)
}

// scenarios has a scenario for each mutating operation. For provision and bind,
// invoke sends the parameters. For the others, prepare sends them.
var scenarios = map[simulator.Operation]scenario{
	simulator.OnProvision: {
		success: 201,
		prepare: func(*broker, string, string) {},
		invoke:  func(b *broker, id, p string) answer { return b.do("PUT", instance(id), withParameters(p)) },
	},
	simulator.OnUpdate: {
		success: 200,
		prepare: func(b *broker, id, p string) { b.expect(201, "PUT", instance(id), withParameters(p)) },
		invoke: func(b *broker, id, _ string) answer {
			return b.do("PATCH", instance(id), withParameters(`{"other":"value"}`))
		},
	},
	simulator.OnDeprovision: {
		success: 200,
		prepare: func(b *broker, id, p string) { b.expect(201, "PUT", instance(id), withParameters(p)) },
		invoke:  func(b *broker, id, _ string) answer { return b.do("DELETE", instance(id)+deletion(plain), "") },
	},
	simulator.OnBind: {
		success: 201,
		prepare: func(b *broker, id, p string) { b.expect(201, "PUT", instance(id), withParameters(p)) },
		invoke:  func(b *broker, id, _ string) answer { return b.do("PUT", binding(id), withParameters("")) },
	},
	simulator.OnUnbind: {
		success: 200,
		prepare: func(b *broker, id, p string) {
			b.expect(201, "PUT", instance(id), withParameters(""))
			b.expect(201, "PUT", binding(id), withParameters(p))
		},
		invoke: func(b *broker, id, _ string) answer { return b.do("DELETE", binding(id)+deletion(plain), "") },
	},
}

// faultCases has the effects of faults on the response.
var faultCases = map[string]struct {
	fault simulator.Fault
	// works is true if the broker processes the request despite the fault.
	works bool
	check func(a answer, success int) string
}{
	"status": {
		fault: simulator.Fault{Status: 503, Error: "Busy", Description: "Later.", RetryAfter: simulator.Duration(7 * time.Second)},
		check: func(a answer, _ int) string {
			return differs(a, 503, `{"error":"Busy","description":"Later."}`, "Retry-After: 7")
		},
	},
	"status of a success": {
		fault: simulator.Fault{Status: 206},
		check: func(a answer, _ int) string { return differs(a, 206, "{}") },
	},
	"status without a body": {
		fault: simulator.Fault{Status: 204},
		check: func(a answer, _ int) string { return differs(a, 204, "") },
	},
	"status after the work": {
		fault: simulator.Fault{Status: 500, After: true}, works: true,
		check: func(a answer, _ int) string {
			return differs(a, 500, `{"description":"`+simulator.DefaultDescription+`"}`)
		},
	},
	"panic": {
		fault: simulator.Fault{Panic: true},
		check: func(a answer, _ int) string {
			if a.status != 500 || !strings.Contains(a.field("description"), "failed to process") {
				return fmt.Sprint(a)
			}
			return ""
		},
	},
	"drop": {
		fault: simulator.Fault{Drop: true},
		check: func(a answer, _ int) string { return unless(a.err != nil && a.status == 0, a) },
	},
	"drop after the work": {
		fault: simulator.Fault{Drop: true, After: true}, works: true,
		check: func(a answer, _ int) string { return unless(a.err != nil && a.status == 0, a) },
	},
	"truncated": {
		fault: simulator.Fault{Malformed: simulator.Truncated}, works: true,
		check: func(a answer, success int) string {
			return unless(a.status == success && strings.HasPrefix(a.text, "{") && !json.Valid([]byte(a.text)), a)
		},
	},
	"trailing": {
		fault: simulator.Fault{Malformed: simulator.Trailing}, works: true,
		check: func(a answer, success int) string {
			return unless(a.status == success && strings.HasSuffix(a.text, "}}{"), a)
		},
	},
	"empty": {
		fault: simulator.Fault{Malformed: simulator.Empty}, works: true,
		check: func(a answer, success int) string { return differs(a, success, "") },
	},
	"html": {
		fault: simulator.Fault{Malformed: simulator.HTML}, works: true,
		check: func(a answer, success int) string {
			return unless(a.status == success && strings.HasPrefix(a.text, "<html>") && strings.HasPrefix(a.header.Get("Content-Type"), "text/html"), a)
		},
	},
	"array": {
		fault: simulator.Fault{Malformed: simulator.Array}, works: true,
		check: func(a answer, success int) string { return differs(a, success, "[]") },
	},
	"null": {
		fault: simulator.Fault{Malformed: simulator.Null}, works: true,
		check: func(a answer, success int) string { return differs(a, success, "null") },
	},
	"wrong types": {
		fault: simulator.Fault{Malformed: simulator.WrongTypes}, works: true,
		check: func(a answer, success int) string {
			return unless(a.status == success && a.body["operation"] == 4711.0, a)
		},
	},
}

func unless(right bool, a answer) string {
	if right {
		return ""
	}
	return fmt.Sprintf("%d %q %v %v", a.status, a.text, a.header, a.err)
}

func differs(a answer, status int, text string, headers ...string) string {
	right := a.status == status && a.text == text && a.err == nil
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		right = right && a.header.Get(name) == value
	}
	return unless(right, a)
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each fault of a response in the parameters applies once, to each operation.
func TestFaultsByParameters(t *testing.T) {
	t.Parallel()
	b := start(t)
	for name, c := range faultCases {
		for on, s := range scenarios {
			t.Run(name+" on "+string(on), func(t *testing.T) {
				t.Parallel()
				b := *b
				b.t = t
				f := c.fault
				f.On = on
				id := strings.ReplaceAll(name, " ", "-") + "-" + string(on)
				parameters := `{"fault":` + encode(t, f) + `}`
				s.prepare(&b, id, parameters)
				if wrong := c.check(s.invoke(&b, id, parameters), s.success); wrong != "" {
					t.Errorf("got %s", wrong)
				}
				again := s.success
				if c.works {
					again = map[simulator.Operation]int{
						simulator.OnProvision: 200, simulator.OnUpdate: 200, simulator.OnDeprovision: 410, simulator.OnBind: 200, simulator.OnUnbind: 410,
					}[on]
				}
				if a := s.invoke(&b, id, parameters); a.status != again {
					t.Errorf("the next response is %d %s %v, want %d", a.status, a.text, a.err, again)
				}
			})
		}
	}
}

// A fault of the control endpoint applies until it is removed.
func TestFaultsByControl(t *testing.T) {
	t.Parallel()
	for on, s := range scenarios {
		t.Run(string(on), func(t *testing.T) {
			t.Parallel()
			b := start(t)
			for name, c := range faultCases {
				f := c.fault
				f.On = on
				id := strings.ReplaceAll(name, " ", "-")
				s.prepare(b, id, "")
				b.expect(200, "PUT", "/control/faults", `{"faults":[`+encode(t, f)+`]}`)
				if wrong := c.check(s.invoke(b, id, ""), s.success); wrong != "" {
					t.Errorf("%s: got %s", name, wrong)
				}
				if !c.works {
					if wrong := c.check(s.invoke(b, id, ""), s.success); wrong != "" {
						t.Errorf("%s again: got %s", name, wrong)
					}
				}
				b.expect(200, "DELETE", "/control/faults", "")
				if a := s.invoke(b, id, ""); !c.works && a.status != s.success || a.status == 0 {
					t.Errorf("%s: after the removal: %d %s %v", name, a.status, a.text, a.err)
				}
			}
		})
	}
}

// Reads can have faults, too. The catalog can have any status.
func TestFaultsOfReads(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.expect(201, "PUT", instance("i"), bodyOf(plain, ""))
	b.expect(201, "PUT", binding("i"), bodyOf(plain, ""))
	for on, path := range map[simulator.Operation]string{
		simulator.OnCatalog:              "/v2/catalog",
		simulator.OnGetInstance:          instance("i"),
		simulator.OnGetBinding:           binding("i"),
		simulator.OnLastOperation:        instance("i") + "/last_operation",
		simulator.OnLastBindingOperation: binding("i") + "/last_operation",
	} {
		right := b.expect(200, "GET", path, "")
		for name, c := range faultCases {
			f := c.fault
			f.On = on
			if err := b.SetFaults(f); err != nil {
				t.Fatal(err)
			}
			if wrong := c.check(b.do("GET", path, ""), 200); wrong != "" {
				t.Errorf("%s: %s: got %s", on, name, wrong)
			}
		}
		for _, status := range []int{401, 404, 410, 500} {
			if err := b.SetFaults(simulator.Fault{On: on, Status: status}); err != nil {
				t.Fatal(err)
			}
			if a := b.expect(status, "GET", path, ""); a.field("description") != simulator.DefaultDescription {
				t.Errorf("%s: %s", on, a.text)
			}
		}
		if err := b.SetFaults(); err != nil {
			t.Fatal(err)
		}
		if a := b.expect(200, "GET", path, ""); a.text != right.text {
			t.Errorf("%s: %s, and was %s before", on, a.text, right.text)
		}
	}
}

// A slow response sends its headers or its body when the clock advances.
func TestSlow(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, part := range []simulator.Part{"", simulator.PartBody, simulator.PartHeaders} {
		if err := b.SetFaults(simulator.Fault{On: simulator.OnCatalog, Slow: simulator.Duration(20 * time.Second), Part: part}); err != nil {
			t.Fatal(err)
		}
		slow := make(chan answer)
		go func() { slow <- b.do("GET", "/v2/catalog", "") }()
		total := time.Duration(0)
		for total < 20*time.Second {
			d := b.clock.awaitSleep(t)
			total += d
			select {
			case a := <-slow:
				t.Fatalf("%s: the response came after %s: %s", part, total-d, a.text)
			default:
			}
			b.clock.advance(d)
		}
		if a := <-slow; a.status != 200 || a.body["services"] == nil || total != 20*time.Second {
			t.Errorf("%s: %d %s after %s", part, a.status, a.text, total)
		}
	}
}

// The headers and the first piece of a slow body arrive before the rest. The
// simulator stops when the client disconnects.
func TestTrickle(t *testing.T) {
	t.Parallel()
	b := start(t)
	if err := b.SetFaults(simulator.Fault{Slow: simulator.Duration(20 * time.Second)}); err != nil {
		t.Fatal(err)
	}
	ctx, hangUp := context.WithTimeout(t.Context(), patience)
	defer hangUp()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/v2/catalog", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(username, password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	response, err := http.DefaultClient.Do(request) // Do returns after the headers.
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b.clock.advance(b.clock.awaitSleep(t))
	if n, err := io.ReadFull(response.Body, make([]byte, 100)); err != nil {
		t.Errorf("the first piece has %d bytes, %v", n, err)
	}
	hangUp()
	b.await("the end of the request", func() bool {
		b.clock.mu.Lock()
		defer b.clock.mu.Unlock()
		return len(b.clock.sleepers) == 0
	})
}

// An accepted operation fails once, with the configured description.
func TestStateFailed(t *testing.T) {
	t.Parallel()
	const id, plan = "i", simulator.AsyncPlanID
	for on, c := range map[simulator.Operation]struct {
		before   []simulator.Operation
		usable   bool // instance_usable is allowed
		repeated bool // update_repeatable is allowed
	}{
		simulator.OnProvision:   {},
		simulator.OnUpdate:      {before: []simulator.Operation{simulator.OnProvision}, usable: true, repeated: true},
		simulator.OnDeprovision: {before: []simulator.Operation{simulator.OnProvision}, usable: true},
		simulator.OnBind:        {before: []simulator.Operation{simulator.OnProvision}},
		simulator.OnUnbind:      {before: []simulator.Operation{simulator.OnProvision, simulator.OnBind}},
	} {
		for _, control := range []bool{false, true} {
			t.Run(fmt.Sprint(on, control), func(t *testing.T) {
				t.Parallel()
				b := start(t)
				f := simulator.Fault{On: on, State: "failed", Description: "No room.", InstanceUsable: new(bool), UpdateRepeatable: new(bool)}
				parameters := `{"fault":` + encode(t, f) + `}`
				if control {
					parameters, f.Times = "{}", 1
					if err := b.SetFaults(f); err != nil {
						t.Fatal(err)
					}
				}
				change := func(on simulator.Operation) answer {
					switch on {
					case simulator.OnProvision:
						return b.finish(instance(id), b.do("PUT", instance(id)+"?"+async, bodyOf(plan, `"parameters":`+parameters)))
					case simulator.OnUpdate:
						return b.finish(instance(id), b.do("PATCH", instance(id)+"?"+async, bodyOf(plan, `"parameters":{"x":1}`)))
					case simulator.OnDeprovision:
						return b.finish(instance(id), b.do("DELETE", instance(id)+deletion(plan)+"&"+async, ""))
					case simulator.OnBind:
						return b.finish(binding(id), b.do("PUT", binding(id)+"?"+async, bodyOf(plan, "")))
					default:
						return b.finish(binding(id), b.do("DELETE", binding(id)+deletion(plan)+"&"+async, ""))
					}
				}
				for _, before := range c.before {
					if a := change(before); a.field("state") != "succeeded" {
						t.Fatalf("%s: %s", before, a.text)
					}
				}
				a := change(on)
				_, usable := a.body["instance_usable"]
				_, repeatable := a.body["update_repeatable"]
				if a.field("state") != "failed" || a.field("description") != "No room." || usable != c.usable || repeatable != c.repeated {
					t.Errorf("got %s", a.text)
				}
				// After the clean-up, the next attempt succeeds.
				b.await("the next attempt", func() bool { a = change(on); return a.status == 200 && a.field("state") != "failed" })
				if a.field("state") != "succeeded" {
					t.Errorf("the next response is %d %s", a.status, a.text)
				}
			})
		}
	}
}

// A synchronous operation that fails is answered with an error.
func TestStateFailedSynchronously(t *testing.T) {
	t.Parallel()
	b := start(t)
	const fault = `"parameters":{"fault":{"state":"failed","instance_usable":false}}`
	b.expect(500, "PUT", instance("i"), bodyOf(plain, fault))
	b.await("the clean-up", func() bool { return b.do("PUT", instance("i"), bodyOf(plain, fault)).status == 201 })
	if a := b.expect(500, "PATCH", instance("i"), bodyOf(plain, `"parameters":{"fault":{"state":"failed","instance_usable":false,"times":2}}`)); a.body["instance_usable"] != false {
		t.Errorf("got %s", a.text)
	}
	b.expect(500, "PATCH", instance("i"), bodyOf(plain, `"parameters":{"fault":{"state":"failed","instance_usable":false,"times":2}}`))
	b.expect(200, "PATCH", instance("i"), bodyOf(plain, `"parameters":{"fault":{"state":"failed","instance_usable":false,"times":2}}`))
	// The fault was for that update. The next one has none.
	b.expect(200, "PATCH", instance("i"), bodyOf(plain, `"parameters":{"x":1}`))
	b.expect(200, "DELETE", instance("i")+deletion(plain), "")
}

// A fault without "on" applies only to the request that carries it, even if the
// instance already has the same fault.
func TestCarriedFault(t *testing.T) {
	t.Parallel()
	b := start(t)
	const faulty = `"parameters":{"fault":{"status":503},"x":`
	b.expect(503, "PUT", instance("i"), bodyOf(plain, faulty+`1}`))
	b.expect(201, "PUT", instance("i"), bodyOf(plain, faulty+`1}`))
	b.expect(200, "PATCH", instance("i"), bodyOf(plain, `"parameters":{"x":2}`))
	b.expect(503, "PATCH", instance("i"), bodyOf(plain, faulty+`3}`))
	b.expect(200, "PATCH", instance("i"), bodyOf(plain, faulty+`3}`))
	b.expect(201, "PUT", binding("i"), bodyOf(plain, ""))
	b.expect(200, "DELETE", binding("i")+deletion(plain), "")
	b.expect(200, "DELETE", instance("i")+deletion(plain), "")

	b.expect(201, "PUT", instance("k"), bodyOf(plain, ""))
	b.expect(418, "PATCH", instance("k"), bodyOf(plain, `"parameters":{"fault":{"status":418}}`))
	b.expect(200, "PATCH", instance("k"), bodyOf(plain, `"parameters":{"fault":{"status":418}}`))

	const failing = `"parameters":{"fault":{"on":"update","state":"failed"}}`
	b.expect(201, "PUT", instance("j"), bodyOf(plain, failing))
	b.expect(500, "PATCH", instance("j"), bodyOf(plain, `"parameters":{"x":1}`))
	b.expect(200, "PATCH", instance("j"), bodyOf(plain, `"parameters":{"x":1}`))
}

// Polls have the wrong state as often as configured, with and without an
// operation.
func TestWrongState(t *testing.T) {
	t.Parallel()
	b := start(t)
	const plan = simulator.AsyncPlanID
	a := b.expect(202, "PUT", instance("i")+"?"+async, bodyOf(plan, `"parameters":{"fault":{"wrong_state":true,"times":2}}`))
	poll := instance("i") + "/last_operation"
	states := func(want ...string) {
		t.Helper()
		for i, want := range want {
			path := poll
			if i%2 == 0 {
				path += "?operation=" + a.field("operation")
			}
			if a := b.expect(200, "GET", path, ""); a.field("state") != want {
				t.Errorf("got %s, want %s", a.text, want)
			}
		}
	}
	states("done", "done")
	b.finish(instance("i"), a)
	states("succeeded")
	a = b.expect(202, "PUT", binding("i")+"?"+async, bodyOf(plan, `"parameters":{"fault":{"wrong_state":"what?","times":"always"}}`))
	poll = binding("i") + "/last_operation"
	states("what?", "what?", "what?")
	a = b.expect(202, "DELETE", binding("i")+deletion(plan)+"&"+async, "")
	b.finish(binding("i"), a)
	// An operation that never ends.
	if err := b.SetFaults(simulator.Fault{WrongState: "in progress"}); err != nil {
		t.Fatal(err)
	}
	poll = instance("i") + "/last_operation"
	states("in progress", "in progress")
	b.expect(200, "GET", instance("i"), "")
	b.Reset()
	states("succeeded")
}

// The control endpoint can limit a fault to some requests.
func TestFilters(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.expect(200, "PUT", "/control/faults", `{"faults":[
		{"on":"provision","plan":"volume","status":501},
		{"on":"provision","plan":"`+simulator.SyslogPlanID+`","status":502},
		{"instance_id":"special","status":503},
		{"binding_id":"b","status":504},
		{"on":"get_instance","skip":1,"times":2,"status":418}]}`)
	b.expect(501, "PUT", instance("i"), bodyOf(simulator.VolumePlanID, ""))
	b.expect(502, "PUT", instance("i"), bodyOf(simulator.SyslogPlanID, ""))
	b.expect(503, "PUT", instance("special"), bodyOf(plain, ""))
	b.expect(503, "GET", instance("special"), "")
	b.expect(201, "PUT", instance("i"), bodyOf(plain, ""))
	b.expect(504, "PUT", binding("i"), bodyOf(plain, ""))
	b.expect(201, "PUT", instance("i")+"/service_bindings/c", bodyOf(plain, ""))
	for _, status := range []int{200, 418, 418, 200, 200} {
		b.expect(status, "GET", instance("i"), "")
	}
}

// An invalid request gets its error and no fault.
func TestFaultsComeAfterChecks(t *testing.T) {
	t.Parallel()
	b := start(t)
	if err := b.SetFaults(simulator.Fault{Status: 503}); err != nil {
		t.Fatal(err)
	}
	b.expect(400, "PUT", instance("i"), `{}`)
	b.expect(400, "PUT", instance("i"), bodyOf("unknown", ""))
	b.expect(404, "GET", "/v2/nowhere", "")
	if a := b.do("GET", "/v2/catalog", "", "Authorization: Basic eDp5"); a.status != 401 {
		t.Errorf("got %d %s", a.status, a.text)
	}
	if a := b.do("GET", "/v2/catalog", "", "X-Broker-API-Version: 1.0"); a.status != 412 {
		t.Errorf("got %d %s", a.status, a.text)
	}
	b.expect(503, "PUT", instance("i"), bodyOf(plain, ""))
}
