package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable/pgstore"
)

// In session mode, the store works behind PgBouncer, with its default settings and with those
// of operators who let it drop parameters of the start.
func TestBouncerInSessionMode(t *testing.T) {
	t.Parallel()
	for _, ignored := range []string{"", "search_path, statement_timeout, synchronous_commit, extra_float_digits"} {
		t.Run("ignored "+ignored, func(t *testing.T) {
			t.Parallel()
			direct := postgres.NewDatabase(t)
			execute(t, connect(t, direct), "ALTER DATABASE "+connect(t, direct).Config().Database+" SET synchronous_commit = off")
			dsn := postgres.Server(t).StartBouncer(t, "session", "ignore_startup_parameters = "+ignored).DSN(direct)
			s, other := open(t, dsn), open(t, dsn)
			received(t, other, "when it begins to listen")
			for i := range 20 {
				if err := s.Accept(t.Context(), provision(fmt.Sprint("i", i))); err != nil {
					t.Fatal(err)
				}
				received(t, other, "of a change")
			}
			for name, want := range map[string]string{"synchronous_commit": "on", "search_path": `"openbroker"`, "enable_seqscan": "off"} {
				if got, err := s.Show(t.Context(), name); err != nil || got != want {
					t.Errorf("%s is %q, %v, want %q", name, got, err, want)
				}
			}
			// A store without PgBouncer sees the same tables.
			if !accepted(t, open(t, direct), provision("i7")) {
				t.Error("the tables are in another schema")
			}
			attached, err := pgstore.Attach(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			if err := attached.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// received waits for a hint.
func received(t *testing.T, s *pgstore.Store, when string) {
	t.Helper()
	select {
	case <-s.Hints():
	case <-time.After(30 * time.Minute):
		t.Fatalf("no hint %s", when)
	}
}

// In the other modes, the store refuses to start and leaves no trace in the sessions, which other
// programs use, too.
func TestBouncerInOtherModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"transaction", "statement"} {
		for name, settings := range map[string][]string{
			"defaults":    nil,
			"round robin": {"server_round_robin = 1"},
			"one session": {"default_pool_size = 1"},
			"dropped":     {"ignore_startup_parameters = search_path, statement_timeout, synchronous_commit"},
		} {
			for _, idle := range []int{0, 3} {
				t.Run(fmt.Sprintf("%s/%s/%d idle", mode, name, idle), func(t *testing.T) {
					t.Parallel()
					direct := postgres.NewDatabase(t)
					open(t, direct)
					b := postgres.Server(t).StartBouncer(t, mode, settings...)
					dsn := b.DSN(direct)
					warmUp(t, dsn, idle)
					for range 3 {
						refused(t, "Open", func(ctx context.Context) (*pgstore.Store, error) { return pgstore.Open(ctx, dsn) })
						refused(t, "Attach", func(ctx context.Context) (*pgstore.Store, error) { return pgstore.Attach(ctx, dsn) })
					}
					noTraces(t, dsn, direct)
				})
			}
		}
	}
}

// warmUp makes PgBouncer open sessions, by statements at the same time.
func warmUp(t *testing.T, dsn string, sessions int) {
	t.Helper()
	done := make(chan error, sessions)
	for range sessions {
		go func() {
			conn, err := pgx.Connect(t.Context(), dsn)
			if err == nil {
				_, err = conn.Exec(t.Context(), "SELECT pg_sleep(0.1)", pgx.QueryExecModeSimpleProtocol)
				err = errors.Join(err, conn.Close(t.Context()))
			}
			done <- err
		}()
	}
	for range sessions {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func refused(t *testing.T, name string, open func(context.Context) (*pgstore.Store, error)) {
	t.Helper()
	s, err := open(t.Context())
	if err == nil {
		s.Close()
		t.Fatalf("%s works in this mode", name)
	}
	if !errors.Is(err, pgstore.ErrSharedSession) || !strings.Contains(err.Error(), "set pool_mode=session in PgBouncer") {
		t.Errorf("%s: %v", name, err)
	}
}

// noTraces checks that the sessions of PgBouncer have no setting, prepared statement, lock or
// LISTEN of the store.
func noTraces(t *testing.T, dsn, direct string) {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for range 10 {
		var left string
		err := conn.QueryRow(t.Context(), `SELECT coalesce(string_agg(what, ', '), '') FROM (
			SELECT name || ' = ' || setting FROM pg_settings WHERE source = 'session' AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')
			UNION ALL SELECT statement FROM pg_prepared_statements
			UNION ALL SELECT 'listens to ' || pg_listening_channels()) AS found (what)`).Scan(&left)
		if err != nil {
			t.Fatal(err)
		}
		if left != "" {
			t.Fatalf("a session keeps %s", left)
		}
	}
	var locks int
	if err := connect(t, direct).QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&locks); err != nil || locks > 0 {
		t.Errorf("%d advisory locks are left, %v", locks, err)
	}
}

// A pooler that has too few sessions is no cause to wait without end.
func TestBouncerWithTooFewSessions(t *testing.T) {
	t.Parallel()
	direct := postgres.NewDatabase(t)
	dsn := postgres.Server(t).StartBouncer(t, "session", "default_pool_size = 1").DSN(direct)
	s, err := pgstore.Open(t.Context(), dsn, pgstore.WithTimeout(time.Second))
	if err == nil {
		s.Close()
		t.Fatal("opened with one session")
	}
	if errors.Is(err, pgstore.ErrSharedSession) || !strings.Contains(err.Error(), "default_pool_size") {
		t.Errorf("error %v", err)
	}
}
