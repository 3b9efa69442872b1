package pgstore

import (
	"context"
	"sync"
	"time"
)

const (
	// selectOldest finds the oldest open operation, or else the newest operation.
	selectOldest = `SELECT coalesce((SELECT min(o.seq) FROM operations o WHERE o.state IN ('active', 'cancelling')), (SELECT max(o.seq) FROM operations o), 0)`
	// oldestMargin is for operations that were not committed yet when a later one was.
	oldestMargin = 1000
	// oldestInterval is how often the store looks for the oldest open operation, and
	// oldestShare how many times longer than the last search it waits at least.
	oldestInterval = 5 * time.Second
	oldestShare    = 20
)

// oldest has a number below which no operation is open. The index of the queue keeps the
// entries of ended operations until PostgreSQL removes them. It cannot while any
// transaction, such as that of pg_dump, has a snapshot from before their end, and each
// claim would read them all.
//
// The number may be too high for an operation whose transaction lasted longer than
// oldestMargin others. The next search finds it.
type oldest struct {
	mu   sync.Mutex
	seq  int64
	next time.Time
}

// oldestOpen returns the number from which claims look for operations. It keeps the last one if
// the search fails: the claim that follows reports an outage.
func (s *Store) oldestOpen(ctx context.Context) int64 {
	s.oldest.mu.Lock()
	seq, began := s.oldest.seq, time.Now()
	due := !began.Before(s.oldest.next)
	if due {
		s.oldest.next = began.Add(s.timeout + oldestInterval) // One call searches.
	}
	s.oldest.mu.Unlock()
	if !due {
		return seq
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var found int64
	err := s.pool.QueryRow(ctx, selectOldest).Scan(&found)
	s.oldest.mu.Lock()
	defer s.oldest.mu.Unlock()
	if err == nil {
		s.oldest.seq = max(found-oldestMargin, 0)
	}
	s.oldest.next = time.Now().Add(max(oldestInterval, oldestShare*time.Since(began)))
	return s.oldest.seq
}
