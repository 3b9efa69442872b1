package durable_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// lease is short, because a replica notices an intervention when it renews.
const lease = time.Second

// An operator is an Admin beside a replica.
type operator struct {
	*admin.Admin
	*replica
	provider *scripted
}

// forEachAdmin runs a test on both stores, with a replica that works.
func forEachAdmin(t *testing.T, test func(t *testing.T, o *operator)) {
	t.Helper()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		t.Helper()
		keys, provider := newKeys(t), newScripted()
		var config durable.Config
		r := start(t, store, keys, provider, func(c *durable.Config) {
			c.Lease, c.StopGrace = lease, lease
			c.Policies[planID] = durable.Policy{Mode: durable.ModeAsynchronous}
			config = *c
		})
		a, err := admin.New(testCatalog(), store.(admin.Store), config)
		if err != nil {
			t.Fatal(err)
		}
		test(t, &operator{Admin: a, replica: r, provider: provider})
	})
}

var by = admin.Attribution{Actor: "ada", Reason: "it is stuck"}

// target returns the record or operation with the id.
func (o *operator) target(id string) admin.Target {
	o.t.Helper()
	target, err := o.Find(o.t.Context(), id, "", "")
	if err != nil {
		o.t.Fatal(err)
	}
	return target
}

// recorded checks the entry that an intervention returned, and that it is the newest
// one of the audit trail.
func (o *operator) recorded(entry *admin.AuditEntry, err error) func(action admin.Action, operation string, change ...string) *admin.AuditEntry {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	return func(action admin.Action, operation string, change ...string) *admin.AuditEntry {
		o.t.Helper()
		want := admin.AuditEntry{
			ID: entry.ID, At: entry.At, Actor: by.Actor, Reason: by.Reason, Action: action, Outcome: audit.OutcomeDone,
			Key:         durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: entry.InstanceID, BindingID: entry.BindingID},
			OperationID: operation, BegunID: entry.BegunID,
			StatusBefore: durable.RecordStatus(change[0]), StatusAfter: durable.RecordStatus(change[1]),
			StateBefore: durable.OperationState(change[2]), StateAfter: durable.OperationState(change[3]),
		}
		trail, err := o.AuditTrail(o.t.Context(), admin.AuditFilter{Actions: admin.Interventions(), Limit: 1})
		if err != nil || len(trail) != 1 {
			o.t.Fatalf("trail: %v, %v", trail, err)
		}
		want.AuditResult = &admin.AuditResult{Chain: trail[0].Chain, Seq: trail[0].Seq}
		if diff := cmp.Diff(want, trail[0]); diff != "" {
			o.t.Errorf("trail (-want +got):\n%s", diff)
		}
		return entry
	}
}

// blocked makes the first call of a kind wait until its context ends. The channel
// receives a value when the call has begun.
func (p *scripted) blocked(kind durable.OperationKind) <-chan struct{} {
	entered := make(chan struct{}, 1000)
	first := make(chan struct{}, 1)
	first <- struct{}{}
	p.on(kind, "", func(ctx context.Context, _ *durable.Task) error {
		select {
		case <-first:
		default:
			return nil
		}
		entered <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	return entered
}

// The trail says who requested an operation, and why the engine began one.
func TestTrailOfOperations(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		o.provider.on(durable.KindProvision, "", func(context.Context, *durable.Task) error { return openbroker.ErrPlanQuotaExceeded })
		accepted := o.provision("i", planID, "").is(t, http.StatusAccepted, "")
		var trail []admin.AuditEntry
		eventually(t, "the clean-up", func() bool {
			var err error
			trail, err = o.AuditTrail(t.Context(), admin.AuditFilter{InstanceID: "i"})
			return err == nil && len(trail) == 2
		})
		cleanUp, provision := trail[0], trail[1]
		if provision.ID != accepted.operation() || provision.Action != audit.ActionProvision || provision.Outcome != audit.OutcomeAccepted || provision.PlanID != planID || provision.Reason != "" {
			t.Errorf("provision: %+v", provision)
		}
		if cleanUp.Action != audit.ActionDeprovision || cleanUp.Actor != "service broker" || cleanUp.Reason != "clean-up after the failed provision "+accepted.operation() {
			t.Errorf("clean-up: %+v", cleanUp)
		}
		if verified, err := o.VerifyAudit(t.Context(), nil); err != nil || len(verified.Faults) > 0 || verified.Entries != 3 {
			t.Errorf("%+v, %v", verified, err)
		}
	})
}

