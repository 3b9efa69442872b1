package brokertest_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/conformance"
)

// A ledger is a broker of two services with three plans that records provisions.
type ledger struct {
	*notes
	mu         sync.Mutex
	provisions []*openbroker.ProvisionRequest
}

func (l *ledger) Catalog(context.Context) (*openbroker.Catalog, error) {
	plan := func(name string) openbroker.Plan {
		return openbroker.Plan{ID: name + "-id", Name: name, Description: "A " + name + " one."}
	}
	return &openbroker.Catalog{Services: []openbroker.Service{
		{ID: "notes-id", Name: "notes", Description: "Sticky notes.", Plans: []openbroker.Plan{plan("yellow"), plan("blue")}},
		{ID: "cards-id", Name: "cards", Description: "Index cards.", Plans: []openbroker.Plan{plan("red")}},
	}}, nil
}

func (l *ledger) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	l.mu.Lock()
	l.provisions = append(l.provisions, r)
	l.mu.Unlock()
	return l.notes.Provision(ctx, r)
}

// plans returns the names of the provisioned plans.
func (l *ledger) plans() string {
	found := map[string]bool{}
	for _, r := range l.provisions {
		found[r.Plan.Name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " ")
}

// The options determine the requests that the broker receives.
func TestOptions(t *testing.T) {
	t.Parallel()
	all := func(*openbroker.ProvisionRequest) bool { return true }
	for name, c := range map[string]struct {
		option brokertest.Option
		plans  string
		// some must hold for at least one provision.
		some func(*openbroker.ProvisionRequest) bool
	}{
		"services": {brokertest.Services("cards"), "red", all},
		"plans":    {brokertest.Plans("red-id"), "red", all},
		"parameters": {brokertest.Parameters("yellow", conformance.Parameters{Provision: map[string]any{"text": "Buy milk"}}), "blue red yellow", func(r *openbroker.ProvisionRequest) bool {
			return r.Plan.Name == "yellow" && string(r.Parameters) == `{"text":"Buy milk"}`
		}},
		"configure": {brokertest.Configure(func(o *conformance.Options) { o.Organization = "acme" }), "blue red yellow", func(r *openbroker.ProvisionRequest) bool {
			return r.OrganizationGUID == "acme"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &ledger{notes: newNotes()}
			brokertest.Run(t, brokertest.Broker(l), brokertest.Only("provision-succeeds"), c.option)
			if got := l.plans(); got != c.plans {
				t.Errorf("the plans %q were provisioned, want %q", got, c.plans)
			}
			if !slices.ContainsFunc(l.provisions, c.some) {
				t.Errorf("no provision has the value of the option")
			}
		})
	}
}
