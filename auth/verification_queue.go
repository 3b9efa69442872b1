package auth

import (
	"context"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/openbroker/openbroker"
)

const (
	// maxWaiting bounds the requests that wait for the verification of a hash.
	// It exceeds the number of connections of a typical guesser: a waiting
	// request costs little, and a rejected one may come from the platform.
	maxWaiting = 512
	// maxAccepted bounds the senders that are remembered after a login.
	maxAccepted = 4096
)

var errTooManyChecks = openbroker.ErrUnavailable.
	WithDescription("The broker is verifying too many logins. Try again.").
	WithRetryAfter(time.Second).
	WithCause(errQueueFull)

// A sender identifies the client of a request before its password is verified.
type sender struct {
	network  netip.Addr
	username string
}

// networkOf returns the IPv4 address of a peer, or the /64 network of its IPv6
// address, which a single host may own. It returns the zero value for a peer
// without a valid address.
func networkOf(remote string) netip.Addr {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	address := peer.Addr().Unmap().WithZone("")
	if address.Is6() {
		if network, err := address.Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return address
}

// verifications decides whose password is verified next. Senders that have logged
// in before go first. All others take turns by address and, within an address, by
// user name, because the address may be that of a proxy. So a guesser with many
// connections delays its own requests and not those of others.
type verifications struct {
	mu               sync.Mutex
	slots, free      int
	known, strangers line

	acceptedMu sync.RWMutex
	accepted   map[sender]struct{}
}

func newVerifications(slots int) *verifications {
	return &verifications{slots: slots, free: slots, accepted: map[sender]struct{}{}}
}

// verificationSlots returns how many hashes are verified at a time.
func verificationSlots() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// acquire waits for the turn of a sender. If it returns nil, the caller must call
// release.
func (v *verifications) acquire(ctx context.Context, who sender) *openbroker.Error {
	w := &waiter{sender: who, turn: make(chan bool, 1)}
	if v.enter(w) {
		return nil
	}
	select {
	case granted := <-w.turn:
		if !granted {
			return errTooManyChecks
		}
		return nil
	case <-ctx.Done():
		v.leave(w)
		return openbroker.ErrUnavailable.WithCause(ctx.Err())
	}
}

// enter reports whether w can proceed without waiting. If not, it puts w in a line.
func (v *verifications) enter(w *waiter) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.free > 0 {
		v.free--
		return true
	}
	w.line = &v.strangers
	if v.knows(w.sender) {
		w.line = &v.known
	}
	w.line.push(w, w.keys())
	if v.known.length+v.strangers.length > maxWaiting {
		last, crowd := v.strangers.last()
		if known, others := v.known.last(); others > crowd {
			last = known
		}
		last.line.remove(last, last.keys())
		last.line = nil
		last.turn <- false
	}
	return false
}

// leave removes w from its line, because its request has ended.
func (v *verifications) leave(w *waiter) {
	v.mu.Lock()
	waiting := w.line != nil
	if waiting {
		w.line.remove(w, w.keys())
	}
	v.mu.Unlock()
	if !waiting && <-w.turn {
		v.release()
	}
}

// release ends a turn and grants it to the next waiter.
func (v *verifications) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.known.length > 0 {
		w := v.known.pop()
		if v.knows(w.sender) {
			w.grant()
			return
		}
		w.line = &v.strangers // Its sender was refused in the meantime.
		w.line.push(w, w.keys())
	}
	if v.strangers.length > 0 {
		v.strangers.pop().grant()
		return
	}
	v.free++
}

func (v *verifications) knows(who sender) bool {
	v.acceptedMu.RLock()
	defer v.acceptedMu.RUnlock()
	_, known := v.accepted[who]
	return known
}

// remember records that a sender has logged in.
func (v *verifications) remember(who sender) {
	if v.knows(who) {
		return
	}
	v.acceptedMu.Lock()
	defer v.acceptedMu.Unlock()
	if len(v.accepted) >= maxAccepted {
		for other := range v.accepted {
			delete(v.accepted, other)
			break
		}
	}
	v.accepted[who] = struct{}{}
}

// forget makes a sender a stranger again: its password was wrong, so it may be a
// guesser at the address of a platform.
func (v *verifications) forget(who sender) {
	v.acceptedMu.Lock()
	defer v.acceptedMu.Unlock()
	delete(v.accepted, who)
}

// A waiter is a request that waits for its turn.
type waiter struct {
	sender sender
	// turn delivers true when the turn is granted, and false when the request is
	// rejected because too many are waiting.
	turn chan bool
	line *line // nil once it has stopped waiting; guarded by verifications.mu
}

func (w *waiter) grant() {
	w.line = nil
	w.turn <- true
}

func (w *waiter) keys() []string { return []string{w.sender.network.String(), w.sender.username} }

// A line is a queue in which keys take turns. A waiter has several keys: the line
// has an inner line for each first key, that one has inner lines for each second
// key, and so on. The innermost lines are first in, first out.
type line struct {
	length  int
	waiters []*waiter // of an innermost line
	turns   []string  // keys with waiters, the next one first
	lines   map[string]*line
}

func (l *line) push(w *waiter, keys []string) {
	l.length++
	if len(keys) == 0 {
		l.waiters = append(l.waiters, w)
		return
	}
	inner := l.lines[keys[0]]
	if inner == nil {
		inner = &line{}
		if l.lines == nil {
			l.lines = map[string]*line{}
		}
		l.lines[keys[0]] = inner
		l.turns = append(l.turns, keys[0])
	}
	inner.push(w, keys[1:])
}

// pop removes the next waiter and returns it. The line must not be empty.
func (l *line) pop() *waiter {
	l.length--
	if len(l.turns) == 0 {
		w := l.waiters[0]
		l.waiters = l.waiters[1:]
		return w
	}
	key := l.turns[0]
	w := l.lines[key].pop()
	l.turns = l.turns[1:]
	if l.lines[key].length > 0 {
		l.turns = append(l.turns, key)
	} else {
		delete(l.lines, key)
	}
	return w
}

// remove removes w, which must be in the line.
func (l *line) remove(w *waiter, keys []string) {
	l.length--
	if len(keys) == 0 {
		l.waiters = slices.DeleteFunc(l.waiters, func(other *waiter) bool { return other == w })
		return
	}
	l.lines[keys[0]].remove(w, keys[1:])
	if l.lines[keys[0]].length == 0 {
		delete(l.lines, keys[0])
		l.turns = slices.DeleteFunc(l.turns, func(key string) bool { return key == keys[0] })
	}
}

// last returns the newest waiter of the longest inner line, and the length of that
// line. It returns nil and 0 for an empty line.
func (l *line) last() (w *waiter, crowd int) {
	if n := len(l.waiters); n > 0 {
		return l.waiters[n-1], n
	}
	var longest *line
	for _, key := range l.turns {
		if inner := l.lines[key]; inner.length > crowd {
			longest, crowd = inner, inner.length
		}
	}
	if longest != nil {
		w, _ = longest.last()
	}
	return w, crowd
}
