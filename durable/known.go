package durable

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// knownFor is how long what this replica has written serves at most. It must end
	// before the record can be deleted and pruned, because its revisions begin again then.
	knownFor = 30 * time.Second
	// knownClock is how old the offset of the database's clock may be for a guess: a read
	// renews it.
	knownClock = 10 * time.Second
	// knownBytes bounds the memory, and knownBindings the bindings of an instance.
	knownBytes    = 1 << 20
	knownBindings = 16
	// knownOverhead is about the size of a record without its data.
	knownOverhead = 512
)

// A basis is what a decision is made from. Only the acceptance, which expects the
// revision, shows that it is up to date.
type basis struct {
	*Snapshot
	// known, unless nil, is where the snapshot comes from instead of the store.
	known *knownInstance
}

// A knownInstance is an instance at one revision, as this replica has written it. It is
// right about that revision, but another replica may have written a later one: it serves
// for decisions whose acceptance expects the revision, and for no refusal.
type knownInstance struct {
	instance InstanceRecord
	// bindings are those that are known, by id. nil is a binding without a record. all
	// says that the others have no record.
	bindings map[string]*BindingRecord
	all      bool
	// succeeded are the ids of the bindings whose last operation succeeded, and "" for the
	// instance. Internal operations do not count.
	succeeded map[string]bool
}

// basis returns what a decision on the key is made from, or nil if too little is known.
func (k *knownInstance) basis(key Key, now time.Time) *basis {
	instance := k.instance
	s := &basis{Snapshot: &Snapshot{Now: now, Instance: &instance}, known: k}
	if key.BindingID == "" {
		return s
	}
	known, found := k.bindings[key.BindingID]
	if !found && !k.all {
		return nil
	}
	if known != nil {
		binding := *known
		s.Binding = &binding
	}
	return s
}

// after returns the instance after an acceptance on the key, or nil unless its operation
// is the only open one.
func (s *basis) after(key Key, a *Acceptance, now time.Time) *knownInstance {
	if a.Operation == nil || a.Cancel != "" || len(s.Open) > 0 {
		return nil
	}
	k := &knownInstance{instance: a.Instance, bindings: map[string]*BindingRecord{}, succeeded: map[string]bool{}}
	if s.known != nil {
		maps.Copy(k.bindings, s.known.bindings)
		maps.Copy(k.succeeded, s.known.succeeded)
		k.all = s.known.all
	}
	k.instance.Revision, k.instance.UpdatedAt = a.Expect+1, now
	if a.Expect == 0 {
		k.all = true // The records of bindings do not outlive that of their instance.
	}
	if key.BindingID != "" {
		k.bindings[key.BindingID] = s.Binding
	}
	k.put(a.Binding, now)
	return k
}

func (k *knownInstance) put(r *BindingRecord, now time.Time) {
	if r == nil {
		return
	}
	binding := *r
	binding.UpdatedAt = now
	k.bindings[r.Key.BindingID] = &binding
}

// ended adds the change with which the operation of the acceptance succeeded. It reports
// whether the result is worth keeping, and right: no other change came in between.
func (k *knownInstance) ended(key Key, change *Advance, now time.Time) bool {
	if k == nil || change.State != OperationSucceeded || change.Next != nil || change.Cancelled || change.Revision != k.instance.Revision+1 {
		return false
	}
	if r := change.Instance; r != nil {
		k.instance.Status, k.instance.ServiceID, k.instance.PlanID, k.instance.Data = r.Status, r.ServiceID, r.PlanID, r.Data
	}
	k.instance.Revision, k.instance.UpdatedAt = change.Revision, now
	k.put(change.Binding, now)
	k.succeeded[key.BindingID] = true
	return k.instance.Status != StatusDeleted && len(k.bindings) <= knownBindings
}

// unbound reports whether the instance is known to have no binding.
func (k *knownInstance) unbound() bool {
	if k == nil || !k.all {
		return false
	}
	for _, binding := range k.bindings {
		if binding != nil && binding.Status != StatusDeleted {
			return false
		}
	}
	return true
}

// size returns about how much memory the instance takes.
func (k *knownInstance) size() int {
	size := knownOverhead + len(k.instance.Data)
	for _, binding := range k.bindings {
		size += knownOverhead
		if binding != nil {
			size += len(binding.Data)
		}
	}
	return size
}

// known are the instances without an open operation that this replica wrote last. Each
// serves once: the decision changes it, or finds that it is out of date.
type known struct {
	// lasts is how long an instance serves.
	lasts   time.Duration
	mu      sync.Mutex
	entries map[Key]*knownEntry
	// order has the oldest first, and some that were removed.
	order []*knownEntry
	bytes int
}

type knownEntry struct {
	key     Key
	since   time.Time
	of      *knownInstance
	removed bool
}

// put keeps an instance that was written after since.
func (k *known) put(key Key, of *knownInstance, since time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.remove(k.entries[key])
	if k.entries == nil {
		k.entries = map[Key]*knownEntry{}
	}
	entry := &knownEntry{key: key, since: since, of: of}
	k.entries[key] = entry
	k.order = append(k.order, entry)
	k.bytes += of.size()
	for len(k.order) > 0 && (k.order[0].removed || k.bytes > knownBytes || time.Since(k.order[0].since) > k.lasts) {
		k.remove(k.order[0])
		k.order = k.order[1:]
	}
	if len(k.order) > 2*len(k.entries)+knownBindings {
		k.order = slices.DeleteFunc(k.order, func(e *knownEntry) bool { return e.removed })
	}
}

// take removes an instance and returns it, or nil.
func (k *known) take(key Key) *knownInstance {
	k.mu.Lock()
	defer k.mu.Unlock()
	entry := k.entries[key]
	if entry == nil {
		return nil
	}
	of := entry.of
	k.remove(entry)
	if time.Since(entry.since) > k.lasts {
		return nil
	}
	return of
}

// remove removes an entry, unless it is nil or was removed. The caller holds the lock.
func (k *known) remove(entry *knownEntry) {
	if entry == nil || entry.removed {
		return
	}
	delete(k.entries, entry.key)
	k.bytes -= entry.of.size()
	entry.of, entry.removed = nil, true
}

// clear forgets all instances.
func (k *known) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries, k.order, k.bytes = nil, nil, 0
}

// guess returns what this replica has written last, or nil.
func (e *Engine) guess(key Key) *basis {
	of := e.known.take(key.Instance())
	if of == nil || time.Since(time.Unix(0, e.offsetRead.Load())) > knownClock {
		return nil
	}
	return of.basis(key, e.now())
}

// tryKnown makes a decision from what this replica has written last, without a read. It
// returns nil if the decision needs one. Only a write can show that the guess is right,
// so a refusal, or an answer that needs no write, does not count.
func (e *Engine) tryKnown(ctx context.Context, key Key, decider func(*basis) (*decision, error)) (*decision, error) {
	guess := e.guess(key)
	if guess == nil {
		return nil, nil //nolint:nilnil // No such decision, and no error.
	}
	d, err := decider(guess)
	if err != nil || d.accept == nil {
		return nil, nil //nolint:nilerr,nilnil // The store has to show whether that is right.
	}
	d, err = e.write(ctx, key, guess, d)
	if errors.Is(err, ErrConflict) || err == nil && d.again {
		return nil, nil //nolint:nilnil // Another decision follows.
	}
	return d, err
}
