//go:build unix

package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// epoch is the start of the operations of the tests.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

func operation(id string, kind durable.OperationKind, key durable.Key, from, to int) durable.OperationRecord {
	return durable.OperationRecord{
		ID: id, Kind: kind, Key: key, State: durable.OperationSucceeded, Generation: 1, Attempt: 1,
		CreatedAt: at(from), UpdatedAt: at(to), FinishedAt: at(to),
	}
}

// sound returns evidence without violations: an instance with a binding, and a
// deleted instance.
func sound() *evidence {
	i, b, gone := durable.Key{InstanceID: "i"}, durable.Key{InstanceID: "i", BindingID: "b"}, durable.Key{InstanceID: "gone"}
	call := func(token int64, o durable.OperationRecord, pid, began, ended int) attempt {
		return attempt{
			Token: token, Operation: o.ID, Generation: o.Generation, Kind: string(o.Kind), Instance: o.Key.InstanceID, Binding: o.Key.BindingID,
			PID: pid, BeganAt: at(began), EndedAt: at(ended), Outcome: outcomeSucceeded,
		}
	}
	p, bind := operation("P", durable.KindProvision, i, 0, 10), operation("B", durable.KindBind, b, 20, 30)
	p2, d2 := operation("P2", durable.KindProvision, gone, 0, 10), operation("D2", durable.KindDeprovision, gone, 20, 30)
	killed := call(1, p, 7, 0, 0)
	killed.Outcome, killed.EndedAt = "", time.Time{}
	p.Generation = 2
	bound := call(3, bind, 8, 21, 29)
	bound.Writer = "P.2"
	return &evidence{
		lease:      2 * time.Second,
		instances:  map[string]durable.InstanceRecord{"i": {Key: i, Status: durable.StatusReady, PlanID: planAuto}, "gone": {Key: gone, Status: durable.StatusDeleted, PlanID: planAuto}},
		bindings:   map[string]durable.BindingRecord{"i/b": {Key: b, Status: durable.StatusReady}},
		operations: map[string]durable.OperationRecord{"P": p, "B": bind, "P2": p2, "D2": d2},
		attempts:   []attempt{killed, call(2, p, 8, 3, 9), bound, call(4, p2, 8, 1, 9), call(5, d2, 8, 21, 29)},
		resources:  map[string]resource{"i": {Plan: planAuto, Parameters: `{"version":1}`, Writer: 2}, "i/b": {Secret: "s", Writer: 3}},
		acknowledged: []acknowledgement{
			{method: http.MethodPut, kind: kindProvision, instance: "i", status: 202, operation: "P", answered: at(1)},
			{method: http.MethodPut, kind: kindBind, instance: "i", binding: "b", status: 201, fingerprint: "B.1", answered: at(31)},
			{method: http.MethodDelete, kind: kindDeprovision, instance: "gone", status: 200, answered: at(31)},
		},
		finals:       map[string]string{"P": "succeeded"},
		polled:       map[string]string{"P": "succeeded"},
		expectations: map[string]expectation{"i": {instance: "i", exists: true, plan: planAuto, version: 1}, "i/b": {instance: "i", binding: "b", exists: true}, "gone": {instance: "gone"}},
		views: map[string]answer{
			"i":    {status: 200, body: map[string]any{"plan_id": planAuto, "dashboard_url": dashboardURL("P.2"), "parameters": map[string]any{"version": 1.0}}},
			"i/b":  {status: 200, body: map[string]any{"credentials": map[string]any{"writer": "B.1", "password": "s"}}},
			"gone": {status: 404},
		},
		disturbances: []disturbance{{what: faultKill, pid: 7, from: at(1), to: at(1)}},
	}
}

func TestSoundEvidence(t *testing.T) {
	t.Parallel()
	f := newFindings()
	sound().check(f)
	for c, details := range f.details {
		t.Errorf("%s: %q", c, details)
	}
	for _, c := range []check{checkEnded, checkPolled, checkWriter, checkExclusive, checkResources, checkContent, checkCredentials, checkAnswers, checkExpected, checkState, checkResume} {
		if f.items[c] == 0 {
			t.Errorf("the check had no items: %s", c)
		}
	}
}

