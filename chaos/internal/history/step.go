package history

import (
	"net/http"
	"slices"
)

// An event is a point in time at which a call meets the broker: its decision, or,
// with ends, the end of the operation for which it waited.
type event struct {
	*Call
	number int
	slot   int
	ends   bool
}

// step returns the worlds after the event in which its response is right.
func (m *model) step(w *world, e event) []*world {
	var worlds []*world
	for _, settled := range m.settle(w) {
		switch {
		case e.ends:
			worlds = append(worlds, m.finish(settled, e)...)
		case e.Kind == Fetch:
			worlds = append(worlds, m.fetch(settled, e)...)
		case e.Kind == Poll:
			worlds = append(worlds, m.poll(settled, e)...)
		case e.uncertain():
			worlds = append(worlds, m.attempt(settled, e)...)
		default:
			worlds = append(worlds, m.change(settled, e)...)
		}
	}
	return worlds
}

// attempt returns the worlds after a request whose effect is uncertain.
func (m *model) attempt(w *world, e event) []*world {
	worlds := []*world{w}
	if m.Asynchronous && !e.Accepts {
		return worlds
	}
	if slices.Contains(m.decide(w, e.slot, e.Call), began) {
		worlds = append(worlds, w.with(func(w *world) { w.begin(e.slot, e.Kind, e.Version) }))
	}
	return worlds
}

// change returns the worlds after a request that was answered.
func (m *model) change(w *world, e event) []*world {
	var worlds []*world
	for _, d := range m.decide(w, e.slot, e.Call) {
		if !m.answers(d, e.Call) {
			continue
		}
		right := true
		next := w.with(func(w *world) { right = m.apply(w, d, e) })
		if right {
			worlds = append(worlds, next)
		}
	}
	return worlds
}

// answers reports whether the status of the response can follow from the decision.
func (m *model) answers(d decision, c *Call) bool {
	result, success := c.waited()
	switch d {
	case began, joined:
		if m.Asynchronous && !c.Accepts {
			return c.Code == codeAsyncRequired
		}
		if success && d == began && !c.Deleted && (c.Kind == Provision || c.Kind == Bind) {
			return c.Status == http.StatusCreated
		}
		return result || c.Continues || c.Status == http.StatusAccepted && c.Accepts
	case same:
		return c.Status == http.StatusOK
	case conflict:
		return c.Status == http.StatusConflict && c.decided()
	case busy:
		// Both errors are right if the client does not accept a 202. No document has an order.
		return c.Code == codeConcurrency || c.Code == codeAsyncRequired && m.Asynchronous && !c.Accepts
	case gone:
		return c.Status == http.StatusGone
	default:
		return c.Status == http.StatusNotFound
	}
}

// apply changes the world by the decision. It returns false if the rest of the
// response does not fit.
func (m *model) apply(w *world, d decision, e event) bool {
	result, _ := e.waited()
	switch {
	case d == same:
		w.answer(finished{call: e.number, state: succeeded, id: e.Writer, slot: e.slot})
		return e.Writer == "" || w.written(e.slot, e.Writer)
	case d != began && d != joined, e.Code == codeAsyncRequired:
		return true
	case d == began:
		w.begin(e.slot, e.Kind, e.Version)
	}
	if e.Status == http.StatusAccepted {
		return w.name(e.slot, e.Operation)
	}
	if !result {
		return true
	}
	o := &w.slots[e.slot].last
	before := o.state
	o.waiting = append(o.waiting, e.number)
	slices.Sort(o.waiting)
	if before != open {
		w.end(o, e.slot, before)
	}
	return true
}

// finish returns the world if the operation for which the call waited has ended with
// the result in the response.
func (m *model) finish(w *world, e event) []*world {
	_, success := e.waited()
	at := slices.IndexFunc(w.results, func(f finished) bool { return f.call == e.number })
	if at < 0 || (w.results[at].state == succeeded) != success {
		return nil
	}
	exists := w.results[at].last && w.slots[e.slot].status != absent
	if e.Deleted && exists || e.Cancelled && !w.results[at].cancelled {
		return nil
	}
	right := true
	next := w.with(func(w *world) {
		f := w.results[at]
		w.results = slices.Delete(w.results, at, at+1)
		if f.last && !success {
			w.slots[f.slot].last.delivered = true
		}
		if success && !e.Deleted && (e.Writer != "" || e.Kind == Provision || e.Kind == Bind) {
			right = w.returns(f, e)
		}
	})
	if !right {
		return nil
	}
	return []*world{next}
}

// returns reports whether the content of the response is that of the operation, or what
// the resource has at the end.
func (w *world) returns(f finished, e event) bool {
	switch {
	case f.id != "" && f.id == e.Writer, f.last && w.name(f.slot, e.Writer):
		return true
	case f.id == "" && !f.last && e.Writer != "" && !w.knows(e.Writer):
		w.past[e.Writer] = f.state
		return true
	default:
		s := &w.slots[f.slot]
		return (s.status == ready || s.status == updating || s.status == deleting) && (e.Kind != Bind || s.version == e.Version) && w.written(f.slot, e.Writer)
	}
}

// fetch returns the world if it has the resource of the response.
func (m *model) fetch(w *world, e event) []*world {
	s, allowed := &w.slots[e.slot], []int{http.StatusNotFound}
	switch {
	case e.slot == 0 && (s.status == updating || s.status == deleting):
		allowed = []int{http.StatusUnprocessableEntity}
		if s.cancelled.state == open {
			allowed = append(allowed, http.StatusNotFound)
		}
	case s.status == ready:
		allowed = []int{http.StatusOK}
	}
	if !slices.Contains(allowed, e.Status) {
		return nil
	}
	if e.Status != http.StatusOK {
		return []*world{w}
	}
	right := s.version == e.Found
	next := w.with(func(w *world) { right = right && w.written(e.slot, e.Writer) })
	if !right {
		return nil
	}
	return []*world{next}
}

// poll returns the world if the operation has the state of the response.
func (m *model) poll(w *world, e event) []*world {
	s := &w.slots[e.slot]
	isLast := e.Polled == "" || e.Polled == s.last.id
	found, deletion := s.last.state, s.last.kind == Deprovision || s.last.kind == Unbind
	if !isLast {
		found, deletion = w.past[e.Polled], false
		if s.cancelled.id == e.Polled {
			found = open
		}
	}
	switch {
	case found == "":
		if e.Status == http.StatusNotFound && e.Polled == "" {
			return []*world{w}
		}
		return nil
	case e.Status == http.StatusGone && deletion && found == succeeded:
		return []*world{w}
	case e.Status != http.StatusOK || e.State != string(found):
		return nil
	case isLast && found == failed && !s.last.delivered:
		return []*world{w.with(func(w *world) { w.slots[e.slot].last.delivered = true })}
	default:
		return []*world{w}
	}
}
