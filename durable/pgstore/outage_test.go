package pgstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

const (
	// outageTimeout is the timeout of the stores in these tests. bound is the limit
	// of a call: twice the timeout, and a reserve for a busy machine.
	outageTimeout = time.Second
	bound         = 2*outageTimeout + 3*time.Second
)

// calls returns one call of each kind.
func calls(s durable.Store) map[string]func(context.Context) error {
	key := durable.Key{Platform: "platform", InstanceID: "i"}
	return map[string]func(context.Context) error{
		"Load":   func(ctx context.Context) error { _, err := s.Load(ctx, key); return err },
		"Accept": func(ctx context.Context) error { return s.Accept(ctx, provision(rand.Text())) },
		"Claim": func(ctx context.Context) error {
			_, err := s.Claim(ctx, "worker", time.Hour, 0, durable.ClaimExclusion{})
			return err
		},
		"Prune":      func(ctx context.Context) error { _, err := s.Prune(ctx, time.Hour, 1); return err },
		"Instances":  func(ctx context.Context) error { _, err := s.Instances(ctx, durable.Filter{Limit: 1}); return err },
		"Ping":       s.Ping,
		"PutSetting": func(ctx context.Context) error { _, err := s.PutSetting(ctx, rand.Text(), nil); return err },
		"OperationByID": func(ctx context.Context) error {
			if _, err := s.OperationByID(ctx, "none"); !errors.Is(err, durable.ErrNotFound) {
				return err
			}
			return nil
		},
		"Advance": func(ctx context.Context) error {
			if err := s.Advance(ctx, &durable.Advance{Fence: durable.Fence{OperationID: "none"}, Key: key}); !errors.Is(err, durable.ErrFenced) {
				return err
			}
			return nil
		},
		"Renew": func(ctx context.Context) error {
			_, err := s.Renew(ctx, "worker", time.Hour, []durable.Fence{{OperationID: "none"}})
			return err
		},
		"Held": func(ctx context.Context) error {
			_, err := s.Held(ctx, "worker", []durable.Fence{{OperationID: "none"}})
			return err
		},
	}
}

// allFail checks that every call fails within the bound, several times in parallel.
func allFail(t *testing.T, s durable.Store) {
	t.Helper()
	var clients sync.WaitGroup
	for name, call := range calls(s) {
		for range 5 {
			clients.Go(func() {
				begin := time.Now()
				if err := call(t.Context()); err == nil {
					t.Errorf("%s works without a database", name)
				}
				if took := time.Since(begin); took > bound {
					t.Errorf("%s took %v to fail", name, took)
				}
			})
		}
	}
	clients.Wait()
}

// allWork waits until the database is usable, and checks that every call succeeds.
func allWork(t *testing.T, s durable.Store) {
	t.Helper()
	eventually(t, "the store recovers", func() bool { return s.Ping(t.Context()) == nil })
	for name, call := range calls(s) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s after the outage: %v", name, err)
		}
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		begin func(*pgtest.Server) error
		end   func(context.Context, *pgtest.Server) error
	}{
		"stopped": {(*pgtest.Server).Stop, func(ctx context.Context, s *pgtest.Server) error { return s.Start(ctx) }},
		"killed":  {(*pgtest.Server).Kill, func(ctx context.Context, s *pgtest.Server) error { return s.Start(ctx) }},
		"paused":  {(*pgtest.Server).Pause, func(_ context.Context, s *pgtest.Server) error { return s.Resume() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := pgtest.Start(t)
			s := open(t, server.NewDatabase(t), pgstore.WithTimeout(outageTimeout))
			allWork(t, s)
			if err := test.begin(server); err != nil {
				t.Fatal(err)
			}
			allFail(t, s)
			if err := test.end(t.Context(), server); err != nil {
				t.Fatal(err)
			}
			allWork(t, s)
		})
	}
}

