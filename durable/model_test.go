package durable_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// The model repeats the table of docs/operation-states.md in the simplest form: one
// client, one instance of an asynchronous plan without parallel bindings, two
// bindings, and a provider that returns when the test says so.
type model struct {
	instance resource
	bindings map[string]*resource
	// busy is the active operation, or nil.
	busy *operation
}

type resource struct {
	status string
	params int
	// target are the params after an update.
	target int
	// last is the last operation that the platform knows.
	last *operation
}

type operation struct {
	id string
	// binding is empty for an operation on the instance.
	binding string
	kind    durable.OperationKind
	// clean says that it is a clean-up, which the platform does not see.
	clean bool
	// from is the status before a deletion.
	from  string
	state string
	// heard says that a poll has reported the failure.
	heard bool
}

const absent = "absent"

// expected is the answer of the model to a request.
type expected struct {
	status int
	code   string
	// same is the operation that the answer repeats. begin is the kind of a new one.
	same  *operation
	begin durable.OperationKind
}

func refused() expected { return expected{status: 422, code: concurrency} }

func repeated(r *resource, params int, o *operation) expected {
	switch r.status {
	case creating, ready:
		switch {
		case r.params != params:
			return expected{status: 409}
		case r.status == ready:
			return expected{status: 200}
		}
		return expected{status: 202, same: o}
	default:
		return refused()
	}
}

// unheard reports whether the last operation has the kind and failed, and no poll
// has reported the failure.
func (r *resource) unheard(kind durable.OperationKind) bool {
	return r.last != nil && r.last.kind == kind && r.last.state == "failed" && !r.last.heard
}

// created returns the answer to a request that is identical to a failed creation.
func (r *resource) created(kind durable.OperationKind, params int) (expected, bool) {
	failed := r.status == cleaning || r.status == leftBehind || r.status == absent
	return expected{status: 202, same: r.last}, failed && r.params == params && r.unheard(kind)
}

func (m *model) put(params int) expected {
	if want, failed := m.instance.created(durable.KindProvision, params); failed {
		return want
	}
	if m.instance.status == absent {
		return expected{status: 202, begin: durable.KindProvision}
	}
	return repeated(&m.instance, params, m.busy)
}

func (m *model) patch(params int) expected {
	switch i := &m.instance; {
	case i.status == absent || i.status == cleaning:
		return expected{status: 404}
	case i.status == updating && i.target == params:
		return expected{status: 202, same: m.busy}
	case i.status != ready || m.busy != nil:
		return refused()
	case i.params == params:
		return expected{status: 200}
	default:
		return expected{status: 202, begin: durable.KindUpdate}
	}
}

func (m *model) delete() expected {
	switch m.instance.status {
	case absent:
		return expected{status: 410}
	case deleting:
		return expected{status: 202, same: m.busy}
	case creating, cleaning:
		return expected{status: 202, begin: durable.KindDeprovision}
	}
	if m.instance.unheard(durable.KindDeprovision) {
		return expected{status: 202, same: m.instance.last}
	}
	if m.busy != nil && !m.busy.clean {
		return refused()
	}
	return expected{status: 202, begin: durable.KindDeprovision}
}

func (m *model) putBinding(name string, params int) expected {
	b := m.bindings[name]
	want, failed := b.created(durable.KindBind, params)
	switch {
	case m.instance.status == absent || m.instance.status == cleaning:
		return expected{status: 404}
	case failed:
		return want
	case b.status == leftBehind && (m.busy == nil || m.busy.binding != ""):
		return expected{status: 409}
	case b.status != absent:
		return repeated(b, params, m.busy)
	case m.instance.status != ready || m.busy != nil:
		return refused()
	default:
		return expected{status: 202, begin: durable.KindBind}
	}
}

func (m *model) deleteBinding(name string) expected {
	b := m.bindings[name]
	switch {
	case b.status == absent:
		return expected{status: 410}
	case b.status == ready && b.unheard(durable.KindUnbind):
		return expected{status: 202, same: b.last}
	case m.busy != nil && m.busy.binding != name:
		return refused()
	case b.status == deleting:
		return expected{status: 202, same: m.busy}
	default:
		return expected{status: 202, begin: durable.KindUnbind}
	}
}

func get(r *resource) expected {
	switch r.status {
	case ready:
		return expected{status: 200}
	case updating, deleting:
		return refused()
	default:
		return expected{status: 404}
	}
}

// A play runs the model against a broker.
type play struct {
	model
	*replica
	t      *testing.T
	random *rand.Rand
	id     string
	steps  []string
	judge  *judge
}

// A judge says how the provider's calls for an operation end.
type judge struct {
	mu       sync.Mutex
	verdicts map[string]chan error
}

func (j *judge) verdict(task string) chan error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.verdicts[task] == nil {
		j.verdicts[task] = make(chan error, 10)
	}
	return j.verdicts[task]
}

