package simulation_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// A ledger knows what the store has committed, what the provider has done and what clients
// were promised. It complains about what must not happen.
type ledger struct {
	w  *world
	mu sync.Mutex
	// operations are by id, and order has them as they were accepted.
	operations map[string]*operation
	order      []*operation
	instances  map[durable.Key]*instance
	// resources are the params of what exists in the service. stained are the keys that a
	// worker changed after it had lost its operation, which the contract allows to one that
	// ignores its context.
	resources map[durable.Key]string
	stained   map[durable.Key]bool
	// gone are the keys that a deletion has removed from the service last. If it fails
	// afterwards, the record stays.
	gone    map[durable.Key]bool
	running []*call
	// stepped is when the clock of the store was last set forward, by the clock of the bubble.
	stepped  time.Time
	faults   []string
	coverage coverage
}

// An operation is what the ledger knows of one.
type operation struct {
	id, name string
	key      durable.Key
	kind     durable.OperationKind
	internal bool
	params   string
	state    durable.OperationState
	// cancels is the operation that this one has cancelled.
	cancels    *operation
	generation int64
	attempts   int
	failures   int
	owner      string
	// held is when the lease began or was last renewed, by the clock of the bubble.
	held time.Time
	// completed says that a call of the provider has returned success, by generation.
	completed map[int64]bool
	// erred says that a call has returned an error, or ended in another way, which counts as
	// a failed attempt.
	erred map[int64]bool
	began bool
	// deadline is by the clock of the store.
	deadline time.Time
	// tried and saved are the last checkpoints, by key.
	tried, saved map[durable.Key]int
	finished     time.Time
	delivered    bool
	endedAt      int
	// version is the index of the version of the instance with which it ended.
	version int
	// endedBy is the replica that ended it, unless a cancellation did without a worker.
	endedBy string
}

func (o *operation) open() bool {
	return o.state == durable.OperationActive || o.state == durable.OperationCancelling
}

// An instance has the history of an instance and its bindings: each change adds a version.
type instance struct {
	versions []*version
}

// A version is an instance at one time. It does not change, but its operations do.
type version struct {
	status   durable.RecordStatus
	plan     string
	params   string
	bindings map[string]bound
	open     []opened
	// last is the last operation that is not internal, by binding, or "" for the instance.
	last map[string]*operation
	// undelivered are failed ones among them.
	undelivered map[string]bool
}

type bound struct {
	status durable.RecordStatus
	params string
}

type opened struct {
	*operation
	as durable.OperationState
}

func newLedger(w *world) *ledger {
	return &ledger{
		w: w, operations: map[string]*operation{}, instances: map[durable.Key]*instance{},
		resources: map[durable.Key]string{}, stained: map[durable.Key]bool{}, gone: map[durable.Key]bool{}, coverage: w.coverage,
	}
}

// fault records a broken promise. The caller holds the lock.
func (l *ledger) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.faults = append(l.faults, text)
	if l.w.log != nil {
		l.w.note("FAULT ", text)
	}
}

// name returns a name for an operation that is the same in each run of a seed.
func (l *ledger) name(id string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := l.operations[id]; o != nil {
		return o.name
	}
	return "-"
}

// now returns the version of an instance.
func (l *ledger) now(key durable.Key) *version {
	i := l.instances[key.Instance()]
	if i == nil || len(i.versions) == 0 {
		return &version{status: durable.StatusDeleted}
	}
	return i.versions[len(i.versions)-1]
}

// revise adds a version, which change makes.
func (l *ledger) revise(key durable.Key, change func(*version)) {
	before := l.now(key)
	after := *before
	after.bindings, after.last, after.undelivered = maps.Clone(before.bindings), maps.Clone(before.last), maps.Clone(before.undelivered)
	if after.bindings == nil {
		after.bindings, after.last, after.undelivered = map[string]bound{}, map[string]*operation{}, map[string]bool{}
	}
	change(&after)
	after.open = nil
	for _, o := range l.order {
		if o.open() && o.key.Instance() == key.Instance() {
			after.open = append(after.open, opened{o, o.state})
		}
	}
	i := l.instances[key.Instance()]
	if i == nil {
		i = &instance{versions: []*version{{status: durable.StatusDeleted}}}
		l.instances[key.Instance()] = i
	}
	i.versions = append(i.versions, &after)
	l.exclusive(key, &after)
}

