package durable_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker/durable"
)

// The same id on two platforms names two instances, and each platform sees its own.
// Two credentials of one platform see the same.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		old, rotated, other := r.as("cf-old"), r.as("cf-new"), r.as("k8s")
		old.provision("i", planID, params).is(t, http.StatusCreated, "")
		old.bind("i", "b", planID, "").is(t, http.StatusCreated, "")

		rotated.provision("i", planID, params).is(t, http.StatusOK, "")
		rotated.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		rotated.send(http.MethodGet, bindingPath("i", "b"), "").is(t, http.StatusOK, "")
		rotated.lastOperation("i", "").is(t, http.StatusOK, "")

		other.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusNotFound, "")
		other.send(http.MethodGet, bindingPath("i", "b"), "").is(t, http.StatusNotFound, "")
		other.lastOperation("i", "").is(t, http.StatusNotFound, "")
		other.lastOperation("i/service_bindings/b", "").is(t, http.StatusNotFound, "")
		other.update("i", updateExtra).is(t, http.StatusNotFound, "")
		other.bind("i", "b", planID, "").is(t, http.StatusNotFound, "")
		other.unbind("i", "b", planID).is(t, http.StatusGone, "")
		other.deprovision("i", planID).is(t, http.StatusGone, "")
		other.provision("i", planID, `,"parameters":{"other":true}`).is(t, http.StatusCreated, "")
		other.bind("i", "b", planID, `,"parameters":{"other":true}`).is(t, http.StatusCreated, "")
		other.done("i", other.deprovision("i", planID))

		rotated.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, "")
		rotated.done("i", rotated.deprovision("i", planID))
		calls := r.provider.called(durable.KindProvision, "i")
		if len(calls) != 2 || calls[0].instance.ResourceName() == calls[1].instance.ResourceName() {
			t.Error("the two instances share a resource")
		}
	})
}

// An operation id of another platform, or of another instance, is unknown.
func TestOperationsOfOthers(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		r := start(t, store, newKeys(t), newScripted(), nil)
		cf, k8s := r.as("cf-old"), r.as("k8s")
		r.provider.fail(durable.KindProvision, "i", errProvider)
		failed := cf.provision("i", "plan-async", "").is(t, http.StatusAccepted, "").operation()
		cf.poll("i", failed)
		k8s.lastOperation("i", failed).is(t, http.StatusNotFound, "")
		cf.done("j", cf.provision("j", "plan-async", ""))
		if a := cf.lastOperation("j", failed); a.state() != "succeeded" {
			t.Errorf("the operation of another instance is %s", a.text)
		}
	})
}
