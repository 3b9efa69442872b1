package provider_test

import (
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// Any settings of a plan are either decoded, within their limits, or refused.
func FuzzPlan(f *testing.F) {
	for _, seed := range []string{`{}`, `{"size":3,"zones":["a"]}`, `{"size":0}`, `{"size":1e400}`, `[]`, `{"size":1,"size":2}`, `{"zones":null}`, ``, `{"Size":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := provider.Plan[plan](durable.Instance{Plan: &openbroker.Plan{}, PlanSettings: data})
		if err == nil && (p.Size < 1 || p.Size > 9) {
			t.Errorf("%s gives the size %d", data, p.Size)
		}
	})
}
