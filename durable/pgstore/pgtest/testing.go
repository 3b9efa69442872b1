//go:build unix

package pgtest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Start starts a server for one test, which may stop or break it. The test fails if
// the server does not start.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	s, err := New(tb.Context(), options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// NewDatabase creates an empty database for the test and returns its URL. At the
// end of the test, it drops the database if the server is running.
func (s *Server) NewDatabase(tb testing.TB) string {
	tb.Helper()
	dsn, err := s.CreateDatabase(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context())
		var closed *pgconn.ConnectError
		if err := s.Exec(ctx, "DROP DATABASE "+config.Database+" WITH (FORCE)"); err != nil && !errors.As(err, &closed) {
			tb.Error(err)
		}
	})
	return dsn
}

// A Shared is one server for all tests of a test binary that need only a database.
// It starts when a test first needs it:
//
//	var postgres pgtest.Shared
//
//	func TestMain(m *testing.M) { postgres.Run(m) }
type Shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Run runs the tests and then ends the server.
func (s *Shared) Run(m *testing.M) {
	defer func() {
		if s.server != nil {
			_ = s.server.Close()
		}
	}()
	m.Run()
}

// Server returns the server. The test fails if it does not start.
func (s *Shared) Server(tb testing.TB) *Server {
	tb.Helper()
	s.once.Do(func() { s.server, s.err = New(context.WithoutCancel(tb.Context())) })
	if s.err != nil {
		tb.Fatal(s.err)
	}
	return s.server
}

// NewDatabase creates an empty database on the server, see [Server.NewDatabase].
func (s *Shared) NewDatabase(tb testing.TB) string {
	tb.Helper()
	return s.Server(tb).NewDatabase(tb)
}
