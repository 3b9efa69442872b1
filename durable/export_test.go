package durable

// Held tells how much the engine keeps in memory: all of it is zero when nothing
// is being done.
func (e *Engine) Held() (runs, watchers, turns, slots int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.turns.mu.Lock()
	defer e.turns.mu.Unlock()
	e.queues.mu.Lock()
	defer e.queues.mu.Unlock()
	return len(e.runs), len(e.watchers), len(e.turns.taken) + len(e.queues.taken), e.places.held()
}

// Waiting tells how many requests wait for the end of an operation.
func (e *Engine) Waiting() (requests int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, watchers := range e.watchers {
		requests += len(watchers)
	}
	return requests
}
