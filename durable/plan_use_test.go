package durable_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// inUse returns the plans of the first service that are in use, each with an
// instance that uses it.
func (r *replica) inUse(plans ...string) map[string]string {
	r.t.Helper()
	refs := make([]durable.PlanRef, len(plans))
	for i, plan := range plans {
		refs[i] = durable.PlanRef{ServiceID: serviceID, PlanID: plan}
	}
	uses, err := r.PlansInUse(r.t.Context(), refs...)
	if err != nil {
		r.t.Fatal(err)
	}
	instances := map[string]string{}
	for _, use := range uses {
		if use.ServiceID != serviceID || use.Status == "" {
			r.t.Errorf("use %+v", use)
		}
		instances[use.PlanID] = use.Instance.InstanceID
	}
	return instances
}

// Each status of an instance, in a store with the tombstone of another instance.
func TestPlansInUseByState(t *testing.T) {
	t.Parallel()
	for state, used := range map[string]bool{
		unknown: false, creating: true, ready: true, updating: true, deleting: true, deleted: false,
		cleaning: true, cleaned: false, leftBehind: true, binding: true, unbinding: true, cancelling: true,
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			forEachStore(t, func(t *testing.T, store durable.Store) {
				r := start(t, store, newKeys(t), newScripted(), nil)
				plan := "plan-async"
				if state == leftBehind {
					plan = "plan-manual"
				}
				r.done("a", r.provision("a", plan, ""))
				r.done("a", r.deprovision("a", plan))
				_, release := r.bring("b", plan, state)
				defer release()
				instances := r.inUse("plan-short", plan)
				if got := instances[plan]; (got == "b") != used || (got != "") != used || len(instances) > 1 {
					t.Errorf("in use: %v", instances)
				}
				other, err := r.PlansInUse(t.Context(), durable.PlanRef{ServiceID: "service-2", PlanID: plan})
				if err != nil || len(other) > 0 {
					t.Errorf("a plan of another service is in use: %v, %v", other, err)
				}
			})
		})
	}
}

// Instances of all platforms count.
func TestPlansInUseByAnotherPlatform(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		k8s := r.as("k8s")
		k8s.done("i", k8s.provision("i", planID, ""))
		uses, err := r.PlansInUse(t.Context(), durable.PlanRef{ServiceID: serviceID, PlanID: planID})
		if err != nil || len(uses) != 1 || uses[0].Instance != (durable.Key{Platform: "k8s", InstanceID: "i"}) || uses[0].Status != durable.StatusReady {
			t.Errorf("in use: %+v, %v", uses, err)
		}
	})
}

// During an update to another plan, an instance uses both plans.
func TestPlansInUseByUpdate(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		r.done("i", r.provision("i", "plan-async", ""))
		g := r.provider.hold(durable.KindUpdate, "i")
		a := r.update("i", `,"plan_id":"plan-manual"`).is(t, http.StatusAccepted, "")
		receive(t, "the update", g.entered)
		if in := r.inUse("plan-async", "plan-manual", "plan-short"); len(in) != 2 || in["plan-async"] != "i" || in["plan-manual"] != "i" {
			t.Errorf("in use during the update: %v", in)
		}
		g.open()
		r.done("i", a)
		if in := r.inUse("plan-async", "plan-manual"); len(in) != 1 || in["plan-manual"] != "i" {
			t.Errorf("in use after the update: %v", in)
		}
	})
}

// A provision that was accepted before the removal of its plan is completed. The
// instance can be fetched and deleted, but not updated or bound.
func TestCatalogChangesDuringProvision(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		g := r.provider.hold(durable.KindProvision, "i")
		a := r.provision("i", "plan-async", "").is(t, http.StatusAccepted, "")
		receive(t, "the provision", g.entered)
		next := &openbroker.Catalog{Services: testCatalog().Services[1:]}
		if err := r.SetCatalog(next); err != nil {
			t.Fatal(err)
		}
		g.open()
		r.done("i", a)
		r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		r.bind("i", "b", "plan-async", "").is(t, http.StatusBadRequest, "")
		r.update("i", updateExtra).is(t, http.StatusBadRequest, "")
		if in := r.inUse("plan-async"); in["plan-async"] != "i" {
			t.Errorf("in use: %v", in)
		}
		r.done("i", r.deprovision("i", "plan-async"))
		if in := r.inUse("plan-async"); len(in) > 0 {
			t.Errorf("in use: %v", in)
		}
	})
}