// exclusive checks that at most one active operation has a slot.
func (l *ledger) exclusive(key durable.Key, v *version) {
	slots := map[string]int{}
	for _, o := range v.open {
		if o.as == durable.OperationActive {
			slots[o.key.BindingID]++
		}
	}
	for binding, n := range slots {
		if n > 1 {
			l.fault("%d operations are active on %s/%s", n, nameOf(key.Instance()), binding)
		}
	}
	if slots[""] > 0 && len(slots) > 1 {
		l.fault("operations on %s and on its bindings are active: %v", nameOf(key.Instance()), slots)
	}
}

// accepted says that the store has an acceptance.
func (l *ledger) accepted(a *durable.Acceptance, request *request, r *replica) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := a.Instance.Key
	before := l.now(key)
	var cancelled *operation
	if a.Cancel != "" {
		cancelled = l.operations[a.Cancel]
		l.cancels(cancelled)
	}
	if a.Operation != nil {
		o := l.begin(a.Operation, cancelled, r)
		if request != nil {
			o.params, request.op = request.params, o
			l.mayBegin(before, o, request)
		}
		key = o.key
	}
	l.revise(key, func(v *version) {
		v.status, v.plan = a.Instance.Status, a.Instance.PlanID
		if request != nil && a.Operation != nil && a.Operation.Kind == durable.KindProvision {
			v.params = request.params
		}
		if a.Binding != nil {
			b := v.bindings[a.Binding.Key.BindingID]
			if b.status = a.Binding.Status; request != nil && a.Operation != nil && a.Operation.Kind == durable.KindBind {
				b.params = request.params
			}
			v.bindings[a.Binding.Key.BindingID] = b
		}
		l.remember(v, a.Operation)
	})
}

// remember notes the last operation of a key.
func (l *ledger) remember(v *version, spec *durable.OperationSpec) {
	if spec != nil && !spec.Internal {
		v.last[spec.Key.BindingID], v.undelivered[spec.Key.BindingID] = l.operations[spec.ID], false
	}
}

// cancels says that an operation is being cancelled.
func (l *ledger) cancels(o *operation) {
	if o.owner == "" {
		l.coverage.add("cancelled", "without a worker")
		l.end(o, durable.OperationFailed)
		return
	}
	l.coverage.add("cancelled", string(o.kind))
	o.state = durable.OperationCancelling
}

func (l *ledger) end(o *operation, as durable.OperationState) {
	o.state, o.finished, o.owner, o.endedAt = as, l.w.storeNow(), "", l.w.steps
	o.version = len(l.instances[o.key.Instance()].versions)
}

func (l *ledger) begin(spec *durable.OperationSpec, cancelled *operation, r *replica) *operation {
	o := &operation{
		id: spec.ID, name: "o" + strconv.Itoa(len(l.order)+1), key: spec.Key, kind: spec.Kind, internal: spec.Internal, state: durable.OperationActive,
		cancels: cancelled, completed: map[int64]bool{}, erred: map[int64]bool{}, deadline: l.w.storeNow().Add(spec.Timeout), tried: map[durable.Key]int{}, saved: map[durable.Key]int{},
	}
	if spec.Owner != "" {
		o.owner, o.generation, o.attempts, o.held = r.name, 1, 1, time.Now()
	}
	l.operations[o.id] = o
	l.order = append(l.order, o)
	return o
}

// advanced says that the store has an advance.
func (l *ledger) advanced(a *durable.Advance, r *replica) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[a.Fence.OperationID]
	if a.Fence.Generation != o.generation {
		l.fault("a write of the attempt %d of %s was not fenced: the attempt %d has it", a.Fence.Generation, o.name, o.generation)
	}
	if o.owner == "" {
		l.fault("a write of %s, which no worker has: it is %s", o.name, o.state)
	}
	if a.Failed {
		o.failures++
		if !o.erred[o.generation] {
			l.fault("the attempt %d of %s counts as failed, and no call of the provider failed", o.generation, o.name)
		}
	}
	if a.Release {
		o.owner = ""
	}
	switch a.State {
	case durable.OperationSucceeded:
		l.succeeds(o)
		l.end(o, a.State)
		o.endedBy = r.name
	case durable.OperationFailed:
		l.fails(o, a)
		l.end(o, a.State)
		o.endedBy = r.name
	case durable.OperationActive, durable.OperationCancelling, "":
		if a.Instance == nil && a.Binding == nil {
			return
		}
	}
	if a.Next != nil {
		l.begin(a.Next, nil, r)
	}
	l.revise(o.key, func(v *version) {
		if a.Instance != nil {
			if v.status = a.Instance.Status; o.kind == durable.KindUpdate && a.State == durable.OperationSucceeded {
				v.params = o.params
			}
		}
		if a.Binding != nil {
			b := v.bindings[a.Binding.Key.BindingID]
			b.status = a.Binding.Status
			v.bindings[a.Binding.Key.BindingID] = b
			if o.kind == durable.KindDeprovision {
				v.undelivered[a.Binding.Key.BindingID] = false // The tombstone keeps no failure.
			}
		}
		if v.last[o.key.BindingID] == o && o.state == durable.OperationFailed {
			v.undelivered[o.key.BindingID] = true
		}
		l.remember(v, a.Next)
		l.after(o, a, v)
	})
}