func (j *judge) wait(ctx context.Context, task *durable.Task) error {
	select {
	case err := <-j.verdict(task.ID()):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *play) fatalf(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s\nafter\n%s\nlog:\n%s", fmt.Sprintf(format, args...), strings.Join(p.steps, "\n"), p.logs)
}

// request sends a request and compares the answer with the model.
func (p *play) request(want expected, method, path, body, binding string, params int) {
	p.t.Helper()
	a := p.send(method, path+"?"+incomplete+"&"+hints("plan-serial"), body)
	p.steps = append(p.steps, fmt.Sprintf("%s %s %s: %d %s", method, path, body, a.status, strings.TrimSpace(a.text)))
	if a.status != want.status || a.code() != want.code {
		p.fatalf("the answer is not %d %q", want.status, want.code)
	}
	if want.same != nil && a.operation() != want.same.id {
		p.fatalf("the operation is not %s", want.same.id)
	}
	if want.begin == "" {
		return
	}
	p.begin(&operation{id: a.operation(), binding: binding, kind: want.begin, state: "in progress"}, params)
}

// of returns the resource of an operation.
func (m *model) of(o *operation) *resource {
	if o.binding == "" {
		return &m.instance
	}
	return m.bindings[o.binding]
}

func (p *play) begin(o *operation, params int) {
	if p.busy != nil { // It is cancelled, which fails a creation.
		p.busy.state = "failed"
	}
	r := p.of(o)
	switch o.kind {
	case durable.KindProvision, durable.KindBind:
		r.status, r.params = creating, params
	case durable.KindUpdate:
		r.status, r.target = updating, params
	default:
		o.from = r.status
		r.status = deleting
	}
	r.last, p.busy = o, o
}

// finish ends the active operation, with or without success.
func (p *play) finish() {
	p.t.Helper()
	o := p.busy
	r := p.of(o)
	fails := p.random.IntN(3) == 0 && !o.clean && (o.from == "" || o.from == ready)
	p.steps = append(p.steps, fmt.Sprintf("%s %s of %q ends, fails: %v", o.kind, o.id, o.binding, fails))
	if fails {
		p.judge.verdict(o.id) <- errProvider
	} else {
		close(p.judge.verdict(o.id))
	}
	eventually(p.t, "the operation ends", func() bool {
		record, err := p.store.OperationByID(p.t.Context(), o.id)
		return err == nil && record.Ended()
	})
	p.busy = nil
	o.state = "succeeded"
	if fails {
		o.state = "failed"
	}
	switch o.kind {
	case durable.KindProvision, durable.KindBind:
		if r.status = ready; fails {
			p.cleanUp(o, r)
		}
	case durable.KindUpdate:
		if r.status = ready; !fails {
			r.params = r.target
		}
	case durable.KindUnbind, durable.KindDeprovision:
		if r.status = absent; fails {
			r.status = o.from
		}
		for _, b := range p.bindings {
			switch {
			case o.binding != "":
			case !fails:
				if b.status != absent && b.last != nil {
					b.last.heard = true // The failure is no longer stored.
				}
				b.status = absent
			case b.status == cleaning: // The deletion replaced the clean-up.
				b.status = leftBehind
			}
		}
	}
}

// cleanUp finds the operation that cleans up.
func (p *play) cleanUp(failed *operation, r *resource) {
	p.t.Helper()
	snapshot, err := p.store.Load(p.t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: p.id})
	if err != nil || len(snapshot.Open) != 1 || !snapshot.Open[0].Internal {
		p.fatalf("there is no clean-up: %+v (%v)", snapshot, err)
	}
	r.status = cleaning
	p.busy = &operation{id: snapshot.Open[0].ID, binding: failed.binding, kind: snapshot.Open[0].Kind, clean: true}
}

func (p *play) step() {
	p.t.Helper()
	name := []string{"b1", "b2"}[p.random.IntN(2)]
	params := p.random.IntN(2)
	instance, binding := instancePath(p.id), bindingPath(p.id, name)
	value := `"parameters":{"p":` + strconv.Itoa(params) + `}`
	switch p.random.IntN(12) {
	case 0, 1:
		p.request(p.put(params), http.MethodPut, instance, provisionBody("plan-serial", ","+value), "", params)
	case 2:
		p.request(p.patch(params), http.MethodPatch, instance, `{"service_id":"`+serviceID+`",`+value+`}`, "", params)
	case 3:
		if p.random.IntN(2) == 0 {
			p.request(p.delete(), http.MethodDelete, instance, "", "", 0)
		}
	case 4, 5:
		p.request(p.putBinding(name, params), http.MethodPut, binding, bindBody("plan-serial", ","+value), name, params)
	case 6:
		p.request(p.deleteBinding(name), http.MethodDelete, binding, "", name, 0)
	case 7:
		p.request(get(&p.instance), http.MethodGet, instance, "", "", 0)
		want := get(p.bindings[name])
		if want.status == 422 {
			want = expected{status: 404}
		}
		p.request(want, http.MethodGet, binding, "", "", 0)
	case 8:
		for path, r := range map[string]*resource{p.id: &p.instance, p.id + "/service_bindings/" + name: p.bindings[name]} {
			if r.last == nil {
				continue
			}
			if a := p.lastOperation(path, ""); a.state() != r.last.state {
				p.fatalf("the last operation of %s is %s, want %s", path, a.text, r.last.state)
			}
			r.last.heard = r.last.heard || r.last.state == "failed"
		}
	default:
		if p.busy != nil {
			p.finish()
		}
	}
}

// The engine answers random sequences of requests like the model.
func TestModel(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		provider, judge := newScripted(), &judge{verdicts: map[string]chan error{}}
		for _, kind := range []durable.OperationKind{durable.KindProvision, durable.KindUpdate, durable.KindDeprovision, durable.KindBind, durable.KindUnbind} {
			provider.on(kind, "", judge.wait)
		}
		r := start(t, store, newKeys(t), provider, nil)
		for range 10 {
			seed := rand.Uint64()
			t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
				p := &play{
					model:   model{instance: resource{status: absent}, bindings: map[string]*resource{"b1": {status: absent}, "b2": {status: absent}}},
					replica: r, t: t, random: rand.New(rand.NewPCG(seed, 0)), id: "i" + strconv.FormatUint(seed, 36), judge: judge,
				}
				for range 120 {
					p.step()
				}
			})
		}
	})
}
