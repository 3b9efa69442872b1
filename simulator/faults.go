package simulator

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// A request has the attributes that select a fault of the control endpoint.
type request struct {
	on                            Operation
	instanceID, bindingID, planID string
}

// faults are the faults of the control endpoint. They are in memory: each
// process has its own, and a restart removes them.
type faults struct {
	mu  sync.Mutex
	set []countedFault
}

type countedFault struct {
	Fault
	seen int
}

// replace replaces all faults.
func (s *faults) replace(set []Fault) error {
	counted := make([]countedFault, len(set))
	for i, f := range set {
		if err := f.validate(inControl); err != nil {
			return fmt.Errorf("faults[%d]%w", i, err)
		}
		counted[i] = countedFault{Fault: f}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set = counted
	return nil
}

// list returns the faults.
func (s *faults) list() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := make([]Fault, len(s.set))
	for i := range s.set {
		set[i] = s.set[i].Fault
	}
	return set
}

// take returns the first wanted fault for the request that is not used up, or
// nil. It counts the request for each matching fault up to the returned one.
func (s *faults) take(at request, wanted func(*Fault) bool) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.set {
		f := &s.set[i]
		if !wanted(&f.Fault) || !f.hits(at) {
			continue
		}
		f.seen++
		if times := f.times(Always); f.seen > f.Skip && (times == Always || f.seen <= f.Skip+int(times)) {
			hit := f.Fault
			return &hit
		}
	}
	return nil
}

// hits reports whether the fault applies to the request.
func (f *Fault) hits(at request) bool {
	switch {
	case f.On != "" && f.On != at.on,
		f.On == "" && f.WrongState != "" && !slices.Contains(polls, at.on),
		f.InstanceID != "" && f.InstanceID != at.instanceID,
		f.BindingID != "" && f.BindingID != at.bindingID,
		f.Plan != "" && f.Plan != at.planID && f.Plan != planNames[at.planID]:
		return false
	}
	return true
}

// delay is the delay of the control endpoint.
type delay struct {
	mu sync.Mutex
	d  time.Duration
}

func (d *delay) get() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.d
}

func (d *delay) put(value time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.d = value
}