// Each check finds its violations.
func TestChecksFind(t *testing.T) {
	t.Parallel()
	change := func(id string, f func(*durable.OperationRecord)) func(*evidence) {
		return func(e *evidence) {
			o := e.operations[id]
			f(&o)
			e.operations[id] = o
		}
	}
	for _, test := range []struct {
		name  string
		check check
		spoil func(*evidence)
	}{
		{"an accepted operation is lost", checkEnded, func(e *evidence) { delete(e.operations, "P") }},
		{"an operation has another kind than accepted", checkEnded, change("P", func(o *durable.OperationRecord) { o.Kind = durable.KindUpdate })},
		{"an operation does not end", checkEnded, change("P", func(o *durable.OperationRecord) { o.State = durable.OperationActive })},
		{"an ended operation has a lease", checkEnded, change("P", func(o *durable.OperationRecord) { o.LeaseUntil = at(99) })},
		{"last_operation reports two final states", checkPolled, func(e *evidence) { e.finals["P"] = "failed" }},
		{"last_operation is still in progress", checkPolled, func(e *evidence) { e.polled["P"] = "in progress" }},
		{"the store has another state", checkPolled, change("P", func(o *durable.OperationRecord) { o.State = durable.OperationFailed })},
		{"an earlier attempt wrote the result", checkWriter, change("P", func(o *durable.OperationRecord) { o.FinishedAt = at(5) })},
		{"the last attempt did not succeed", checkWriter, func(e *evidence) { e.attempts[1].Outcome = outcomeFailed }},
		{"the last attempt is missing", checkWriter, change("P", func(o *durable.OperationRecord) { o.Generation = 3 })},
		{"an attempt without an operation", checkWriter, func(e *evidence) { e.attempts[3].Operation = "X" }},
		{"an attempt of an unknown claim", checkWriter, func(e *evidence) { e.attempts[3].Generation = 9 }},
		{"two operations at a time", checkExclusive, change("B", func(o *durable.OperationRecord) { o.CreatedAt = at(9) })},
		{"a deletion beside an operation that succeeded", checkExclusive, change("D2", func(o *durable.OperationRecord) { o.CreatedAt = at(9) })},
		{"the state of an overtaken attempt", checkState, func(e *evidence) { e.attempts[2].Writer = "P.1" }},
		{"an orphan", checkResources, func(e *evidence) { e.resources["gone"] = resource{Writer: 4} }},
		{"an orphan without a record", checkResources, func(e *evidence) { e.resources["nowhere"] = resource{Writer: 4} }},
		{"a ghost", checkResources, func(e *evidence) { delete(e.resources, "i") }},
		{"a clean-up that does not end", checkResources, func(e *evidence) {
			e.instances["gone"] = durable.InstanceRecord{Key: durable.Key{InstanceID: "gone"}, Status: durable.StatusCreateFailed}
		}},
		{"a binding of a deleted instance", checkResources, func(e *evidence) {
			e.instances["i"] = durable.InstanceRecord{Key: durable.Key{InstanceID: "i"}, Status: durable.StatusDeleted}
		}},
		{"other parameters", checkContent, func(e *evidence) { e.resources["i"] = resource{Plan: planAuto, Parameters: `{"version":2}`, Writer: 2} }},
		{"another plan", checkContent, func(e *evidence) {
			e.resources["i"] = resource{Plan: planLarge, Parameters: `{"version":1}`, Writer: 2}
		}},
		{"the result of an overtaken attempt", checkContent, func(e *evidence) { e.views["i"].body["dashboard_url"] = dashboardURL("P.1") }},
		{"other credentials", checkCredentials, func(e *evidence) { e.resources["i/b"] = resource{Secret: "other", Writer: 3} }},
		{"unreadable credentials", checkCredentials, func(e *evidence) { e.views["i/b"] = answer{status: 500} }},
		{"a 201 before the operation succeeded", checkAnswers, func(e *evidence) { e.acknowledged[1].answered = at(25) }},
		{"a 201 with another result", checkAnswers, func(e *evidence) { e.acknowledged[1].fingerprint = "B.2" }},
		{"a 201 without a result", checkAnswers, func(e *evidence) { e.acknowledged[1].fingerprint = "" }},
		{"a deletion without an operation", checkAnswers, func(e *evidence) { delete(e.operations, "D2") }},
		{"an instance is lost", checkExpected, func(e *evidence) { delete(e.instances, "i") }},
		{"an update is lost", checkExpected, func(e *evidence) {
			e.expectations["i"] = expectation{instance: "i", exists: true, plan: planAuto, version: 2}
		}},
		{"a deletion is lost", checkExpected, func(e *evidence) { e.views["gone"] = answer{status: 200} }},
		{"an instance without a client", checkExpected, func(e *evidence) { delete(e.expectations, "gone") }},
		{"an outage of the store ended an operation", checkInterrupted, func(e *evidence) {
			e.attempts[1].Outcome = outcomeInterrupted
			o := e.operations["P"]
			o.State, o.Description = durable.OperationFailed, "It failed."
			e.operations["P"] = o
		}},
		{"a late resumption", checkResume, func(e *evidence) { e.attempts[1].BeganAt = at(6) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e, f := sound(), newFindings()
			test.spoil(e)
			e.check(f)
			if f.found[test.check] == 0 {
				t.Errorf("the check has no violation; all violations: %q", f.details)
			}
		})
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	f := newFindings()
	l := newLedger(f, io.Discard)
	first := attempt{Operation: "P", Generation: 1, Kind: kindProvision, Instance: "i"}
	token, _ := l.begin(first, 0)
	l.confirm(token)
	second := first
	second.Generation = 2
	newer, ordinal := l.begin(second, token)
	if ordinal != 2 || l.apply(token, effect{}) || !l.apply(newer, effect{}) {
		t.Error("the overtaken attempt can write, or the newer one cannot")
	}
	third := first
	third.Generation = 0
	if late, _ := l.begin(third, 0); late != 0 {
		t.Error("a late attempt got a token")
	}
	if f.violations() != 0 {
		t.Errorf("%q", f.details)
	}
}

// The ledger finds violations of the rules for calls of providers.
func TestLedgerFinds(t *testing.T) {
	t.Parallel()
	provision := attempt{Operation: "P", Generation: 1, Kind: kindProvision, Instance: "i"}
	bind := attempt{Operation: "B", Generation: 1, Kind: kindBind, Instance: "i", Binding: "b"}
	remove := attempt{Operation: "D", Generation: 1, Kind: kindDeprovision, Instance: "i"}
	next := provision
	next.Generation = 2
	do := func(l *ledger, a attempt, e effect) int64 {
		token, _ := l.begin(a, 0)
		l.confirm(token)
		l.apply(token, e)
		return token
	}
	for name, offend := range map[string]func(l *ledger){
		"began twice":          func(l *ledger) { do(l, provision, effect{}); do(l, provision, effect{}) },
		"a checkpoint is lost": func(l *ledger) { do(l, provision, effect{}); l.begin(next, 0) },
		"of another operation": func(l *ledger) { do(l, provision, effect{}); l.begin(bind, 1) },
		"has no instance":      func(l *ledger) { do(l, bind, effect{}) },
		"has the bindings": func(l *ledger) {
			do(l, provision, effect{})
			do(l, bind, effect{})
			do(l, remove, effect{Remove: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFindings()
			offend(newLedger(f, io.Discard))
			if details := strings.Join(f.details[checkLedger], "\n"); !strings.Contains(details, name) {
				t.Errorf("found: %q", details)
			}
		})
	}
}

func TestLogsFind(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for content, wanted := range map[string]int{"fine\n": 0, "password=" + secretPrefix + "X\n": 1} {
		if err := os.WriteFile(filepath.Join(directory, "replica-0.log"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		f := newFindings()
		if checkLogs(directory, f); f.violations() != wanted {
			t.Errorf("%q: %q", content, f.details)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"-store", "oracle"}, {"-operations", "0"}, {"-lease", "1ms"}, {"-load", "9m"}, {"-sabotage", "all"}, {"more"}, {"-unknown"},
	} {
		var output bytes.Buffer
		if _, err := parseSettings(arguments, &output); err == nil {
			t.Errorf("%q is accepted", arguments)
		}
	}
	s, err := parseSettings([]string{"-store", "sqlite"}, io.Discard)
	if err != nil || s.seed == 0 || s.replicas != 1 {
		t.Errorf("%+v %v", s, err)
	}
}

// The same seed makes the same choices.
func TestRandom(t *testing.T) {
	t.Parallel()
	a, b, c := newRandom(1, "x", "y"), newRandom(1, "x", "y"), newRandom(1, "xy")
	same, other := a.Uint64() == b.Uint64(), b.Uint64() == c.Uint64()
	if !same || other {
		t.Error("the choices do not follow from the seed and its parts")
	}
}
