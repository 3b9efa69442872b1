package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

const (
	// maxSessions limits the sessions of all users, and maxUserSessions those of one,
	// so that a single user cannot end the sessions of all others.
	maxSessions     = 1024
	maxUserSessions = 16
)

// A session is a browser that has logged in.
type session struct {
	user        user
	begun, used time.Time
}

// sessions are the sessions of a console. They are kept in memory, so that a logout
// ends a session for good, and the cookie has nothing but a random token.
type sessions struct {
	lifetime, idle time.Duration
	now            func() time.Time

	mu sync.Mutex
	// byToken has the hashes of tokens, so that neither a copy of the memory nor the
	// time of a look-up shows a token.
	byToken map[[sha256.Size]byte]*session
}

func newSessions(config *OIDC) *sessions {
	return &sessions{lifetime: config.SessionLifetime, idle: config.IdleTimeout, now: config.now, byToken: map[[sha256.Size]byte]*session{}}
}

func randomToken() string {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // It never returns an error.
	return base64.RawURLEncoding.EncodeToString(token)
}

// begin begins a session, and returns its token. If there are too many, the session
// that was not used for the longest time ends.
func (s *sessions) begin(u user) string {
	token, now := randomToken(), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, other := range s.byToken {
		if s.over(other, now) {
			delete(s.byToken, key)
		}
	}
	s.limit(maxUserSessions, func(other *session) bool { return other.user.Subject == u.Subject })
	s.limit(maxSessions, func(*session) bool { return true })
	s.byToken[sha256.Sum256([]byte(token))] = &session{user: u, begun: now, used: now}
	return token
}

// limit makes room for one more session of a kind.
func (s *sessions) limit(most int, of func(*session) bool) {
	count := 0
	var last *session
	var key [sha256.Size]byte
	for k, other := range s.byToken {
		if !of(other) {
			continue
		}
		count++
		if last == nil || other.used.Before(last.used) {
			key, last = k, other
		}
	}
	if count >= most {
		delete(s.byToken, key)
	}
}

func (s *sessions) over(of *session, now time.Time) bool {
	return now.Sub(of.begun) >= s.lifetime || now.Sub(of.used) >= s.idle
}

// find returns the user of a session. use says that the user has sent the request.
func (s *sessions) find(token string, use bool) (user, bool) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(token))
	found := s.byToken[key]
	if found == nil {
		return user{}, false
	}
	if s.over(found, now) {
		delete(s.byToken, key)
		return user{}, false
	}
	if use {
		found.used = now
	}
	return found.user, true
}

// end ends a session, if there is one with the token.
func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byToken, sha256.Sum256([]byte(token)))
}