func TestAdminRetriesStuckOperation(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		entered := o.provider.blocked(durable.KindProvision)
		accepted := o.provision("i", planID, "").is(t, http.StatusAccepted, "")
		receive(t, "provision", entered)
		o.recorded(o.Retry(t.Context(), o.target("i"), by))(admin.ActionRetry, accepted.operation(), "creating", "creating", "active", "active")
		o.done("i", accepted)
		if calls := o.provider.called(durable.KindProvision, "i"); len(calls) != 2 || calls[1].task != accepted.operation() {
			t.Errorf("calls: %+v", calls)
		}
	})
}

func TestAdminRetriesWaitingOperation(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		first := true
		o.provider.on(durable.KindProvision, "i", func(context.Context, *durable.Task) error {
			if first {
				first = false
				return durable.Retryable(errors.New("later"), time.Minute)
			}
			return nil
		})
		accepted := o.provision("i", planID, "")
		eventually(t, "the attempt has failed", func() bool {
			operation, err := o.store.OperationByID(t.Context(), accepted.operation())
			return err == nil && !operation.NotBefore.IsZero()
		})
		o.recorded(o.Retry(t.Context(), o.target(accepted.operation()), by))(admin.ActionRetry, accepted.operation(), "creating", "creating", "active", "active")
		o.done("i", accepted)
	})
}

func TestAdminCancelsProvision(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		plan string
		end  durable.RecordStatus
	}{{planID, durable.StatusDeleted}, {"plan-manual", durable.StatusCreateFailed}} {
		t.Run(c.plan, func(t *testing.T) {
			t.Parallel()
			forEachAdmin(t, func(t *testing.T, o *operator) {
				t.Helper()
				entered := o.provider.blocked(durable.KindProvision)
				accepted := o.provision("i", c.plan, "")
				receive(t, "provision", entered)
				entry := o.recorded(o.Cancel(t.Context(), o.target("i"), by))(admin.ActionCancel, accepted.operation(), "creating", "create failed", "active", "cancelling")
				if cleans := entry.BegunID != ""; cleans != (c.end == durable.StatusDeleted) {
					t.Errorf("the intervention began %q", entry.BegunID)
				}
				const reason = `{"state":"failed","description":"An operator of the service broker ended the operation: it is stuck"}`
				if a := o.poll("i", accepted.operation()); a.text != reason {
					t.Errorf("the operation is %s", a.text)
				}
				o.status("i", "", c.end)
				if c.end == durable.StatusDeleted {
					o.done("i", o.provision("i", c.plan, ""))
				}
			})
		})
	}
}

func TestAdminCancelsUpdate(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		o.done("i", o.provision("i", planID, `,"parameters":{"a":1}`))
		entered := o.provider.blocked(durable.KindUpdate)
		accepted := o.update("i", `,"parameters":{"a":2}`)
		receive(t, "update", entered)
		o.recorded(o.Cancel(t.Context(), o.target("i"), by))(admin.ActionCancel, accepted.operation(), "updating", "ready", "active", "cancelling")
		if a := o.poll("i", accepted.operation()); a.state() != "failed" {
			t.Errorf("the operation is %s", a.text)
		}
		if a := o.send(http.MethodGet, instancePath("i"), ""); !strings.Contains(a.text, `"a":1`) {
			t.Errorf("the instance is %s", a.text)
		}
		o.done("i", o.update("i", `,"parameters":{"a":3}`))
	})
}

