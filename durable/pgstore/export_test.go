package pgstore

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Internals for tests.
var (
	CheckServer = checkServer
	Storable    = storable
)

// Writers is the number of writers.
const Writers = writers

// Waiting returns how many changes are queued.
func (s *Store) Waiting() int { return s.queue.Len() }

// Aside returns how many changes are set aside.
func (s *Store) Aside() int {
	s.aside.mu.Lock()
	defer s.aside.mu.Unlock()
	n := 0
	for _, count := range s.aside.count {
		n += count
	}
	return n
}

// Plans returns the plans of the statements that the session of a store has
// prepared, by their text. The store must have one connection.
func (s *Store) Plans(ctx context.Context) (map[string]string, error) {
	rows, err := s.pool.Query(ctx, "SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements WHERE statement LIKE '%SELECT%' OR statement LIKE '%UPDATE%'", pgx.QueryExecModeExec)
	if err != nil {
		return nil, err
	}
	type prepared struct {
		Name, Text string
		Parameters int
	}
	statements, err := pgx.CollectRows(rows, pgx.RowToStructByPos[prepared])
	if err != nil {
		return nil, err
	}
	plans := map[string]string{}
	for _, p := range statements {
		arguments := ""
		if p.Parameters > 0 {
			arguments = "(" + strings.TrimSuffix(strings.Repeat("NULL, ", p.Parameters), ", ") + ")"
		}
		rows, err := s.pool.Query(ctx, "EXPLAIN EXECUTE "+pgx.Identifier{p.Name}.Sanitize()+arguments, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return nil, err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		plans[p.Text] = strings.Join(lines, "\n")
	}
	return plans, nil
}

// Show returns a parameter of the store's sessions.
func (s *Store) Show(ctx context.Context, name string) (string, error) {
	rows, err := s.pool.Query(ctx, "SHOW "+name, pgx.QueryExecModeExec)
	if err != nil {
		return "", err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
}

// OldestMargin is how far before the oldest open operation claims begin.
const OldestMargin = oldestMargin

// Oldest returns where claims begin.
func (s *Store) Oldest() int64 {
	s.oldest.mu.Lock()
	defer s.oldest.mu.Unlock()
	return s.oldest.seq
}

// SetOldest sets where claims begin, and when they look for it again.
func (s *Store) SetOldest(seq int64, next time.Time) {
	s.oldest.mu.Lock()
	defer s.oldest.mu.Unlock()
	s.oldest.seq, s.oldest.next = seq, next
}
