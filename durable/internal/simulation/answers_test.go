package simulation_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// length returns the number of versions of an instance, less one.
func (l *ledger) length(key durable.Key) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := l.instances[key.Instance()]; i != nil {
		return len(i.versions) - 1
	}
	return 0
}

// during returns the versions of the instance since the request was sent.
func (l *ledger) during(r *request) []*version {
	i := l.instances[r.key.Instance()]
	if i == nil {
		return []*version{{status: durable.StatusDeleted}}
	}
	return i.versions[r.since:]
}

// judge checks an answer with the table of docs/operation-states.md: a version of the
// instance during the request must explain it.
func (l *ledger) judge(r *request, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tells(r, a)
	if a.status == 202 && l.operations[a.operation] == nil {
		l.fault("%s %s got the operation %q, which the store does not have", r.verb, nameOf(r.key), a.operation)
		return
	}
	if l.failure(r, a) || slices.ContainsFunc(l.during(r), func(v *version) bool { return l.explains(v, r, a) }) {
		return
	}
	l.fault("%s: %s %s %s (%s, accepts %v) got %v %s: the table has another answer, in each of %d versions: %s",
		r.label, r.verb, nameOf(r.key), r.params, r.plan, r.accepts, a, l.nameOf(a.operation), len(l.during(r)), l.describe(r))
}

func (l *ledger) nameOf(id string) string {
	if o := l.operations[id]; o != nil {
		return o.name
	}
	return ""
}

// tells checks that the store knows which failures were delivered.
func (l *ledger) tells(r *request, a answer) {
	o := l.operations[r.operation]
	if a.state == openbroker.OperationFailed && o != nil && o.key == r.key && !o.delivered && !r.met && !r.r.troubled(r.began) {
		l.fault("%s got the answer that %s failed, and the store does not know", r.label, o.name)
	}
}

// failure reports whether an answer is that of a broker that cannot do its work now, or the
// failure of an operation for which the request waited.
func (l *ledger) failure(r *request, a answer) bool {
	switch a.status {
	case 503:
		return r.met || r.r.troubled(r.began)
	case 504:
		if a.code == "" && !r.accepts && time.Since(r.began) >= maxWait {
			return true
		}
	}
	if r.verb == get || r.verb == poll || a.status < 400 || a.status == 422 || a.status == 404 {
		return false
	}
	return slices.ContainsFunc(l.order, func(o *operation) bool {
		if o.key != r.key || o.kind != r.kind() {
			return false
		}
		// A creation may have succeeded, and its record may have been deleted before the
		// request could read it.
		return o.state == durable.OperationFailed || a.status == 409 && o.state == durable.OperationSucceeded && l.vanished(r, o)
	})
}

// vanished reports whether the record was gone at some time after the success of an
// operation, during the request.
func (l *ledger) vanished(r *request, o *operation) bool {
	versions := l.instances[r.key.Instance()].versions
	return slices.ContainsFunc(versions[max(r.since, o.version):], func(v *version) bool {
		there := []durable.RecordStatus{durable.StatusReady, durable.StatusUpdating, durable.StatusDeleting}
		b := v.bindings[r.key.BindingID]
		return !slices.Contains(there, v.status) || r.key.BindingID != "" && !slices.Contains(there, b.status)
	})
}

// kind returns the kind of the operation that the request begins.
func (r *request) kind() durable.OperationKind {
	switch {
	case r.verb == patch:
		return durable.KindUpdate
	case r.verb == put && r.key.BindingID == "":
		return durable.KindProvision
	case r.verb == put:
		return durable.KindBind
	case r.key.BindingID == "":
		return durable.KindDeprovision
	default:
		return durable.KindUnbind
	}
}