func TestAdminCancelsDeletions(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		o.done("i", o.provision("i", planID, ""))
		o.done("i/service_bindings/b", o.bind("i", "b", planID, ""))
		entered := o.provider.blocked(durable.KindUnbind)
		accepted := o.unbind("i", "b", planID)
		receive(t, "unbind", entered)
		o.recorded(o.Cancel(t.Context(), o.target("b"), by))(admin.ActionCancel, accepted.operation(), "deleting", "ready", "active", "cancelling")
		o.status("i", "b", durable.StatusReady)

		entered = o.provider.blocked(durable.KindDeprovision)
		accepted = o.deprovision("i", planID)
		receive(t, "deprovision", entered)
		o.recorded(o.Cancel(t.Context(), o.target("i"), by))(admin.ActionCancel, accepted.operation(), "deleting", "ready", "active", "cancelling")
		o.status("i", "", durable.StatusReady)
	})
}

// The intervention does not wait for a worker that ignores its context. The engine
// ignores the result that this worker returns later.
func TestAdminFailsProvision(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		g := o.provider.stall(durable.KindProvision, "i")
		defer g.open()
		accepted := o.provision("i", planID, "")
		receive(t, "provision", g.entered)
		entry := o.recorded(o.Fail(t.Context(), o.target("i"), by, ""))(admin.ActionFail, accepted.operation(), "creating", "create failed", "active", "failed")
		a := o.lastOperation("i", accepted.operation())
		if a.state() != "failed" || !strings.Contains(a.text, "operator of the service broker ended the operation: it is stuck") {
			t.Errorf("the operation is %s", a.text)
		}
		cleanup, err := o.store.OperationByID(t.Context(), entry.BegunID)
		if err != nil || !cleanup.Internal || !cleanup.NotBefore.After(entry.At) {
			t.Errorf("the clean-up is %+v, %v", cleanup, err)
		}
		g.open()
		o.status("i", "", durable.StatusDeleted)
	})
}

func TestAdminFailsBindAndDeletesAgain(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		o.done("i", o.provision("i", planID, ""))
		entered := o.provider.blocked(durable.KindBind)
		accepted := o.bind("i", "b", planID, "")
		receive(t, "bind", entered)
		entry := o.recorded(o.Fail(t.Context(), o.target("b"), by, durable.CleanupManual))(admin.ActionFail, accepted.operation(), "creating", "create failed", "active", "failed")
		if entry.BegunID != "" {
			t.Errorf("begun %q", entry.BegunID)
		}
		entry = o.recorded(o.Retry(t.Context(), o.target("b"), by))(admin.ActionRetry, accepted.operation(), "create failed", "create failed", "failed", "failed")
		cleanup, err := o.store.OperationByID(t.Context(), entry.BegunID)
		if err != nil || !cleanup.Internal || cleanup.Kind != durable.KindUnbind {
			t.Errorf("the clean-up is %+v, %v", cleanup, err)
		}
		o.status("i", "b", durable.StatusDeleted)
	})
}

// An operator can fail a cancelled operation whose worker does not stop; the
// waiting deletion begins then.
func TestAdminFailsCancellingOperation(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		g := o.provider.stall(durable.KindProvision, "i")
		defer g.open()
		accepted := o.provision("i", planID, "")
		receive(t, "provision", g.entered)
		deletion := o.deprovision("i", planID).is(t, http.StatusAccepted, "")
		o.recorded(o.Fail(t.Context(), o.target(accepted.operation()), by, ""))(admin.ActionFail, accepted.operation(), "deleting", "deleting", "cancelling", "failed")
		o.done("i", deletion)
		o.status("i", "", durable.StatusDeleted)
	})
}

