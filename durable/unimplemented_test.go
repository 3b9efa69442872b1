package durable_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/openbroker/openbroker/durable"
)

// A partialProvider can only create instances.
type partialProvider struct{ durable.UnimplementedProvider }

func (partialProvider) Provision(context.Context, *durable.Task, durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, nil
}

// An unimplemented operation fails after one attempt and needs no clean-up.
func TestUnimplementedProvider(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys := newKeys(t)
		r := serve(t, store, keys, partialProvider{}, nil, nil)
		r.Start(t.Context())
		r.done("i", r.provision("i", planID, ""))
		for range 2 {
			r.bind("i", "b", planID, "").is(t, http.StatusNotImplemented, "")
			r.status("i", "b", durable.StatusDeleted)
			r.update("i", updateExtra).is(t, http.StatusNotImplemented, "")
			r.deprovision("i", planID).is(t, http.StatusNotImplemented, "")
			r.status("i", "", durable.StatusReady)
		}
		records, err := store.Operations(t.Context(), durable.Filter{InstanceID: "i"})
		if err != nil || len(records) != 7 {
			t.Errorf("%d operations, %v", len(records), err)
		}
		for i := range records {
			if records[i].Attempt != 1 || records[i].Internal {
				t.Errorf("the operation is %+v", records[i])
			}
		}

		r = serve(t, store, keys, durable.UnimplementedProvider{}, nil, nil)
		r.Start(t.Context())
		r.provision("j", planID, "").is(t, http.StatusNotImplemented, "")
		r.status("j", "", durable.StatusDeleted)
	})
}
