package catalog_test

import (
	"encoding/json"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

// FuzzDiff compares catalogs that can be decoded, valid or not. A catalog does not differ
// from itself. Two catalogs differ in both directions or in neither. A removed plan is a
// breaking change.
func FuzzDiff(f *testing.F) {
	base := parsed(f, readText(f, "testdata/diff/before.yaml"))
	encoded, err := json.Marshal(base)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded, encoded)
	f.Add(encoded, []byte(`{"services":[{"id":"s-sql","name":"sql","plans":[{"id":"p-small","name":"x"},{"id":"p-queue"}]}]}`))
	f.Add([]byte(`{"services":[{"id":"a","name":"b","plans":[{"id":"c","schemas":{"service_binding":{"create":{"parameters":{"anyOf":[{"$ref":"#"}]}}}}}]}]}`),
		[]byte(`{"services":[{"id":"a","name":"b","plans":[{"id":"c","schemas":{"service_binding":{"create":{"parameters":{"not":{"$ref":"#"}}}}}}]}]}`))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		var old, next openbroker.Catalog
		if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &next) != nil {
			return
		}
		changes := catalog.Diff(&old, &next)
		if old.Validate() != nil || next.Validate() != nil {
			return // Ids may be repeated.
		}
		if same := catalog.Diff(&old, &old); len(same) > 0 {
			t.Errorf("a catalog differs from itself: %+v", same)
		}
		if back := catalog.Diff(&next, &old); (len(back) > 0) != (len(changes) > 0) {
			t.Errorf("changes %+v, back %+v", changes, back)
		}
		breaking := map[string]bool{}
		for _, change := range changes {
			if change.Breaking() {
				breaking[change.PlanID] = true
				breaking[change.ServiceID] = true
			}
		}
		for _, service := range old.Services {
			successor := next.Service(service.ID)
			for _, plan := range service.Plans {
				if (successor == nil || successor.Plan(plan.ID) == nil) && !breaking[plan.ID] && !breaking[service.ID] {
					t.Errorf("the removed plan %q of %q is not a breaking change: %+v", plan.ID, service.ID, changes)
				}
			}
		}
	})
}