// A retry repeats the deletion of the platform, and its next request joins that.
func TestAdminRetriesFailedDeprovision(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		o.done("i", o.provision("i", planID, ""))
		o.provider.fail(durable.KindDeprovision, "i", openbroker.NewError(http.StatusBadRequest, "", "There is data in it."))
		failed := o.deprovision("i", planID)
		if a := o.poll("i", failed.operation()); a.state() != "failed" {
			t.Fatalf("the operation is %s", a.text)
		}
		g := o.provider.hold(durable.KindDeprovision, "i")
		entry := o.recorded(o.Retry(t.Context(), o.target("i"), by))(admin.ActionRetry, failed.operation(), "ready", "deleting", "failed", "failed")
		receive(t, "deprovision", g.entered)
		if a := o.deprovision("i", planID); a.operation() != entry.BegunID {
			t.Errorf("the response to the platform is %s, want the operation %s", a.text, entry.BegunID)
		}
		g.open()
		if a := o.poll("i", ""); a.state() != "succeeded" {
			t.Errorf("the operation is %s", a.text)
		}
		o.status("i", "", durable.StatusDeleted)
	})
}

func TestAdminForgets(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		o.done("i", o.provision("i", planID, ""))
		o.done("i/service_bindings/b", o.bind("i", "b", planID, ""))
		o.recorded(o.Forget(t.Context(), o.target("b"), by))(admin.ActionForget, "", "ready", "", "", "")
		o.lastOperation("i/service_bindings/b", "").is(t, http.StatusNotFound, "")

		entered := o.provider.blocked(durable.KindUpdate)
		accepted := o.update("i", `,"parameters":{"a":1}`)
		receive(t, "update", entered)
		if _, err := o.Forget(t.Context(), o.target("i"), by); !errors.Is(err, admin.ErrRefused) || !strings.Contains(err.Error(), accepted.operation()) {
			t.Errorf("the instance was forgotten during its update: %v", err)
		}
		o.recorded(o.Fail(t.Context(), o.target("i"), by, ""))(admin.ActionFail, accepted.operation(), "updating", "ready", "active", "failed")
		o.recorded(o.Forget(t.Context(), o.target("i"), by))(admin.ActionForget, "", "ready", "", "", "")
		o.lastOperation("i", "").is(t, http.StatusNotFound, "")
		if !o.provider.has("i") || len(o.provider.called(durable.KindDeprovision, "i")) > 0 {
			t.Error("the provider was called")
		}
	})
}

func TestAdminRefuses(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		ctx := t.Context()
		provisioned := o.provision("i", planID, "")
		o.done("i", provisioned)
		o.provider.fail(durable.KindUpdate, "i", openbroker.NewError(http.StatusBadRequest, "", "No."))
		updated := o.update("i", `,"parameters":{"a":1}`)
		o.poll("i", updated.operation())
		instance := o.target("i")
		retry := func(target admin.Target, by admin.Attribution) func() error {
			return func() error { _, err := o.Retry(ctx, target, by); return err }
		}
		cancel := func(target admin.Target) func() error {
			return func() error { _, err := o.Cancel(ctx, target, by); return err }
		}
		fail := func(target admin.Target) func() error {
			return func() error { _, err := o.Fail(ctx, target, by, ""); return err }
		}
		forget := func(target admin.Target) func() error {
			return func() error { _, err := o.Forget(ctx, target, by); return err }
		}
		find := func(id string) func() error {
			return func() error { _, err := o.Find(ctx, id, "", ""); return err }
		}
		for name, c := range map[string]struct {
			do   func() error
			want error
			text string
		}{
			"no reason":                 {retry(instance, admin.Attribution{Actor: "me", Reason: " "}), admin.ErrRefused, "name the actor and the reason"},
			"no actor":                  {retry(instance, admin.Attribution{Reason: "x"}), admin.ErrRefused, "name the actor and the reason"},
			"retry of an update":        {retry(instance, by), admin.ErrRefused, "only the platform can request it again"},
			"retry of an old operation": {retry(o.target(provisioned.operation()), by), admin.ErrRefused, "is not the last one"},
			"cancel nothing":            {cancel(instance), admin.ErrRefused, "has no open operation to cancel"},
			"cancel an ended operation": {cancel(o.target(provisioned.operation())), admin.ErrRefused, "has already succeeded"},
			"fail nothing":              {fail(instance), admin.ErrRefused, "has no open operation to fail"},
			"fail an ended operation":   {fail(o.target(updated.operation())), admin.ErrRefused, "has already failed"},
			"forget an operation":       {forget(o.target(updated.operation())), admin.ErrRefused, "only instances and bindings"},
			"unknown instance":          {forget(admin.Target{Key: durable.Key{Platform: "p", InstanceID: "x"}}), durable.ErrNotFound, "x"},
			"unknown binding":           {forget(admin.Target{Key: durable.Key{Platform: instance.Key.Platform, InstanceID: "i", BindingID: "x"}}), durable.ErrNotFound, "x"},
			"unknown id":                {find("x"), durable.ErrNotFound, "no operation, service instance or service binding has the id"},
			"empty id":                  {find(""), admin.ErrRefused, "empty"},
		} {
			if err := c.do(); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if trail, err := o.AuditTrail(ctx, admin.AuditFilter{Actions: admin.Interventions()}); err != nil || len(trail) > 0 {
			t.Errorf("trail: %+v, %v", trail, err)
		}
	})
}

