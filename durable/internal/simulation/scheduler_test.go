package simulation_test

import (
	"context"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// A scheduler decides what happens next. Every goroutine of the simulation parks before and
// after each step that others can see. Once all of them are blocked, the scheduler releases
// one, or lets time pass. So the seed alone decides the order of the steps, although the
// goroutines between two steps run as the runtime likes.
type scheduler struct {
	random *rand.Rand

	mu     sync.Mutex
	parked []*step
	// alarm receives a value when an instant step is parked.
	alarm chan struct{}

	trace interface {
		io.Writer
		Sum64() uint64
	}
	// log, unless nil, gets the trace as text.
	log   *strings.Builder
	steps int
}

func newScheduler(seed uint64) *scheduler {
	return &scheduler{random: rand.New(rand.NewPCG(seed, 0)), trace: fnv.New64a(), alarm: make(chan struct{}, 1)}
}

// A step is where a goroutine waits for the scheduler.
type step struct {
	// label says which step it is: the order of equal labels is that of their arrival.
	label string
	kind  stepKind
	// of is the replica whose step it is: it waits while the replica is paused.
	of *replica
	// about says what the step is, for the fault that may meet it.
	about string
	// instant says that no time passes while the step is parked.
	instant bool
	// held, unless nil, says that the step cannot be released yet.
	held func() bool

	round    int
	since    time.Time
	released chan decision
}

type stepKind int

const (
	beforeCall stepKind = iota
	afterCall
	provides
	answers
	stopped
)

// A decision is what the scheduler tells a step that it releases.
type decision struct {
	// dead says that the process of the step has been killed.
	dead bool
	// fails says that a call of the store fails here.
	fails bool
	// coin is a random number for the step.
	coin uint32
}

// park waits until the scheduler releases the step.
func (s *scheduler) park(p *step) decision {
	s.enlist(p)
	return <-p.released
}

// parkUntil is like park. It returns false if ctx ends first.
func (s *scheduler) parkUntil(ctx context.Context, p *step) (decision, bool) {
	s.enlist(p)
	select {
	case d := <-p.released:
		return d, true
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.parked = slices.DeleteFunc(s.parked, func(other *step) bool { return other == p })
		return decision{}, false
	}
}

func (s *scheduler) enlist(p *step) {
	p.released, p.since = make(chan decision, 1), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p.round = s.steps
	s.parked = append(s.parked, p)
	if p.instant {
		select {
		case s.alarm <- struct{}{}:
		default:
		}
	}
}

// wait lets time pass, until an instant step is parked.
func (s *scheduler) wait(d time.Duration) {
	select {
	case <-s.alarm: // From before.
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.alarm:
	}
}

// settle waits until all goroutines are blocked, and returns the parked steps in an order
// that does not depend on the runtime.
func (s *scheduler) settle() []*step {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.parked, func(a, b *step) int {
		if order := strings.Compare(a.label, b.label); order != 0 {
			return order
		}
		return a.round - b.round
	})
	return slices.Clone(s.parked)
}

// release lets the step go on.
func (s *scheduler) release(p *step, d decision) {
	s.mu.Lock()
	s.parked = slices.DeleteFunc(s.parked, func(other *step) bool { return other == p })
	s.mu.Unlock()
	p.released <- d
}

// note adds a line to the trace.
func (s *scheduler) note(parts ...string) {
	s.steps++
	for _, part := range parts {
		_, _ = io.WriteString(s.trace, part)
	}
	_, _ = s.trace.Write([]byte{'\n'})
	if s.log == nil {
		return
	}
	s.log.WriteString(time.Now().Format("15:04:05.000000000 "))
	for _, part := range parts {
		s.log.WriteString(part)
		s.log.WriteByte(' ')
	}
	s.log.WriteByte('\n')
}

// chance is true in n of 1000 cases.
func (s *scheduler) chance(n int) bool { return s.random.IntN(1000) < n }

// between returns a duration, to a nanosecond, so that two timers hardly ever end at the same
// time.
func (s *scheduler) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.random.Int64N(int64(most-least)))
}

// pick returns one of the values.
func pick[T any](s *scheduler, values ...T) T { return values[s.random.IntN(len(values))] }