// Acknowledged changes survive repeated crashes of the server.
func TestCrash(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	dsn := server.NewDatabase(t)
	replicas := []*pgstore.Store{open(t, dsn, pgstore.WithTimeout(outageTimeout)), open(t, dsn, pgstore.WithTimeout(outageTimeout))}
	var stopped atomic.Bool
	var mu sync.Mutex
	var acknowledged, refused []*durable.Acceptance
	var successes atomic.Int64
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			for !stopped.Load() {
				a := provision(rand.Text())
				begin := time.Now()
				err := replicas[i%2].Accept(t.Context(), a)
				if took := time.Since(begin); took > bound {
					t.Errorf("accept took %v", took)
				}
				mu.Lock()
				if err == nil {
					acknowledged = append(acknowledged, a)
					successes.Add(1)
				} else {
					refused = append(refused, a)
				}
				mu.Unlock()
				if err != nil {
					server.Start(t.Context()) // Wait until the server is up.
				}
			}
		})
	}
	for range 4 {
		before := successes.Load()
		eventually(t, "changes are made", func() bool { return successes.Load() > before+200 })
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
		if err := server.Start(t.Context()); err != nil {
			t.Error(err)
		}
	}
	before := successes.Load()
	eventually(t, "changes are made", func() bool { return successes.Load() > before+200 })
	stopped.Store(true)
	clients.Wait()
	for _, a := range acknowledged {
		if !accepted(t, replicas[0], a) {
			t.Errorf("the acknowledged %s is missing", a.Instance.Key.InstanceID)
		}
	}
	unanswered := 0
	for _, a := range refused {
		if accepted(t, replicas[1], a) { // accepted also detects half a change.
			unanswered++
		}
	}
	t.Logf("%d acknowledged, %d failed, of which %d were made", len(acknowledged), len(refused), unanswered)
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	s := open(t, dsn, pgstore.WithTimeout(outageTimeout))
	admin := connect(t, dsn)
	database := admin.Config().Database
	// Existing sessions keep their defaults.
	disconnect := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'openbroker' AND datname = current_database()"
	execute(t, admin, "ALTER DATABASE "+database+" SET default_transaction_read_only = on", disconnect)
	eventually(t, "the database is read-only", func() bool {
		var failure *pgconn.PgError
		return errors.As(s.Ping(t.Context()), &failure) && failure.Code == "25006"
	})
	a := provision("i")
	var failure *pgconn.PgError
	if err := s.Accept(t.Context(), a); !errors.As(err, &failure) || failure.Code != "25006" {
		t.Errorf("accept: %v", err)
	}
	if accepted(t, s, a) {
		t.Error("the change is stored")
	}
	if again, err := pgstore.Open(t.Context(), dsn); err != nil {
		t.Errorf("a replica cannot even start and read: %v", err)
	} else {
		again.Close()
	}
	execute(t, admin, "SET default_transaction_read_only = off", "ALTER DATABASE "+database+" RESET default_transaction_read_only")
	allWork(t, s)
}

func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	admin := connect(t, dsn)
	role := "few_" + admin.Config().Database
	execute(t, admin, "CREATE ROLE "+role+" LOGIN", "GRANT CREATE ON DATABASE "+admin.Config().Database+" TO "+role)
	t.Cleanup(func() {
		admin.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+role+" CASCADE; DROP ROLE "+role)
	})
	s := open(t, strings.Replace(dsn, "postgres@", role+"@", 1), pgstore.WithTimeout(outageTimeout))
	execute(t, admin, "ALTER ROLE "+role+" CONNECTION LIMIT 0", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+role+"'")
	eventually(t, "connections are refused", func() bool {
		var failure *pgconn.PgError
		return errors.As(s.Ping(t.Context()), &failure) && failure.Code == "53300"
	})
	allFail(t, s)
	execute(t, admin, "ALTER ROLE "+role+" CONNECTION LIMIT -1")
	allWork(t, s)
}

// A full disk causes errors, never half a change.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := open(t, server.NewDatabase(t), pgstore.WithTimeout(10*time.Second))
	const limit = 17 << 20
	server.LimitFiles(limit)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	allWork(t, s)
	data := make([]byte, 1<<20)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	var refused *durable.Acceptance
	for i := 0; refused == nil; i++ {
		if i > 2*limit/len(data) {
			t.Fatal("the disk does not fill")
		}
		a := provision(strconv.Itoa(i))
		a.Instance.Data = data
		if err := s.Accept(t.Context(), a); err != nil {
			t.Log(err)
			refused = a
		}
	}
	if accepted(t, s, refused) {
		t.Error("the refused change is stored")
	}
	server.LimitFiles(0)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	allWork(t, s)
	if err := s.Accept(t.Context(), refused); err != nil || !accepted(t, s, refused) {
		t.Errorf("again: %v", err)
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	here, there := open(t, dsn), open(t, dsn)
	hinted := func() bool {
		if err := here.Accept(t.Context(), provision(rand.Text())); err != nil {
			t.Fatal(err)
		}
		select {
		case <-there.Hints():
			return true
		case <-time.After(50 * time.Millisecond):
			return false
		}
	}
	drain := func() {
		for {
			select {
			case <-there.Hints():
			case <-time.After(100 * time.Millisecond):
				return
			}
		}
	}
	drain() // A new connection gives a hint, because notifications may have been missed.
	eventually(t, "a hint arrives", hinted)
	admin := connect(t, dsn)
	for range 3 {
		execute(t, admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'openbroker' AND datname = current_database()")
		eventually(t, "the store recovers", func() bool { return here.Ping(t.Context()) == nil })
		eventually(t, "a hint arrives after the connection was lost", hinted)
		drain()
		eventually(t, "a hint arrives on the new connection", hinted)
	}
}
