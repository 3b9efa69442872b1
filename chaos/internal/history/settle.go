package history

// Traits are the properties of a plan that decide about responses.
type Traits struct {
	// Asynchronous plans require clients that accept a 202.
	Asynchronous bool
	// Parallel plans allow operations on several bindings at a time.
	Parallel bool
	// Manual plans are not cleaned up after a failed creation.
	Manual bool
}

// model is the model of an instance with its bindings.
type model struct {
	Traits
	// forgetful is true if a response was lost, which may have shown a failure.
	forgetful bool
	// settled remembers what settle returned, by the key of the world.
	settled map[string][]*world
}

// settle returns all worlds that the world can become without a request, and the world
// itself first.
func (m *model) settle(w *world) []*world {
	key := w.key()
	if known := m.settled[key]; known != nil {
		return known
	}
	seen, worlds := map[string]bool{key: true}, []*world{w}
	for i := 0; i < len(worlds); i++ {
		for _, next := range m.progress(worlds[i]) {
			if key := next.key(); !seen[key] {
				seen[key] = true
				worlds = append(worlds, next)
			}
		}
	}
	m.settled[key] = worlds
	return worlds
}

// progress returns the worlds after each step that an operation can make.
func (m *model) progress(w *world) []*world {
	var next []*world
	step := func(change func(*world)) { next = append(next, w.with(change)) }
	for i := range w.slots {
		s := &w.slots[i]
		if m.forgetful && s.last.state == failed && !s.last.delivered {
			step(func(w *world) { w.slots[i].last.delivered = true })
		}
		if s.cancelled.state == open {
			step(func(w *world) {
				s := &w.slots[i]
				w.end(&s.cancelled, i, failed)
				w.archive(&s.cancelled)
			})
			continue // The deletion waits until the creation has stopped.
		}
		if s.status == broken && s.cleaning {
			step(func(w *world) { w.slots[i].cleaning = false })
			step(func(w *world) { w.slots[i].cleaning, w.slots[i].status = false, absent })
		}
		if s.last.state != open {
			continue
		}
		next = append(next, m.endings(w, i)...)
		if i == 0 && s.status == deleting {
			// The deletion of the instance deletes its bindings, one by one.
			for j := 1; j < len(w.slots); j++ {
				if w.slots[j].status == ready || w.slots[j].status == broken {
					step(func(w *world) { w.slots[j].status = absent })
				}
			}
		}
	}
	return next
}

// endings returns the worlds in which the last operation of slot i has ended.
func (m *model) endings(w *world, i int) []*world {
	success := w.with(func(w *world) {
		s := &w.slots[i]
		w.end(&s.last, i, succeeded)
		if s.last.kind == Deprovision || s.last.kind == Unbind {
			s.status = absent
			return
		}
		s.status, s.version, s.writer = ready, s.last.version, s.last.id
		if s.writer == "" {
			s.writer = unknownWriter
		}
	})
	failure := w.with(func(w *world) {
		s := &w.slots[i]
		w.end(&s.last, i, failed)
		switch s.last.kind {
		case Provision, Bind:
			s.status, s.cleaning = broken, !m.Manual
		case Update:
			s.status = ready
		default:
			s.status = s.before
		}
	})
	worlds := []*world{success, failure}
	if i == 0 && success.slots[0].status == absent {
		for j := 1; j < len(success.slots); j++ {
			success.slots[j].status = absent
		}
	}
	if failure.slots[i].status == broken && !failure.slots[i].cleaning && !m.Manual {
		// A deletion failed after a failed creation: the clean-up may begin again.
		worlds = append(worlds, failure.with(func(w *world) { w.slots[i].cleaning = true }))
	}
	return worlds
}