// waits reports whether a version, or what has happened since, explains the end of the
// operation for which a request waited, or that it goes on.
func (l *ledger) waits(v *version, r *request, a answer) bool {
	fits := func(o *operation) bool {
		return o != nil && o.key == r.key && o.kind == r.kind() && !o.internal && (o.params == r.params || r.verb == remove)
	}
	joined := func(o *operation) bool {
		return o == r.op || slices.ContainsFunc(v.open, func(other opened) bool { return other.operation == o }) || v.undelivered[r.key.BindingID] && v.last[r.key.BindingID] == o
	}
	if a.status == 202 {
		o := l.operations[a.operation]
		return fits(o) && joined(o) && r.accepts
	}
	return slices.ContainsFunc(l.order, func(o *operation) bool { return fits(o) && joined(o) && o.state == durable.OperationSucceeded })
}

// explains reports whether the table has the answer for a version of the instance.
func (l *ledger) explains(v *version, r *request, a answer) bool {
	if a.status == 202 || a.status == 201 {
		return l.waits(v, r, a)
	}
	conflict := a.status == 422 && a.code == openbroker.CodeConcurrencyError
	if a.status == 422 && a.code == openbroker.CodeAsyncRequired {
		return r.plan == "async" && !r.accepts && r.verb != get && r.verb != poll
	}
	switch {
	case r.verb == poll:
		return l.polls(v, r, a)
	case r.key.BindingID != "":
		return l.explainsBinding(v, r, a, conflict)
	}
	gone := v.status == durable.StatusDeleted
	same := v.params == r.params
	switch r.verb {
	case put:
		switch v.status {
		case durable.StatusReady:
			return a.status == 200 && same || a.status == 409 && !same
		case durable.StatusCreating:
			return a.status == 409 && !same
		case durable.StatusCreateFailed:
			return conflict && l.busy(v, r.key) || a.status == 409 && !l.busy(v, r.key)
		case durable.StatusUpdating, durable.StatusDeleting:
			return conflict
		case durable.StatusDeleted:
		}
		return false
	case patch:
		if gone || v.status == durable.StatusCreateFailed {
			return a.status == 404
		}
		if v.status == durable.StatusReady && len(v.open) == 0 {
			return a.status == 200 && same
		}
		return conflict
	case remove:
		return gone && a.status == 404 || conflict && (v.status == durable.StatusUpdating || l.works(v))
	default:
		switch v.status {
		case durable.StatusReady:
			return a.status == 200 && a.text == v.params
		case durable.StatusUpdating, durable.StatusDeleting:
			return conflict
		default:
			return a.status == 404
		}
	}
}

// works reports whether an operation on a binding is open.
func (l *ledger) works(v *version) bool {
	return slices.ContainsFunc(v.open, func(o opened) bool { return o.key.BindingID != "" && o.as == durable.OperationActive })
}

// busy reports whether an operation on the key or its instance is open.
func (l *ledger) busy(v *version, key durable.Key) bool {
	return slices.ContainsFunc(v.open, func(o opened) bool { return o.key == key || o.key.BindingID == "" })
}

func (l *ledger) explainsBinding(v *version, r *request, a answer, conflict bool) bool {
	b, found := v.bindings[r.key.BindingID]
	gone := !found || b.status == durable.StatusDeleted
	same := b.params == r.params
	onInstance := slices.ContainsFunc(v.open, func(o opened) bool { return o.key.BindingID == "" })
	turn := conflict && r.queues // Another request may have had the turn.
	switch r.verb {
	case put:
		if v.status == durable.StatusDeleted || v.status == durable.StatusCreateFailed {
			return a.status == 404
		}
		switch {
		case gone:
			return turn || conflict && (v.status != durable.StatusReady || onInstance || l.busy(v, r.key))
		case b.status == durable.StatusReady:
			return a.status == 200 && same || a.status == 409 && !same
		case b.status == durable.StatusCreating:
			return a.status == 409 && !same || turn
		case b.status == durable.StatusCreateFailed:
			return conflict && l.busy(v, r.key) || a.status == 409 && !l.busy(v, r.key)
		default:
			return conflict
		}
	case remove:
		return gone && a.status == 404 || conflict && onInstance || turn
	default:
		if b.status == durable.StatusReady {
			return a.status == 200 && a.text == b.params
		}
		return a.status == 404
	}
}

