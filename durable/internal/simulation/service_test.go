package simulation_test

import (
	"maps"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable"
)

// begins says that a call of the provider begins.
func (l *ledger) begins(c *call, behaves int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[c.op]
	l.coverage.add("provider "+behaviourNames()[behaves], string(c.kind))
	o.began = true
	if !l.current(c) && c.ctx.Err() == nil && !l.excused() {
		l.fault("the attempt %d of %s begins %s, although the attempt %d has it, or it is %s", c.generation, o.name, c.kind, o.generation, o.state)
	}
	if o.failures >= attempts && (o.kind == durable.KindProvision || o.kind == durable.KindUpdate || o.kind == durable.KindBind) {
		l.fault("%s has another attempt after %d failures", o.name, o.failures)
	}
	if c.ctx.Err() == nil && l.w.storeNow().After(o.deadline.Add(2*clockStep)) {
		l.fault("the attempt %d of %s begins %v after its deadline", c.generation, o.name, l.w.storeNow().Sub(o.deadline))
	}
	for _, other := range l.running {
		if !overlap(other.key, c.key) || !other.r.lives() {
			continue
		}
		ended := other.ended.Load()
		switch {
		case ended == 0 && !l.excused():
			l.fault("%s of %s begins on %s while %s of %s works there", c.kind, o.name, c.r.name, other.kind, l.operations[other.op].name)
		case ended != 0 && other.op == c.op && other.r == c.r && time.Duration(time.Now().UnixNano()-ended) < stopGrace && !c.r.stopping:
			l.fault("the attempt %d of %s begins %v after the attempt %d in the same process had to stop", c.generation, o.name, time.Duration(time.Now().UnixNano()-ended), other.generation)
		case ended != 0 && other.op != c.op && time.Duration(time.Now().UnixNano()-ended) < stopGrace && l.abandoned(other):
			l.fault("%s of %s begins %v after that of %s had to stop", c.kind, o.name, time.Duration(time.Now().UnixNano()-ended), l.operations[other.op].name)
		}
	}
	l.running = append(l.running, c)
}

// abandoned reports whether the replica of a call has ended the operation itself, because the
// operation was cancelled or out of time. It must have waited for the call.
func (l *ledger) abandoned(c *call) bool {
	o := l.operations[c.op]
	return o.endedBy == c.r.name && o.generation == c.generation && durable.GivenUp(c.ctx) && !c.r.stopping
}

// overlap reports whether two calls must not run at the same time.
func overlap(a, b durable.Key) bool {
	return a.Instance() == b.Instance() && (a.BindingID == b.BindingID || a.BindingID == "" || b.BindingID == "")
}

// current reports whether the store has the operation of the call in the same attempt.
func (l *ledger) current(c *call) bool {
	o := l.operations[c.op]
	return o.open() && o.generation == c.generation
}

// excused reports whether the clock of the store was set forward not long ago: a lease can end
// too early then.
func (l *ledger) excused() bool {
	return !l.stepped.IsZero() && time.Since(l.stepped) < 3*lease
}

func (l *ledger) returns(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.running {
		if other == c {
			l.running = append(l.running[:i:i], l.running[i+1:]...)
			return
		}
	}
}

// writes says that a call changes the service.
func (l *ledger) writes(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[c.op]
	if !l.current(c) {
		l.stained[c.key] = true
		l.coverage.add("late write", string(c.kind))
		if c.ctx.Err() == nil && !l.excused() {
			l.fault("the attempt %d of %s writes, although the attempt %d has it, or it is %s", c.generation, o.name, o.generation, o.state)
		}
	}
	c.wrote = true
	switch c.kind {
	case durable.KindProvision, durable.KindUpdate, durable.KindBind:
		l.resources[c.key] = c.params
		l.gone[c.key] = false
	case durable.KindDeprovision, durable.KindUnbind:
		delete(l.resources, c.key)
		l.gone[c.key] = true
	}
}

// completes says that a call returns success.
func (l *ledger) completes(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := l.operations[c.op]; c.kind == o.kind {
		o.completed[c.generation] = true
	}
}

// errs says that a call fails the attempt.
func (l *ledger) errs(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.operations[c.op].erred[c.generation] = true
}

// reads checks the checkpoint that an attempt finds.
func (l *ledger) reads(c *call, saved int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[c.op]
	if l.current(c) && o.key == c.key && (saved < o.saved[c.key] || saved > o.tried[c.key]) {
		l.fault("the attempt %d of %s finds the checkpoint %d, want %d to %d", c.generation, o.name, saved, o.saved[c.key], o.tried[c.key])
	}
}

func (l *ledger) saves(c *call, value int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[c.op]
	o.tried[c.key] = max(o.tried[c.key], value)
}

func (l *ledger) saved(c *call, value int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.operations[c.op]
	o.saved[c.key] = max(o.saved[c.key], value)
}

// ends checks what must hold once all operations have ended: no operation is lost, every
// cancelled creation was deleted, and the service has what the records say.
func (l *ledger) ends() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.order {
		if o.open() {
			l.fault("%s of %s does not end: it is %s, its owner is %q", o.kind, o.name, o.state, o.owner)
		}
		if c := o.cancels; c != nil && (o.kind == durable.KindDeprovision || o.kind == durable.KindUnbind) {
			if c.state != durable.OperationFailed {
				l.fault("%s was cancelled, and is %s", c.name, c.state)
			}
		}
	}
	for number := range instances {
		key := instanceKey(number)
		i := l.instances[key]
		if i == nil {
			continue
		}
		v := i.versions[len(i.versions)-1]
		l.matches(key, v.status, v.params)
		for _, id := range slices.Sorted(maps.Keys(v.bindings)) {
			b := v.bindings[id]
			l.matches(durable.Key{Platform: key.Platform, InstanceID: key.InstanceID, BindingID: id}, b.status, b.params)
		}
	}
}

// matches compares a record with the service.
func (l *ledger) matches(key durable.Key, status durable.RecordStatus, params string) {
	if l.stained[key] {
		return
	}
	has, exists := l.resources[key]
	switch status {
	case durable.StatusReady:
		if !exists && !l.gone[key] || exists && has != params && !l.unsure(key) {
			l.fault("%s is ready with %q, and the service has %q (%v)", nameOf(key), params, has, exists)
		}
	case durable.StatusDeleted:
		if exists {
			l.fault("%s is deleted, and the service has it", nameOf(key))
		}
	case durable.StatusCreateFailed:
	case durable.StatusCreating, durable.StatusUpdating, durable.StatusDeleting:
		l.fault("%s is still %s", nameOf(key), status)
	}
}

// unsure reports whether an update of the instance failed, which may have changed it.
func (l *ledger) unsure(key durable.Key) bool {
	for _, o := range l.order {
		if o.key == key && o.kind == durable.KindUpdate && o.state == durable.OperationFailed {
			return true
		}
	}
	return false
}
