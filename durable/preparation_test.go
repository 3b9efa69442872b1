package durable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A preparing provider adds its region to the parameters, and labels instances.
type preparing struct {
	*scripted
	region string
}

var _ durable.RequestPreparer = (*preparing)(nil)

func (p *preparing) parameters(given openbroker.Parameters) (openbroker.Parameters, error) {
	switch {
	case strings.Contains(string(given), "bad"):
		return nil, openbroker.ErrInvalidParameters.WithDescription("bad is not good")
	case strings.Contains(string(given), "plain"):
		return nil, nil
	}
	return openbroker.Parameters(fmt.Sprintf(`{"region":%q,"given":%s}`, p.region, json.RawMessage(given))), nil
}

func (p *preparing) PrepareInstance(_ context.Context, i durable.Instance, previous *durable.Instance) (durable.Preparation, error) {
	made, err := p.parameters(i.Parameters)
	if made == nil {
		return durable.Preparation{}, err
	}
	label := p.region
	if previous != nil {
		label = "moved"
	}
	return durable.Preparation{Parameters: made, Metadata: &openbroker.InstanceMetadata{Labels: map[string]any{"region": label}}}, nil
}

func (p *preparing) PrepareBinding(_ context.Context, b durable.Binding) (openbroker.Parameters, error) {
	return p.parameters(b.Parameters)
}

// seen describes the parameters of a call.
func seen(i durable.Instance) string {
	return string(json.RawMessage(i.Parameters)) + " of " + string(json.RawMessage(i.GivenParameters))
}

// What a RequestPreparer returns is recorded: another replica, which would prepare
// something else, continues with it.
func TestRequestPreparer(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys := newKeys(t)
		begin := func(region string) (*replica, *preparing) {
			provider := &preparing{scripted: newScripted(), region: region}
			provider.provisioned = func() durable.ProvisionResult {
				return durable.ProvisionResult{Metadata: &openbroker.InstanceMetadata{
					Labels: map[string]any{"engine": "16", "region": "own"}, Attributes: map[string]any{"a": "b"},
				}}
			}
			r := serve(t, store, keys, provider, provider.scripted, nil)
			r.Start(t.Context())
			return r, provider
		}
		fetched := func(r *replica, want string) {
			t.Helper()
			if a := r.send(http.MethodGet, instancePath("i"), "").is(t, http.StatusOK, ""); !strings.Contains(a.text, want) {
				t.Errorf("the instance is %s, want %s", a.text, want)
			}
		}
		first, held := begin("eu")
		gate := held.hold(durable.KindProvision, "i")
		for range 2 { // The answer to the repeated request has it too.
			if a := first.provision("i", "plan-async", params).is(t, http.StatusAccepted, ""); !strings.Contains(a.text, `"metadata":{"labels":{"region":"eu"}}`) {
				t.Errorf("the answer is %s", a.text)
			}
		}
		receive(t, "the provision", gate.entered)
		first.stopNow()

		r, provider := begin("us")
		r.status("i", "", durable.StatusReady)
		given := strings.TrimPrefix(params, `,"parameters":`)
		prepared := `{"region":"eu","given":` + given + `}`
		if got := seen(provider.called(durable.KindProvision, "i")[0].instance); got != prepared+" of "+given {
			t.Errorf("the resumed provision has %s", got)
		}
		r.provision("i", "plan-async", params).is(t, http.StatusOK, "")
		fetched(r, `"metadata":{"labels":{"engine":"16","region":"eu"},"attributes":{"a":"b"}}`)
		fetched(r, `"parameters":`+given)

		r.done("i/service_bindings/b", r.bind("i", "b", "plan-async", `,"parameters":{"role":"x"}`))
		r.done("i", r.send(http.MethodPatch, instancePath("i")+"?"+incomplete, `{"service_id":"`+serviceID+`","parameters":{"size":3}}`))
		changed := provider.called(durable.KindUpdate, "i")[0]
		if seen(changed.previous) != prepared+" of "+given || !strings.HasPrefix(seen(changed.instance), `{"region":"us","given":{`) {
			t.Errorf("the update is from %s to %s", seen(changed.previous), seen(changed.instance))
		}
		fetched(r, `"labels":{"engine":"16","region":"moved"}`)
		r.done("i", r.update("i", `,"parameters":{"plain":true}`))
		fetched(r, `"labels":{"engine":"16","region":"own"}`)
		r.Stop(t.Context())

		last, third := begin("asia")
		last.done("i/service_bindings/b", last.unbind("i", "b", "plan-async"))
		last.done("i", last.deprovision("i", "plan-async"))
		unbound := third.called(durable.KindUnbind, "i")[0].binding
		if got := string(json.RawMessage(unbound.Parameters)) + " of " + string(json.RawMessage(unbound.GivenParameters)); got != `{"region":"us","given":{"role":"x"}} of {"role":"x"}` {
			t.Errorf("the unbind has %s", got)
		}
		if got := seen(third.called(durable.KindDeprovision, "i")[0].instance); !strings.HasPrefix(got, `{`) || strings.Contains(got, "region") {
			t.Errorf("the deprovision has %s", got)
		}

		// The clean-up of a failed creation has what the creation had.
		third.fail(durable.KindProvision, "f", errors.New("failed"))
		last.provision("f", planID, params).is(t, http.StatusInternalServerError, "")
		last.status("f", "", durable.StatusDeleted)
		if got := seen(third.called(durable.KindDeprovision, "f")[0].instance); !strings.HasPrefix(got, `{"region":"asia"`) {
			t.Errorf("the clean-up has %s", got)
		}
	})
}

// The error of a RequestPreparer is the answer, and nothing is recorded.
func TestRequestPreparerRefuses(t *testing.T) {
	t.Parallel()
	provider := &preparing{scripted: newScripted(), region: "eu"}
	r := serve(t, openSQLite(t), newKeys(t), provider, provider.scripted, nil)
	r.Start(t.Context())
	const bad, code = `,"parameters":{"bad":true}`, "InvalidParameters"
	r.provision("i", planID, bad).is(t, http.StatusBadRequest, code)
	r.lastOperation("i", "").is(t, http.StatusNotFound, "")
	r.done("i", r.provision("i", planID, ""))
	r.provision("i", planID, bad).is(t, http.StatusConflict, "")
	r.update("i", bad).is(t, http.StatusBadRequest, code)
	r.bind("i", "b", planID, bad).is(t, http.StatusBadRequest, code)
	r.lastOperation("i/service_bindings/b", "").is(t, http.StatusNotFound, "")
	if got := len(provider.called(durable.KindUpdate, "i")); got != 0 {
		t.Errorf("%d updates", got)
	}
}
