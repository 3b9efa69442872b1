package durable_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A reconciling provider hands the records to the test.
type reconciling struct {
	*scripted
	records chan durable.Records
	// stubborn ignores the end of the context until it is closed, unless it is nil.
	stubborn chan struct{}
	panics   bool
	ended    chan struct{}
}

var _ durable.Reconciler = (*reconciling)(nil)

func (p *reconciling) Reconcile(ctx context.Context, records durable.Records) {
	defer close(p.ended)
	p.records <- records
	if p.panics {
		panic("out of order")
	}
	if p.stubborn != nil {
		<-p.stubborn
	}
	<-ctx.Done()
}

func startReconciling(tb testing.TB, store durable.Store, change func(*reconciling)) (*replica, *reconciling) {
	tb.Helper()
	p := &reconciling{scripted: newScripted(), records: make(chan durable.Records, 1), ended: make(chan struct{})}
	if change != nil {
		change(p)
	}
	r := serve(tb, store, newKeys(tb), p, p.scripted, nil)
	r.Start(tb.Context())
	return r, p
}

// A Reconciler sees the instances that may have a resource, and the bindings that
// applications may use, with their states.
func TestRecords(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r, p := startReconciling(t, store, nil)
		p.bound = func(b durable.Binding) durable.BindResult {
			return durable.BindResult{State: []byte(`{"of":"` + b.ID + `"}`)}
		}
		records := <-p.records
		list := func(of *durable.Instance) (instances, bindings []string) {
			t.Helper()
			for i, err := range records.Instances(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				instances = append(instances, i.ID+" "+i.PlanID)
			}
			for b, err := range records.Bindings(t.Context(), of) {
				if err != nil {
					t.Fatal(err)
				}
				bindings = append(bindings, fmt.Sprint(b.Instance.ID, " ", b.ID, " ", b.Instance.PlanID, " ", string(b.State)))
			}
			slices.Sort(instances)
			slices.Sort(bindings)
			return instances, bindings
		}
		expect := func(of *durable.Instance, instances, bindings []string) {
			t.Helper()
			if i, b := list(of); !slices.Equal(i, instances) || !slices.Equal(b, bindings) {
				t.Fatalf("the records are %q and %q, want %q and %q", i, b, instances, bindings)
			}
		}
		for _, id := range []string{"one", "two", "gone"} {
			r.done(id, r.provision(id, planID, ""))
		}
		r.done("gone", r.deprovision("gone", planID))
		for _, binding := range []string{"a", "b"} {
			r.bind("one", binding, planID, "").is(t, 201, "")
		}
		r.bind("two", "c", planID, "").is(t, 201, "")
		all := []string{"one plan-auto", "two plan-auto"}
		ones := []string{`one a plan-auto {"of":"a"}`, `one b plan-auto {"of":"b"}`}
		expect(nil, all, append(ones, `two c plan-auto {"of":"c"}`))
		expect(&durable.Instance{ID: "two", Platform: "default"}, all, []string{`two c plan-auto {"of":"c"}`})
		expect(&durable.Instance{ID: "two", Platform: "other"}, all, nil)

		// Neither a binding that is being created or deleted, nor one of an instance that
		// is being deleted, may be used.
		a := durable.Binding{Instance: durable.Instance{ID: "one", Platform: "default"}, ID: "a"}
		inUse := func(want bool) {
			t.Helper()
			if used, err := records.InUse(t.Context(), a); err != nil || used != want {
				t.Errorf("InUse is %t (%v), want %t", used, err, want)
			}
		}
		inUse(true)
		binding, unbinding, deleting := p.hold(durable.KindBind, "two/d"), p.hold(durable.KindUnbind, "one/a"), p.hold(durable.KindUnbind, "two/c")
		bound, unbound := r.later("PUT", bindingPath("two", "d"), bindBody(planID, "")), r.later("DELETE", bindingPath("one", "a")+"?"+hints(planID), "")
		<-binding.entered
		<-unbinding.entered
		inUse(false)
		expect(nil, all, []string{ones[1], `two c plan-auto {"of":"c"}`})
		binding.open()
		<-bound
		unbinding.open()
		<-unbound
		inUse(false)
		exists := func(id string, want bool) {
			t.Helper()
			if found, err := records.Exists(t.Context(), durable.Instance{ID: id, Platform: "default"}); err != nil || found != want {
				t.Errorf("Exists of %q is %t (%v), want %t", id, found, err, want)
			}
		}
		exists("two", true)
		creating := p.hold(durable.KindProvision, "new")
		created := r.later("PUT", instancePath("new"), provisionBody(planID, ""))
		<-creating.entered
		exists("new", true)
		expect(nil, []string{"new plan-auto", "one plan-auto", "two plan-auto"}, append(ones[1:], `two c plan-auto {"of":"c"}`, `two d plan-auto {"of":"d"}`))
		creating.open()
		<-created
		r.done("new", r.deprovision("new", planID))
		exists("new", false)
		exists("unknown", false)
		deleted := r.later("DELETE", instancePath("two")+"?"+hints(planID), "")
		<-deleting.entered
		exists("two", false)
		expect(nil, all[:1], ones[1:])
		deleting.open()
		<-deleted
		expect(nil, all[:1], ones[1:])
		r.stopNow()
		<-p.ended
	})
}

// An error of the store ends an iteration.
func TestRecordsOfAStoreThatFails(t *testing.T) {
	t.Parallel()
	r, p := startReconciling(t, openSQLite(t), nil)
	r.done("i", r.provision("i", planID, ""))
	records := <-p.records
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := 0
	for _, err := range records.Instances(ctx) {
		if calls++; err == nil {
			t.Error("no error")
		}
	}
	for _, err := range records.Bindings(ctx, nil) {
		if calls++; err == nil {
			t.Error("no error")
		}
	}
	if _, err := records.InUse(ctx, durable.Binding{}); err == nil || calls != 2 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// Neither a panic of a Reconciler nor its disregard of the context harms the engine.
func TestUnrulyReconciler(t *testing.T) {
	t.Parallel()
	r, p := startReconciling(t, openSQLite(t), func(p *reconciling) { p.panics = true })
	<-p.ended
	r.done("i", r.provision("i", planID, ""))
	r.stopNow()
	if log := r.logs.String(); !strings.Contains(log, "the provider panicked while it reconciled") {
		t.Errorf("the log is %s", log)
	}

	r, p = startReconciling(t, openSQLite(t), func(p *reconciling) { p.stubborn = make(chan struct{}) })
	<-p.records
	stopped := make(chan struct{})
	go func() { r.stopNow(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(patience):
		t.Fatal("Stop waits for the provider")
	}
	if log := r.logs.String(); !strings.Contains(log, "abandoned while it reconciles") {
		t.Errorf("the log is %s", log)
	}
	close(p.stubborn)
}
