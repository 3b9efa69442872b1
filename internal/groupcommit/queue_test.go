package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/internal/groupcommit"
)

var (
	errClosed = errors.New("closed")
	errCommit = errors.New("the disk is full")
)

type change struct {
	groupcommit.Change
	name string
}

// A store commits one batch each time it is released.
type store struct {
	*groupcommit.Queue[*change]
	close func()
	// release ends one commit, with the given error.
	release chan error
	writers sync.WaitGroup

	mu      sync.Mutex
	batches []string
}

// open starts a store with writers that commit until the store closes.
func open(writers int, options groupcommit.Options[*change]) *store {
	ctx, stop := context.WithCancel(context.Background())
	options.Closing, options.ErrClosed = ctx.Done(), errClosed
	s := &store{Queue: groupcommit.New(options), close: stop, release: make(chan error)}
	for range writers {
		s.writers.Go(func() { s.Write(s.commit) })
	}
	return s
}

func (s *store) commit(batch []*change) {
	names := make([]string, 0, len(batch))
	for _, c := range batch {
		names = append(names, c.name)
	}
	s.mu.Lock()
	s.batches = append(s.batches, strings.Join(names, " "))
	s.mu.Unlock()
	err := <-s.release
	for _, c := range batch {
		c.Answer(err)
	}
}

// begin queues changes in the given order, and returns their results.
func (s *store) begin(ctx context.Context, names ...string) <-chan error {
	results := make(chan error, len(names))
	for _, name := range names {
		go func() { results <- s.Do(ctx, &change{name: name}) }()
		synctest.Wait()
	}
	return results
}

// end releases the commits of the store until it is closed.
func (s *store) end() {
	s.close()
	close(s.release)
	s.writers.Wait()
}

func (s *store) committed(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.batches, want) {
		t.Errorf("the batches are %q, want %q", s.batches, want)
	}
}

// all checks the results of n changes.
func all(t *testing.T, n int, results <-chan error, want error) {
	t.Helper()
	synctest.Wait()
	if len(results) != n {
		t.Fatalf("%d changes have a result, want %d", len(results), n)
	}
	for range n {
		if err := <-results; !errors.Is(err, want) {
			t.Errorf("the result is %v, want %v", err, want)
		}
	}
}

func TestChangesShareABatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options groupcommit.Options[*change]
		want    []string
	}{
		"up to its length": {
			groupcommit.Options[*change]{Length: 10, MaxBatch: 3},
			[]string{"first", "a bb ccc", "d e"},
		},
		"up to its size": {
			groupcommit.Options[*change]{Length: 10, MaxBatch: 10, MaxSize: 3, Size: func(c *change) int { return len(c.name) }},
			[]string{"first", "a bb", "ccc", "d e"},
		},
		"beyond the length of the queue": {
			groupcommit.Options[*change]{Length: 1, MaxBatch: 10},
			[]string{"first", "a bb ccc d e"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(1, test.options)
				first := s.begin(t.Context(), "first")
				rest := s.begin(t.Context(), "a", "bb", "ccc", "d", "e")
				for range test.want {
					s.release <- nil
				}
				all(t, 1, first, nil)
				all(t, 5, rest, nil)
				s.committed(t, test.want...)
				s.end()
			})
		})
	}
}

func TestCommitError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(1, groupcommit.Options[*change]{Length: 10, MaxBatch: 10})
		results := s.begin(t.Context(), "a")
		s.release <- errCommit
		all(t, 1, results, errCommit)
		s.end()
	})
}

func TestAbandonedChangeIsNotCommitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(1, groupcommit.Options[*change]{Length: 10, MaxBatch: 10})
		first := s.begin(t.Context(), "first")
		ctx, cancel := context.WithCancel(t.Context())
		abandoned := s.begin(ctx, "abandoned", "abandoned, too")
		kept := s.begin(t.Context(), "kept")
		cancel()
		all(t, 2, abandoned, context.Canceled) // The writer is still busy.
		s.release <- nil
		s.release <- nil
		all(t, 1, first, nil)
		all(t, 1, kept, nil)
		all(t, 1, s.begin(ctx, "late"), context.Canceled)
		s.committed(t, "first", "kept")
		s.end()
	})
}

func TestCommitIsNotCalledWithoutChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(1, groupcommit.Options[*change]{Length: 10, MaxBatch: 10})
		first := s.begin(t.Context(), "first")
		ctx, cancel := context.WithCancel(t.Context())
		abandoned := s.begin(ctx, "abandoned")
		cancel()
		all(t, 1, abandoned, context.Canceled)
		s.release <- nil
		all(t, 1, first, nil)
		s.committed(t, "first")
		s.end()
	})
}

func TestContextEndsAfterAWriterTookUpTheChange(t *testing.T) {
	t.Parallel()
	for _, want := range []error{nil, errCommit} {
		t.Run(fmt.Sprint(want), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(1, groupcommit.Options[*change]{Length: 10, MaxBatch: 10})
				ctx, cancel := context.WithCancel(t.Context())
				result := s.begin(ctx, "taken")
				cancel()
				all(t, 0, result, nil) // It waits for the writer.
				s.release <- want
				all(t, 1, result, want)
				s.end()
			})
		})
	}
}

func TestFullQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(1, groupcommit.Options[*change]{Length: 1, MaxBatch: 10})
		first := s.begin(t.Context(), "first")
		queued := s.begin(t.Context(), "queued")
		ctx, cancel := context.WithCancel(t.Context())
		blocked := s.begin(ctx, "blocked")
		if n := s.Len(); n != 1 {
			t.Errorf("%d changes are queued, want 1", n)
		}
		cancel()
		all(t, 1, blocked, context.Canceled)
		s.release <- nil
		s.release <- nil
		all(t, 1, first, nil)
		all(t, 1, queued, nil)
		s.committed(t, "first", "queued")
		s.end()
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(2, groupcommit.Options[*change]{Length: 2, MaxBatch: 10})
		taken := s.begin(t.Context(), "first", "second")
		waiting := s.begin(t.Context(), "queued", "queued", "blocked", "blocked")
		s.close()
		all(t, 4, waiting, errClosed)
		all(t, 0, taken, nil) // Their writers finish them.
		s.release <- nil
		s.release <- nil
		all(t, 2, taken, nil)
		s.writers.Wait()
		all(t, 1, s.begin(t.Context(), "late"), errClosed)
		s.committed(t, "first", "second")
	})
}

// A store may set a change aside and answer it after others.
func TestAnswerAfterCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		queue := groupcommit.New(groupcommit.Options[*change]{Length: 1, MaxBatch: 1, Closing: ctx.Done(), ErrClosed: errClosed})
		aside := make(chan *change, 1)
		go queue.Write(func(batch []*change) {
			if batch[0].name == "aside" {
				aside <- batch[0]
				return
			}
			batch[0].Answer(nil)
		})
		result := make(chan error, 1)
		go func() { result <- queue.Do(t.Context(), &change{name: "aside"}) }()
		synctest.Wait()
		if err := queue.Do(t.Context(), &change{name: "other"}); err != nil {
			t.Error(err)
		}
		stop()
		all(t, 0, result, nil)
		(<-aside).Answer(errCommit)
		all(t, 1, result, errCommit)
	})
}

// A change is committed if and only if its caller gets nil, even with concurrent
// callers, writers and a close of the store.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	for round := range 50 {
		ctx, stop := context.WithCancel(t.Context())
		queue := groupcommit.New(groupcommit.Options[*change]{
			Length: 4, MaxBatch: 8, Fill: round % 5, Patience: time.Microsecond, Closing: ctx.Done(), ErrClosed: errClosed,
		})
		var mu sync.Mutex
		committed := map[string]int{}
		var writers, callers sync.WaitGroup
		for range 3 {
			writers.Go(func() {
				queue.Write(func(batch []*change) {
					for _, c := range batch {
						mu.Lock()
						committed[c.name]++
						mu.Unlock()
						c.Answer(nil)
					}
				})
			})
		}
		for caller := range 16 {
			callers.Go(func() {
				for i := range 50 {
					name := fmt.Sprint(caller, " ", i)
					ctx, cancel := context.WithCancel(t.Context())
					if i%3 == 0 {
						go cancel()
					}
					err := queue.Do(ctx, &change{name: name})
					cancel()
					mu.Lock()
					times := committed[name]
					mu.Unlock()
					if err == nil && times != 1 || err != nil && times != 0 {
						t.Errorf("the result of change %s is %v, and it was committed %d times", name, err, times)
					}
					if i == 25 && caller == round%16 {
						stop()
					}
				}
			})
		}
		callers.Wait()
		stop()
		writers.Wait()
	}
}

// A writer waits for the commit of a small batch, so that the next one is larger, but not
// for one that is slow, nor for a full batch.
func TestWritersFillBatches(t *testing.T) {
	t.Parallel()
	const patience = time.Second
	synctest.Test(t, func(t *testing.T) {
		s := open(3, groupcommit.Options[*change]{Length: 10, MaxBatch: 10, Fill: 2, Patience: patience})
		results := s.begin(t.Context(), "a", "b", "c")
		s.committed(t, "a")
		s.release <- nil
		synctest.Wait()
		s.committed(t, "a", "b c") // It is full, so the next writer does not wait.
		all(t, 1, results, nil)
		more := s.begin(t.Context(), "d", "e", "f")
		s.committed(t, "a", "b c", "d")
		time.Sleep(patience - 1) //nolint:forbidigo // In a bubble, whose clock is fake.
		synctest.Wait()
		s.committed(t, "a", "b c", "d")
		time.Sleep(time.Nanosecond) //nolint:forbidigo // In a bubble.
		synctest.Wait()
		s.committed(t, "a", "b c", "d", "e f") // The commit of d is slow.
		for range 3 {
			s.release <- nil
		}
		all(t, 2, results, nil)
		all(t, 3, more, nil)
		last := s.begin(t.Context(), "g", "h") // The patience with d has ended once.
		s.committed(t, "a", "b c", "d", "e f", "g")
		s.release <- nil
		s.release <- nil
		all(t, 2, last, nil)
		s.end()
	})
}
