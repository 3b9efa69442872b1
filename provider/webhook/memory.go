package webhook

import (
	"sync"
	"time"
)

// maxRemembered bounds the ids in memory. Only senders with a secret add to them.
const maxRemembered = 1 << 16

// A memory has the ids of messages that were accepted, for as long as their signatures
// are valid: a signature from the future is valid for longer than the tolerance.
type memory struct {
	tolerance time.Duration

	mu   sync.Mutex
	seen map[string]sighting
	// next is when ids are forgotten next.
	next time.Time
}

type sighting struct {
	until time.Time
	done  bool
}

// A recollection is what a memory knows about a message.
type recollection int

const (
	isNew recollection = iota
	isPending
	isDone
	// isFull says that the memory has no room.
	isFull
)

// note remembers a message as pending, and returns what the memory knew before.
func (m *memory) note(message signed, now time.Time) recollection {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]sighting{}
	}
	if now.After(m.next) || len(m.seen) >= maxRemembered {
		m.next = now.Add(m.tolerance)
		for id, s := range m.seen {
			if now.After(s.until) {
				delete(m.seen, id)
			}
		}
	}
	switch s, known := m.seen[message.id]; {
	case known && s.done:
		return isDone
	case known:
		return isPending
	case len(m.seen) >= maxRemembered:
		return isFull
	}
	// A second is cut off from the time, and verify allows for it.
	m.seen[message.id] = sighting{until: message.at.Add(m.tolerance + 2*time.Second)}
	return isNew
}

// conclude ends a pending message. One that was not accepted may be sent again.
func (m *memory) conclude(message signed, accepted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !accepted {
		delete(m.seen, message.id)
		return
	}
	s := m.seen[message.id]
	s.done = true
	m.seen[message.id] = s
}
