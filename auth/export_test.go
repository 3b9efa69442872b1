package auth

import "time"

// SetClock sets the clock that checks the expiry of tokens.
func (c *BearerConfig) SetClock(now func() time.Time) { c.now = now }

// OccupySlots takes all slots for the verification of hashes, as a flood of
// requests does, until release is called.
func (b *Basic) OccupySlots() (release func()) {
	q := b.queue
	q.mu.Lock()
	taken := q.free
	q.free = 0
	q.mu.Unlock()
	return func() {
		for range taken {
			q.release()
		}
	}
}

// SetSlots sets how many hashes are verified at a time. No verification may be in
// progress.
func (b *Basic) SetSlots(slots int) { b.queue = newVerifications(slots) }

// Waiting returns how many requests wait for a verification.
func (b *Basic) Waiting() int {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	return b.queue.known.length + b.queue.strangers.length
}

// BeforeVerification makes each verification of a current credential call f first.
func (b *Basic) BeforeVerification(f func(password string)) {
	for _, e := range b.state.Load().entries {
		if e.hash == nil {
			continue
		}
		if hooked, ok := e.hash.(hookedHash); ok {
			e.hash = hooked.passwordHash
		}
		e.hash = hookedHash{e.hash, f}
	}
}

type hookedHash struct {
	passwordHash
	before func(password string)
}

func (h hookedHash) verify(password []byte) bool {
	h.before(string(password))
	return h.passwordHash.verify(password)
}

// Rounds returns how many hashes a failing check verifies.
func (b *Basic) Rounds() int { return b.state.Load().rounds }

const MaxWaiting = maxWaiting
