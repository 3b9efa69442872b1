package specimen

import (
	"sync"
	"time"
)

// A meeting makes two requests for one thing meet, so that the fault of a broker
// that looks first and locks later shows each time.
type meeting struct {
	mu      sync.Mutex
	waiting map[string]chan struct{}
	met     map[*request]bool
}

// patience is how long a request waits for another one. A test of concurrent
// requests sends the other at once.
const patience = 100 * time.Millisecond

// meet waits for another request for the same thing, if the mutation is about
// that.
func (b *Broker) meet(q *request) {
	if (!b.broken("concurrency.double-provision") || q.endpoint != provision) &&
		(!b.broken("concurrency.double-bind") || q.endpoint != bind) {
		return
	}
	key := q.instanceID + "\x00" + q.bindingID
	m := &b.meeting
	m.mu.Lock()
	if m.waiting == nil {
		m.waiting, m.met = map[string]chan struct{}{}, map[*request]bool{}
	}
	if other, found := m.waiting[key]; found {
		m.met[q] = true
		delete(m.waiting, key)
		close(other)
		m.mu.Unlock()
		return
	}
	arrived := make(chan struct{})
	m.waiting[key] = arrived
	m.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-arrived:
		m.mu.Lock()
		m.met[q] = true
		m.mu.Unlock()
	case <-timer.C:
		m.mu.Lock()
		if m.waiting[key] == arrived {
			delete(m.waiting, key)
		}
		m.mu.Unlock()
	}
}

// metSame reports whether the request met another one and so believes that
// there is nothing yet.
func (b *Broker) metSame(q *request) bool {
	b.meeting.mu.Lock()
	defer b.meeting.mu.Unlock()
	return b.meeting.met[q]
}