// succeeds checks the success of an operation.
func (l *ledger) succeeds(o *operation) {
	if o.state != durable.OperationActive {
		l.fault("%s succeeds, although it is %s", o.name, o.state)
	}
	if !o.completed[o.generation] {
		l.fault("%s succeeds, although no call of the provider in the attempt %d did", o.name, o.generation)
	}
}

// fails checks the failure of an operation.
func (l *ledger) fails(o *operation, a *durable.Advance) {
	if o.state == durable.OperationCancelling != a.Cancelled {
		l.fault("%s fails with cancelled %v, although it is %s", o.name, a.Cancelled, o.state)
	}
	if !a.Cancelled && !o.erred[o.generation] && l.w.storeNow().Before(o.deadline.Add(-2*clockStep)) {
		l.fault("%s fails, although no call of the provider in the attempt %d failed, and it had time", o.name, o.generation)
	}
	creates := o.kind == durable.KindProvision || o.kind == durable.KindBind
	if creates && !a.Cancelled && a.Next == nil && l.now(o.key).plan != "manual" {
		l.fault("the failed %s has no clean-up", o.name)
	}
	for _, c := range l.running {
		if c.op == o.id && c.generation == o.generation && c.r.lives() && c.ctx.Err() == nil {
			l.fault("%s fails while a call of %s works on it", o.name, c.r.name)
		}
	}
}

// after checks the status of the record after the end of an operation.
func (l *ledger) after(o *operation, a *durable.Advance, v *version) {
	if o.open() || a.Cancelled {
		return
	}
	got := v.status
	if o.key.BindingID != "" {
		got = v.bindings[o.key.BindingID].status
	}
	succeeded := o.state == durable.OperationSucceeded
	want := []durable.RecordStatus{durable.StatusReady}
	switch o.kind {
	case durable.KindProvision, durable.KindBind:
		if !succeeded {
			want[0] = durable.StatusCreateFailed
		}
	case durable.KindDeprovision, durable.KindUnbind:
		if want[0] = durable.StatusDeleted; !succeeded {
			want = []durable.RecordStatus{durable.StatusReady, durable.StatusCreateFailed}
		}
	case durable.KindUpdate:
	}
	if !slices.Contains(want, got) {
		l.fault("after %s of %s %s, its record is %s", o.kind, o.name, o.state, got)
	}
	if succeeded && o.kind == durable.KindDeprovision {
		for id, b := range v.bindings {
			if b.status != durable.StatusDeleted {
				l.fault("%s deleted %s, but not its binding %s", o.name, nameOf(o.key), id)
			}
		}
	}
}

// claimed says that a replica has claimed an operation.
func (l *ledger) claimed(record *durable.OperationRecord, r *replica) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[record.ID]
	if o.state == durable.OperationActive {
		for _, other := range l.now(o.key).open {
			if other.state == durable.OperationCancelling && (other.key == o.key || other.key.BindingID == "" || o.key.BindingID == "") {
				l.fault("%s was claimed, although it waits for %s", o.name, other.name)
			}
		}
	}
	if o.owner != "" {
		l.coverage.add("cut off", string(o.kind)+", "+string(o.state))
		if !l.excused() && !l.w.troubled(o.owner, o.held.Add(-lease)) {
			l.fault("the attempt %d of %s was cut off, and nothing had happened to %s", o.generation, o.name, o.owner)
		}
	}
	o.generation, o.owner, o.held = record.Generation, r.name, time.Now()
	o.attempts++
	if o.attempts != record.Attempt {
		l.fault("%s has the attempt %d, want %d", o.name, record.Attempt, o.attempts)
	}
}

// renewed says that a replica has renewed a lease.
func (l *ledger) renewed(f durable.Fence, r *replica) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[f.OperationID]
	if f.Generation != o.generation || o.owner != r.name {
		l.fault("%s keeps the attempt %d of %s, which %q has in the attempt %d", r.name, f.Generation, o.name, o.owner, o.generation)
	}
	o.held = time.Now()
}

func (l *ledger) delivered(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[id]
	if o == nil || o.open() || o.delivered {
		return
	}
	o.delivered = true
	l.revise(o.key, func(v *version) {
		if v.last[o.key.BindingID] == o {
			v.undelivered[o.key.BindingID] = false
		}
	})
}