func TestAdminFind(t *testing.T) {
	t.Parallel()
	forEachAdmin(t, func(t *testing.T, o *operator) {
		t.Helper()
		for _, user := range []string{"cf-old", "k8s"} {
			r := o.as(user)
			for _, id := range []string{"i", "j"} {
				provisioned := r.provision(id, planID, "")
				eventually(t, "provisioned", func() bool { return r.lastOperation(id, provisioned.operation()).state() == "succeeded" })
				bound := r.bind(id, "b", planID, "")
				eventually(t, "bound", func() bool {
					return r.lastOperation(id+"/service_bindings/b", bound.operation()).state() == "succeeded"
				})
			}
		}
		for _, c := range []struct {
			id, platform, instance string
			want                   durable.Key
		}{
			{"i", "", "", durable.Key{}},
			{"i", "cf", "", durable.Key{Platform: "cf", InstanceID: "i"}},
			{"b", "cf", "", durable.Key{}},
			{"b", "", "i", durable.Key{}},
			{"b", "cf", "i", durable.Key{Platform: "cf", InstanceID: "i", BindingID: "b"}},
		} {
			target, err := o.Find(t.Context(), c.id, c.platform, c.instance)
			if target.Key != c.want || (c.want == durable.Key{}) != errors.Is(err, admin.ErrRefused) {
				t.Errorf("%+v: %+v, %v", c, target, err)
			}
		}
	})
}

// racing changes the instance before the first intervention is written.
type racing struct {
	admin.Store
	raced bool
}

func (r *racing) Intervene(ctx context.Context, i *admin.Intervention) error {
	if !r.raced {
		r.raced = true
		snapshot, err := r.Load(ctx, i.Audit.Key)
		if err != nil {
			return err
		}
		if err := r.Accept(ctx, &durable.Acceptance{Expect: snapshot.Revision(), Instance: *snapshot.Instance}); err != nil {
			return err
		}
	}
	return r.Store.Intervene(ctx, i)
}

func TestAdminDecidesAgain(t *testing.T) {
	t.Parallel()
	store := openSQLite(t)
	r := start(t, store, newKeys(t), newScripted(), nil)
	r.done("i", r.provision("i", planID, ""))
	a, err := admin.New(testCatalog(), &racing{Store: store.(admin.Store)}, durable.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Forget(t.Context(), admin.Target{Key: durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: "i"}}, by); err != nil {
		t.Error(err)
	}
}

