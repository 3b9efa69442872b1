package simulation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A history is what a false engine could do, for the ledger.
type history struct {
	*ledger
	r, other *replica
}

var (
	ofInstance = instanceKey(0)
	ofBinding  = durable.Key{Platform: ofInstance.Platform, InstanceID: ofInstance.InstanceID, BindingID: "b0"}
)

// begins accepts an operation that a request of a client begins.
func (h *history) accept(id string, key durable.Key, kind durable.OperationKind, status durable.RecordStatus) {
	h.request(id, key, kind, status, nil)
}

func (h *history) request(id string, key durable.Key, kind durable.OperationKind, status durable.RecordStatus, r *request) {
	a := &durable.Acceptance{
		Instance:  durable.InstanceRecord{Key: key.Instance(), Status: status, PlanID: "auto"},
		Operation: &durable.OperationSpec{ID: id, Key: key, Kind: kind, Owner: h.r.name, Timeout: time.Hour},
	}
	if key.BindingID != "" {
		a.Binding = &durable.BindingRecord{Key: key, Status: durable.StatusCreating}
	}
	h.accepted(a, r, h.r)
}

// end ends an operation.
func (h *history) end(id string, key durable.Key, state durable.OperationState, status durable.RecordStatus) {
	h.advanced(&durable.Advance{
		Fence: durable.Fence{OperationID: id, Generation: h.operations[id].generation}, Key: key, State: state,
		Instance: &durable.InstanceRecord{Key: key.Instance(), Status: status},
	}, h.r)
}

// call returns a call of the provider.
func (h *history) call(id string, key durable.Key, kind durable.OperationKind, r *replica) *call {
	return &call{r: r, kind: kind, key: key, op: id, generation: h.operations[id].generation, ctx: context.Background()}
}

// provisioned makes an instance.
func (h *history) provisioned() {
	h.accept("provision", ofInstance, durable.KindProvision, durable.StatusCreating)
	c := h.call("provision", ofInstance, durable.KindProvision, h.r)
	h.begins(c, succeeds)
	h.writes(c)
	h.completes(c)
	h.returns(c)
	h.end("provision", ofInstance, durable.OperationSucceeded, durable.StatusReady)
}

// The ledger finds what a false engine does, and has nothing against a true one.
func TestLedger(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault string
		play  func(h *history)
	}{
		"a true history": {"", func(h *history) { h.provisioned(); h.ends() }},
		"a slot for two": {"2 operations are active", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.accept("b", ofInstance, durable.KindProvision, durable.StatusCreating)
		}},
		"an instance and its binding": {"and on its bindings are active", func(h *history) {
			h.provisioned()
			h.accept("a", ofInstance, durable.KindUpdate, durable.StatusUpdating)
			h.accept("b", ofBinding, durable.KindBind, durable.StatusUpdating)
		}},
		"no fence": {"was not fenced", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.advanced(&durable.Advance{Fence: durable.Fence{OperationID: "a", Generation: 7}}, h.r)
		}},
		"a write after a release": {"which no worker has", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			for range 2 {
				h.advanced(&durable.Advance{Fence: durable.Fence{OperationID: "a", Generation: 1}, Release: true}, h.r)
			}
		}},
		"a lease of another": {"which \"other\" has", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.operations["a"].generation, h.operations["a"].owner = 2, h.other.name
			h.renewed(durable.Fence{OperationID: "a", Generation: 1}, h.r)
		}},
		"success without work": {"although no call of the provider", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.end("a", ofInstance, durable.OperationSucceeded, durable.StatusReady)
		}},
		"no clean-up": {"has no clean-up", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.errs(h.call("a", ofInstance, durable.KindProvision, h.r))
			h.end("a", ofInstance, durable.OperationFailed, durable.StatusCreateFailed)
		}},
		"failure without a reason": {"and it had time", func(h *history) {
			h.provisioned()
			h.accept("a", ofInstance, durable.KindUpdate, durable.StatusUpdating)
			h.end("a", ofInstance, durable.OperationFailed, durable.StatusReady)
		}},
		"a claim that must wait": {"although it waits", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.accepted(&durable.Acceptance{
				Instance: durable.InstanceRecord{Key: ofInstance, Status: durable.StatusDeleting}, Cancel: "a",
				Operation: &durable.OperationSpec{ID: "b", Key: ofInstance, Kind: durable.KindDeprovision},
			}, nil, h.r)
			h.claimed(&durable.OperationRecord{ID: "b", Generation: 1, Attempt: 1}, h.r)
		}},
		"an attempt is cut off": {"nothing had happened", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.claimed(&durable.OperationRecord{ID: "a", Generation: 2, Attempt: 2}, h.other)
		}},
		"two calls at the same time": {"works there", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.begins(h.call("a", ofInstance, durable.KindProvision, h.r), succeeds)
			h.begins(h.call("a", ofInstance, durable.KindProvision, h.other), succeeds)
		}},
		"a second attempt in the same process": {"in the same process", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			first := h.call("a", ofInstance, durable.KindProvision, h.r)
			h.begins(first, ignores)
			first.ended.Store(time.Now().UnixNano())
			h.operations["a"].generation = 2
			h.begins(h.call("a", ofInstance, durable.KindProvision, h.r), succeeds)
		}},
		"an attempt after the deadline": {"after its deadline", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.operations["a"].deadline = time.Now().Add(-time.Hour)
			h.begins(h.call("a", ofInstance, durable.KindProvision, h.r), succeeds)
		}},
		"too many attempts": {"has another attempt after", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.operations["a"].failures = attempts
			h.begins(h.call("a", ofInstance, durable.KindProvision, h.r), succeeds)
		}},
		"a late write": {"writes, although", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			c := h.call("a", ofInstance, durable.KindProvision, h.r)
			h.operations["a"].generation = 2
			h.writes(c)
		}},
		"an operation without an end": {"does not end", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			h.ends()
		}},
		"something is left": {"and the service has it", func(h *history) {
			h.provisioned()
			h.accept("a", ofInstance, durable.KindDeprovision, durable.StatusDeleting)
			h.completes(h.call("a", ofInstance, durable.KindDeprovision, h.r))
			h.end("a", ofInstance, durable.OperationSucceeded, durable.StatusDeleted)
			h.ends()
		}},
		"a lost checkpoint": {"finds the checkpoint 0", func(h *history) {
			h.accept("a", ofInstance, durable.KindProvision, durable.StatusCreating)
			c := h.call("a", ofInstance, durable.KindProvision, h.r)
			h.saves(c, 1)
			h.saved(c, 1)
			h.reads(c, 0)
		}},
		"another answer": {"the table has another answer", func(h *history) {
			h.provisioned()
			h.judge(&request{verb: put, key: ofInstance, params: "other", plan: "auto", r: h.r, since: h.length(ofInstance)}, answer{status: 200})
		}},
		"what the table forbids": {"which the table forbids", func(h *history) {
			h.request("a", ofInstance, durable.KindUpdate, durable.StatusUpdating, &request{verb: patch, key: ofInstance, plan: "auto", r: h.r})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{scheduler: newScheduler(1), coverage: coverage{}}
			w.ledger = newLedger(w)
			h := &history{ledger: w.ledger, r: &replica{name: "r"}, other: &replica{name: "other"}}
			w.replicas = [replicas]*replica{h.r, h.other, {}}
			c.play(h)
			found := strings.Join(h.faults, "\n")
			if c.fault == "" && found != "" || !strings.Contains(found, c.fault) {
				t.Errorf("want %q, got %q", c.fault, found)
			}
		})
	}
}
