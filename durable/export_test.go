package durable

// Held counts what the engine keeps in memory. All counts are zero when it is idle.
func (e *Engine) Held() (runs, watchers, turns, slots int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.turns.mu.Lock()
	defer e.turns.mu.Unlock()
	e.queues.mu.Lock()
	defer e.queues.mu.Unlock()
	return len(e.runs), len(e.watchers), len(e.turns.taken) + len(e.queues.taken), e.places.held()
}

// Waiting counts the requests that wait for the end of an operation.
func (e *Engine) Waiting() (requests int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, watchers := range e.watchers {
		requests += len(watchers)
	}
	return requests
}

// WaitingFor counts the requests that wait for the end of the operation with the id.
func (e *Engine) WaitingFor(id string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.watchers[id])
}