func TestAdminWithoutKeyset(t *testing.T) {
	t.Parallel()
	store, provider := openSQLite(t), newScripted()
	r := start(t, store, newKeys(t), provider, nil)
	g := provider.hold(durable.KindProvision, "i")
	defer g.open()
	r.later(http.MethodPut, instancePath("i"), provisionBody(planID, ""))
	receive(t, "provision", g.entered)
	a, err := admin.New(testCatalog(), store.(admin.Store), durable.Config{})
	if err != nil {
		t.Fatal(err)
	}
	target := admin.Target{Key: durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: "i"}}
	if _, err := a.Cancel(t.Context(), target, by); err == nil || !strings.Contains(err.Error(), "the keyset of the stored data is needed") {
		t.Errorf("error %v", err)
	}
	if _, err := a.Retry(t.Context(), target, by); err != nil {
		t.Error(err)
	}
}

// enumerating is a provider that lists the names of the test.
type enumerating struct {
	*scripted
	names []string
	err   error
	// next, if not nil, are the names from the second call on.
	next []string
}

var _ durable.ResourceLister = (*enumerating)(nil)

func (e *enumerating) Resources(context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		defer func() {
			if e.next != nil {
				e.names = e.next
			}
		}()
		for _, name := range e.names {
			if !yield(name, nil) {
				return
			}
		}
		if e.err != nil {
			yield("", e.err)
		}
	}
}

func TestOrphans(t *testing.T) {
	t.Parallel()
	c := &clock{}
	store, provider := openSQLite(t, withClock(c)), newScripted()
	r := start(t, store, newKeys(t), provider, nil)
	a, err := admin.New(testCatalog(), store.(admin.Store), durable.Config{})
	if err != nil {
		t.Fatal(err)
	}
	name := func(id string) string {
		return durable.Instance{Platform: openbroker.DefaultPlatform, ID: id}.ResourceName()
	}
	for _, id := range []string{"there", "missing", "deleted", "gone", "busy"} {
		r.done(id, r.provision(id, planID, ""))
	}
	for _, id := range []string{"deleted", "gone"} {
		r.done(id, r.deprovision(id, planID))
	}
	g := provider.hold(durable.KindUpdate, "busy")
	defer g.open()
	r.later(http.MethodPatch, instancePath("busy"), `{"service_id":"`+serviceID+`","parameters":{"a":1}}`)
	receive(t, "update", g.entered)
	exist := &enumerating{scripted: provider, names: []string{name("there"), name("deleted"), name("stranger")}}

	// Instances that have just changed are skipped.
	found, err := a.Orphans(t.Context(), exist)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Records) != 0 || len(found.Resources) != 1 || found.Resources[0].Name != name("stranger") {
		t.Errorf("immediately after the changes: %+v", found)
	}
	c.advance(2 * time.Minute)
	r.done("new", r.provision("new", planID, ""))
	if found, err = a.Orphans(t.Context(), exist); err != nil {
		t.Fatal(err)
	}
	if len(found.Records) != 1 || found.Records[0].InstanceID != "missing" {
		t.Errorf("records: %+v", found.Records)
	}
	resources := map[string]string{}
	for _, resource := range found.Resources {
		resources[resource.Name] = resource.InstanceID
	}
	if diff := cmp.Diff(map[string]string{name("deleted"): "deleted", name("stranger"): ""}, resources); diff != "" {
		t.Error(diff)
	}
	// An orphan must be found twice.
	exist.next = []string{name("there"), name("missing"), name("another stranger")}
	if found, err = a.Orphans(t.Context(), exist); err != nil || len(found.Records)+len(found.Resources) != 0 {
		t.Errorf("two passes: %+v, %v", found, err)
	}
	exist.names, exist.next = []string{name("there"), name("missing"), name("stranger")}, []string{name("there"), name("stranger")}
	if found, err = a.Orphans(t.Context(), exist); err != nil || len(found.Records) != 0 {
		t.Errorf("missing only in the second pass: %+v, %v", found, err)
	}
	exist.err = errors.New("the provider is down")
	if _, err := a.Orphans(t.Context(), exist); !errors.Is(err, exist.err) {
		t.Errorf("error %v", err)
	}
}
