package console

import (
	"strconv"
	"time"
)

// ReturnPath is returnPath.
var ReturnPath = returnPath

// SetClock replaces the clock.
func (o *OIDC) SetClock(now func() time.Time) { o.now = now }

// BeginSessions begins sessions of as many users.
func (c *Console) BeginSessions(count int) {
	for i := range count {
		c.guard.login.sessions.begin(user{Name: "user", Subject: strconv.Itoa(i), Session: true})
	}
}

// Sessions returns how many sessions there are.
func (c *Console) Sessions() int {
	c.guard.login.sessions.mu.Lock()
	defer c.guard.login.sessions.mu.Unlock()
	return len(c.guard.login.sessions.byToken)
}