// polls checks the answer to a poll.
func (l *ledger) polls(v *version, r *request, a answer) bool {
	o := l.operations[r.operation]
	if o == nil {
		o = v.last[r.key.BindingID]
	}
	if o == nil {
		return a.status == 404
	}
	deletion := o.kind == durable.KindDeprovision || o.kind == durable.KindUnbind
	switch {
	case a.status == 410:
		return deletion && o.state == durable.OperationSucceeded && l.w.storeNow().Sub(o.finished) > deletedGrace-clockStep
	case a.status != 200:
		return false
	case a.state == openbroker.OperationInProgress:
		return o.open() || o.endedAt >= r.step
	case a.state == openbroker.OperationSucceeded:
		return o.state == durable.OperationSucceeded
	default:
		return o.state == durable.OperationFailed
	}
}

// mayBegin checks that the table lets a request begin an operation: the store had exactly
// this version.
func (l *ledger) mayBegin(v *version, o *operation, r *request) {
	ok := true
	b, found := v.bindings[o.key.BindingID]
	onInstance, onBinding, onOther := false, false, false
	for _, other := range v.open {
		switch {
		case other.key.BindingID == "":
			onInstance = true
		case other.key == o.key:
			onBinding = true
		default:
			onOther = true
		}
	}
	switch o.kind {
	case durable.KindProvision:
		ok = v.status == durable.StatusDeleted && len(v.open) == 0 && !l.pending(v, o)
	case durable.KindUpdate:
		ok = v.status == durable.StatusReady && len(v.open) == 0 && v.params != r.params
	case durable.KindDeprovision:
		ok = v.status != durable.StatusDeleted && v.status != durable.StatusUpdating && v.status != durable.StatusDeleting && !l.pending(v, o)
		for _, other := range v.open {
			creation := other.kind == durable.KindProvision || other.internal && other.kind == durable.KindDeprovision
			ok = ok && (other.as == durable.OperationCancelling || creation && o.cancels == other.operation)
		}
	case durable.KindBind:
		ok = v.status == durable.StatusReady && (!found || b.status == durable.StatusDeleted) && !onInstance && !onBinding && (!onOther || r.plan != "serial") && !l.pending(v, o)
	case durable.KindUnbind:
		ok = found && b.status != durable.StatusDeleted && !onInstance && (!onOther || r.plan != "serial") && !l.pending(v, o)
		for _, other := range v.open {
			ok = ok && (other.key != o.key || other.as == durable.OperationCancelling || o.cancels == other.operation)
		}
	}
	if !ok {
		l.fault("%s: %s of %s begins, which the table forbids: %s", r.label, o.kind, nameOf(o.key), l.describeVersion(v))
	}
}

// pending reports whether the operation repeats one that failed, and whose failure no answer
// has reported.
func (l *ledger) pending(v *version, o *operation) bool {
	last := v.last[o.key.BindingID]
	return last != nil && v.undelivered[o.key.BindingID] && last.kind == o.kind && last.params == o.params &&
		l.w.storeNow().Sub(last.finished) < failureGrace-clockStep
}

// describe returns the versions during a request, for messages.
func (l *ledger) describe(r *request) string {
	lines := []string{""}
	for _, v := range l.during(r) {
		lines = append(lines, l.describeVersion(v))
	}
	return strings.Join(lines, "\n\t")
}

func (l *ledger) describeVersion(v *version) string {
	text := []string{fmt.Sprintf("%s %s %s %v", v.status, v.plan, v.params, v.bindings)}
	for _, o := range v.open {
		text = append(text, fmt.Sprintf("%s %s %s is %s (internal %v)", o.kind, o.name, o.key.BindingID, o.as, o.internal))
	}
	for id, o := range v.last {
		text = append(text, fmt.Sprintf("last of %q is %s %s (undelivered %v)", id, o.kind, o.name, v.undelivered[id]))
	}
	return strings.Join(text, ", ")
}
