package history

// A decision is what the broker decides about a request.
type decision string

const (
	began decision = "began"
	// joined: the last operation of the slot answers the request.
	joined decision = "joined"
	// same: the resource exists with the same attributes.
	same     decision = "same"
	conflict decision = "409"
	busy     decision = "ConcurrencyError"
	gone     decision = "410"
	missing  decision = "404"
)

// decide returns the decisions that docs/operation-states.md allows about a request
// that changes something. Where it allows several, the tables of requests and states
// overlap, or two documents leave it open.
func (m *model) decide(w *world, i int, c *Call) []decision {
	switch c.Kind {
	case Provision:
		return m.create(w, i, c.Version)
	case Bind:
		return m.bind(w, i, c.Version)
	case Update:
		return m.update(w, c.Version)
	case Deprovision:
		return m.remove(w, i)
	case Unbind:
		return m.unbind(w, i)
	default:
		return nil
	}
}

// undelivered reports whether the last operation of the slot is of the kind, and failed
// without a response that showed the failure.
func (s *slot) undelivered(kinds ...Kind) bool {
	for _, kind := range kinds {
		if s.last.kind == kind && s.last.state == failed && !s.last.delivered {
			return true
		}
	}
	return false
}

func (m *model) create(w *world, i, version int) []decision {
	s := &w.slots[i]
	identical := s.version == version
	switch s.status {
	case absent:
		if identical && s.undelivered(Provision, Bind) {
			return []decision{joined}
		}
		return []decision{began}
	case creating:
		if identical {
			return []decision{joined}
		}
		return []decision{conflict}
	case ready:
		if identical {
			return []decision{same}
		}
		return []decision{conflict}
	case broken:
		switch {
		case identical && s.undelivered(Provision, Bind):
			return []decision{joined}
		case s.cleaning:
			return []decision{busy}
		default:
			return []decision{conflict}
		}
	default:
		return []decision{busy}
	}
}

// bind decides about a binding. A request that has to wait for another binding may wait
// too long.
func (m *model) bind(w *world, i, version int) []decision {
	instance, decisions := w.slots[0].status, m.create(w, i, version)
	switch {
	case w.slots[i].status != absent && (instance != ready || m.waits(w, i)):
		return append(decisions, busy)
	case w.slots[i].status != absent:
		return decisions
	case instance == absent:
		return []decision{missing}
	case instance == broken:
		return []decision{missing, busy}
	case instance != ready:
		return []decision{busy}
	case !m.waits(w, i):
		return decisions
	case decisions[0] == joined:
		return []decision{joined, busy}
	default:
		return []decision{busy}
	}
}

// waits reports whether an operation on another binding excludes one on slot i.
func (m *model) waits(w *world, i int) bool {
	if m.Parallel {
		return false
	}
	for j := 1; j < len(w.slots); j++ {
		if j != i && w.slots[j].busy() {
			return true
		}
	}
	return false
}

// binding reports whether an operation works on a binding.
func (w *world) binding() bool {
	for j := 1; j < len(w.slots); j++ {
		if w.slots[j].busy() {
			return true
		}
	}
	return false
}

func (m *model) update(w *world, version int) []decision {
	s := &w.slots[0]
	switch s.status {
	case absent, broken:
		return []decision{missing}
	case ready:
		var decisions []decision
		if s.version == version {
			decisions = append(decisions, same)
		}
		if w.binding() {
			return append(decisions, busy)
		}
		if decisions == nil {
			return []decision{began}
		}
		return decisions
	case updating:
		if s.last.version == version {
			return []decision{joined}
		}
		return []decision{busy}
	default:
		return []decision{busy}
	}
}

func (m *model) remove(w *world, i int) []decision {
	s := &w.slots[i]
	switch s.status {
	case absent:
		return []decision{gone}
	case creating:
		return []decision{began}
	case deleting:
		return []decision{joined}
	case updating:
		return []decision{busy}
	default:
		if i == 0 && w.binding() {
			return []decision{busy}
		}
		if s.undelivered(Deprovision, Unbind) {
			return []decision{joined}
		}
		return []decision{began}
	}
}

func (m *model) unbind(w *world, i int) []decision {
	decisions, instance := m.remove(w, i), w.slots[0].status
	switch {
	case w.slots[i].status == absent && instance != ready && instance != absent:
		return append(decisions, busy)
	case w.slots[i].status == ready || w.slots[i].status == broken:
		if instance != ready || m.waits(w, i) {
			return []decision{busy}
		}
	}
	return decisions
}
