package history

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// A History has the calls about one instance and its bindings.
type History struct {
	Traits
	Calls []Call
}

// The errors of [History.Check].
var (
	// ErrViolation means that no order of the decisions explains the responses.
	ErrViolation = errors.New("the history is not linearizable")
	// ErrUnknown means that the time was too short. It is no success.
	ErrUnknown = errors.New("the search for an order took too long")
)

// Check searches for an order of the decisions that explains all responses.
func (h History) Check(limit time.Duration) error {
	return check(h.model(), h.operations(), limit)
}

func check(m porcupine.Model, operations []porcupine.Operation, limit time.Duration) error {
	switch porcupine.CheckOperationsTimeout(m, operations, limit) {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return ErrViolation
	default:
		return ErrUnknown
	}
}

// Explain says after which response no order explains the history. It returns "" if an
// order explains all of it, or if it has no result within the limit.
// Requests that were open at that time may have taken effect.
func (h History) Explain(limit time.Duration) string {
	byEnd := slices.Clone(h.Calls)
	slices.SortStableFunc(byEnd, func(a, b Call) int { return cmp.Compare(a.Answered, b.Answered) })
	m, start := h.model(), time.Now()
	for i := range byEnd {
		rest := limit - time.Since(start)
		if rest <= 0 {
			return ""
		}
		begun := History{Traits: h.Traits}
		for _, call := range byEnd {
			if call.Sent > byEnd[i].Answered {
				continue
			}
			if call.Answered > byEnd[i].Answered {
				call.Answer = Answer{Lost: true}
			}
			begun.Calls = append(begun.Calls, call)
		}
		if err := check(m, begun.operationsOf(h.bindings()), rest); errors.Is(err, ErrViolation) {
			return "after the response: " + byEnd[i].String()
		}
	}
	return ""
}

// Draw writes an HTML page that shows the history and how far orders explain it.
func (h History) Draw(path string, limit time.Duration) error {
	m := h.model()
	_, info := porcupine.CheckOperationsVerbose(m, h.operations(), limit)
	return porcupine.VisualizePath(m, info, path)
}

// String lists the calls in the order of their responses.
func (h History) String() string {
	calls := slices.Clone(h.Calls)
	slices.SortStableFunc(calls, func(a, b Call) int { return cmp.Compare(a.Answered, b.Answered) })
	var b strings.Builder
	for i := range calls {
		_, _ = fmt.Fprintf(&b, "%10.3f to %10.3f ms, client %d: %v\n", float64(calls[i].Sent)/1e6, float64(calls[i].Answered)/1e6, calls[i].Client, &calls[i])
	}
	return b.String()
}

// bindings returns the names of the bindings in the history.
func (h History) bindings() []string {
	var names []string
	for i := range h.Calls {
		if name := h.Calls[i].Binding; name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// operations returns the events of the calls. A call that waited for an operation
// has two: the broker decides about it, and then the operation ends.
func (h History) operations() []porcupine.Operation { return h.operationsOf(h.bindings()) }

func (h History) operationsOf(bindings []string) []porcupine.Operation {
	var operations []porcupine.Operation
	end := int64(0)
	for i := range h.Calls {
		end = max(end, h.Calls[i].Answered)
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		if c.reads() && c.uncertain() {
			continue
		}
		e := event{Call: c, number: i, slot: slices.Index(bindings, c.Binding) + 1}
		o := porcupine.Operation{ClientId: c.Client, Input: e, Call: c.Sent, Return: c.Answered}
		if c.uncertain() {
			o.Return = end + 1 // It may take effect at any later time.
		}
		operations = append(operations, o)
		if result, _ := c.waited(); result {
			e.ends = true
			o.Input = e
			operations = append(operations, o)
		}
	}
	return operations
}

// worlds is the set of possible worlds: the state that porcupine follows.
type worlds struct {
	list []*world
	key  string
}

func (h History) model() porcupine.Model {
	m := &model{Traits: h.Traits, settled: map[string][]*world{}}
	for i := range h.Calls {
		m.forgetful = m.forgetful || h.Calls[i].uncertain()
	}
	bindings := len(h.bindings())
	return porcupine.Model{
		Init: func() any { return m.distinct([]*world{newWorld(bindings)}) },
		Step: func(state, input, _ any) (bool, any) {
			before, _ := state.(worlds)
			e, _ := input.(event)
			var next []*world
			for _, w := range before.list {
				next = append(next, m.step(w, e)...)
			}
			after := m.distinct(next)
			return len(after.list) > 0, after
		},
		Equal: func(a, b any) bool {
			x, _ := a.(worlds)
			y, _ := b.(worlds)
			return x.key == y.key
		},
		Hash: func(state any) uint64 {
			w, _ := state.(worlds)
			hash := fnv.New64a()
			_, _ = hash.Write([]byte(w.key)) // never fails
			return hash.Sum64()
		},
		DescribeOperation: func(input, _ any) string {
			e, _ := input.(event)
			if e.ends {
				return "end of " + e.String()
			}
			return e.String()
		},
		DescribeState: func(state any) string {
			w, _ := state.(worlds)
			return w.key
		},
	}
}

// distinct returns the set without the worlds that another one can become anyway.
func (m *model) distinct(list []*world) worlds {
	reachable, byKey := map[string]bool{}, map[string]*world{}
	for _, w := range list {
		byKey[w.key()] = w
	}
	if len(byKey) > 1 {
		for _, w := range byKey {
			for _, later := range m.settle(w)[1:] {
				reachable[later.key()] = true
			}
		}
	}
	var set worlds
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		if !reachable[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		set.list = append(set.list, byKey[key])
	}
	set.key = strings.Join(keys, "\n\n")
	return set
}
