package history

import (
	"fmt"
	"slices"
	"strings"
)

// A status is the status of an instance or a binding.
type status string

const (
	absent   status = "absent" // never created, or deleted
	creating status = "creating"
	ready    status = "ready"
	updating status = "updating"
	deleting status = "deleting"
	// broken: its creation failed.
	broken status = "create failed"
)

// A state is the state of an operation.
type state string

const (
	open      state = "in progress"
	succeeded state = "succeeded"
	failed    state = "failed"
)

// An operation is an asynchronous operation that platforms see. The zero value is none.
type operation struct {
	kind    Kind
	version int
	state   state
	// id is the id, or "" while no response has shown it.
	id string
	// delivered is true after a response has shown the failure.
	delivered bool
	// waiting has the numbers of the calls that wait for the end.
	waiting []int
}

func (o operation) String() string {
	if o.state == "" {
		return "-"
	}
	return fmt.Sprintf("%s v%d %s %q %t %v", o.kind, o.version, o.state, o.id, o.delivered, o.waiting)
}

// unknownWriter is the writer of a resource if no response has shown its id.
const unknownWriter = "?"

// A slot is an instance or a binding.
type slot struct {
	status status
	// version and writer are the attributes, and the operation that made the content.
	version int
	writer  string
	// last is the last operation.
	last operation
	// cancelled is the creation that last, a deletion, cancelled.
	cancelled operation
	// before is the status that a failed deletion restores.
	before status
	// cleaning is true while the broker cleans up after a failed creation.
	cleaning bool
}

// busy reports whether an operation works on the slot.
func (s *slot) busy() bool {
	return s.last.state == open || s.cancelled.state == open || s.cleaning
}

// A finished is the result of an operation on a slot, for a call that waited.
type finished struct {
	call  int
	state state
	slot  int
	// id is the id of the operation, if it is known.
	id string
	// last is false if there was a later operation on the slot.
	last bool
	// cancelled is true if that was a deletion that cancelled this one.
	cancelled bool
}

// A world is one possible state of the broker. It is a value: with makes a copy.
type world struct {
	// slots has the instance and then the bindings.
	slots []slot
	// past are the results of operations before the last, by their ids.
	past map[string]state
	// results are the results for calls that waited, by the number of the call.
	results []finished
	// text is what key returned.
	text string
}

func newWorld(bindings int) *world {
	w := &world{slots: make([]slot, 1+bindings), past: map[string]state{}}
	for i := range w.slots {
		w.slots[i].status = absent
	}
	return w
}

// with returns a changed copy.
func (w *world) with(change func(*world)) *world {
	next := &world{slots: slices.Clone(w.slots), past: make(map[string]state, len(w.past)), results: slices.Clone(w.results)}
	for id, result := range w.past {
		next.past[id] = result
	}
	for i := range next.slots {
		next.slots[i].last.waiting = slices.Clone(next.slots[i].last.waiting)
		next.slots[i].cancelled.waiting = slices.Clone(next.slots[i].cancelled.waiting)
	}
	change(next)
	return next
}

// key identifies equal worlds. A world does not change once it has a key.
func (w *world) key() string {
	if w.text != "" {
		return w.text
	}
	var b strings.Builder
	for i := range w.slots {
		s := &w.slots[i]
		_, _ = fmt.Fprintf(&b, "%s v%d by %s; last %v; cancelled %v; before %q, cleaning %t\n", s.status, s.version, s.writer, s.last, s.cancelled, s.before, s.cleaning)
	}
	ids := make([]string, 0, len(w.past))
	for id, result := range w.past {
		ids = append(ids, id+" "+string(result))
	}
	slices.Sort(ids)
	_, _ = fmt.Fprint(&b, ids, w.results)
	w.text = b.String()
	return w.text
}

// knows reports whether an operation or a writer has the id.
func (w *world) knows(id string) bool {
	if _, known := w.past[id]; known {
		return true
	}
	for i := range w.slots {
		if s := &w.slots[i]; s.last.id == id || s.cancelled.id == id || s.writer == id {
			return true
		}
	}
	return false
}

// begin starts an operation on slot i, after the last one there.
func (w *world) begin(i int, kind Kind, version int) {
	s := &w.slots[i]
	cancels := s.status == creating
	for j := range w.results {
		if w.results[j].slot == i {
			w.results[j].last = false
		}
	}
	if cancels {
		s.cancelled = s.last
	} else {
		w.archive(&s.last)
	}
	s.last = operation{kind: kind, version: version, state: open}
	switch kind {
	case Provision, Bind:
		s.status, s.version, s.writer = creating, version, ""
	case Update:
		s.status = updating
	default:
		s.before = s.status
		if cancels {
			s.before = broken
		}
		s.status, s.cleaning = deleting, false
	}
}

func (w *world) archive(o *operation) {
	if o.id != "" && o.state != "" {
		w.past[o.id] = o.state
	}
	*o = operation{}
}

// end ends an operation of slot i, and gives its result to the calls that wait.
func (w *world) end(o *operation, i int, result state) {
	for _, call := range o.waiting {
		w.answer(finished{call: call, state: result, id: o.id, slot: i, last: o == &w.slots[i].last, cancelled: o == &w.slots[i].cancelled})
	}
	o.state, o.waiting = result, nil
}

func (w *world) answer(f finished) {
	w.results = append(w.results, f)
	slices.SortFunc(w.results, func(a, b finished) int { return a.call - b.call })
}

// name gives the last operation of slot i its id. It reports false if the operation
// has another one, or the id belongs to another operation.
func (w *world) name(i int, id string) bool {
	s := &w.slots[i]
	o := &s.last
	if o.id == "" && id != "" && !w.knows(id) {
		o.id = id
		if s.writer == unknownWriter && o.state == succeeded {
			s.writer = id
		}
	}
	return id != "" && o.id == id
}

// written reports whether the operation id may have written the content of slot i.
func (w *world) written(i int, id string) bool {
	s := &w.slots[i]
	if s.writer != unknownWriter || id == "" {
		return s.writer == id && id != ""
	}
	if w.knows(id) {
		return false
	}
	s.writer = id
	if s.last.state == succeeded && s.last.id == "" {
		s.last.id = id
	} else {
		w.past[id] = succeeded
	}
	return true
}
