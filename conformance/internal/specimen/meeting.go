package specimen

import (
	"net/http"
	"sync"
	"time"
)

// A meeting makes two requests for the same resource run at the same time. So a test
// always finds the fault of a broker that reads before it locks.
type meeting struct {
	mu      sync.Mutex
	waiting map[string]chan struct{}
	met     map[*request]bool
}

// patience is how long a request waits for another one. A test of concurrent
// requests sends both at the same time.
const patience = 100 * time.Millisecond

// meet breaks the clauses on concurrent requests ("Blocking Operations"). A
// request waits for another request for the same resource. Then it behaves as
// if it were alone, or fails.
func (b *Broker) meet(q *request) *refusal {
	switch {
	case b.broken("concurrency.double-provision") && q.endpoint == provision,
		b.broken("concurrency.double-bind") && q.endpoint == bind,
		b.broken("concurrency.double-unbind") && q.endpoint == unbind,
		b.broken("concurrency.double-deprovision") && q.endpoint == deprovision:
		b.meeting.wait(q)
	case b.broken("concurrency.two-bindings-500") && q.endpoint == bind,
		b.broken("concurrency.two-service-manager-binds-500") && q.endpoint == bind,
		b.broken("concurrency.two-unbinds-500") && q.endpoint == unbind:
		if b.meeting.waitFor(q, q.instanceID); b.met(q) {
			return refuse(http.StatusInternalServerError, "", "could not serialize access due to concurrent update")
		}
	case b.broken("concurrency.provision-500") && q.endpoint == provision,
		b.broken("concurrency.bind-500") && q.endpoint == bind,
		b.broken("concurrency.unbind-500") && q.endpoint == unbind,
		b.broken("concurrency.deprovision-500") && q.endpoint == deprovision:
		if b.meeting.wait(q); b.met(q) {
			return refuse(http.StatusInternalServerError, "", "duplicate key value violates unique constraint")
		}
	}
	return nil
}

// wait returns when another request arrives, or after patience.
func (m *meeting) wait(q *request) { m.waitFor(q, q.instanceID+"\x00"+q.bindingID) }

// waitFor waits for a request with the same key.
func (m *meeting) waitFor(q *request, key string) {
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
	case <-timer.C:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-arrived:
		m.met[q] = true
	default:
		delete(m.waiting, key)
	}
}

// met reports whether the request met another one.
func (b *Broker) met(q *request) bool {
	b.meeting.mu.Lock()
	defer b.meeting.mu.Unlock()
	return b.meeting.met[q]
}

// hesitate exceeds the time limits of platforms.
func (b *Broker) hesitate(q *request) {
	var delay time.Duration
	switch {
	case b.broken("catalog.after-11s") && q.endpoint == catalog:
		delay = 11 * time.Second
	case b.broken("catalog.after-61s") && q.endpoint == catalog:
		delay = 61 * time.Second
	default:
		return
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.Context().Done():
	}
}
