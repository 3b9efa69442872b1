package servicetest

import (
	"context"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider"
)

// A Service describes a provider and its server to the tests.
type Service struct {
	// Definition is that of the provider. Required.
	Definition provider.Definition
	// Settings are those of the provider, in YAML. Required.
	Settings string
	// Catalog is the catalog file, in YAML; by default that of the definition.
	Catalog string
	// Small and Large are the names of plans of the first service. The tests update
	// instances from small to large. Required.
	Small, Large string
	// Open logs in with credentials as an application does, by a driver that others
	// wrote. Required.
	Open func(ctx context.Context, credentials openbroker.Credentials) (Session, error)
	// Reach tries to read or write, with a session of one instance, what the credentials
	// of another instance are for. It returns nil if that succeeds, which is a fault.
	// Required for Isolation.
	Reach func(ctx context.Context, own Session, other openbroker.Credentials) error
	// Dump lists everything on the server that a broker may have made: databases, users,
	// grants, keys. Two dumps without instances in between must be equal. Required.
	Dump func(ctx context.Context) ([]string, error)
	// Server is what runs the server. Required for Restart, Away and Leaks.
	Server Server
	// Log returns the log of the server, for Leaks. nil if the server has none.
	Log func() (string, error)
	// ReadOnly says that bindings can have {"mode": "ro"}.
	ReadOnly bool
}

// A Session is what an application has after it has logged in.
type Session interface {
	// Write stores a value under a name, in what all bindings of the instance share: a
	// table, a key, a queue. It makes the table or queue if there is none.
	Write(ctx context.Context, name, value string) error
	// Read returns the value.
	Read(ctx context.Context, name string) (string, error)
	// Close ends the session.
	Close() error
}

// An Alterer is a [Session] that can change what another binding made: add a column to
// its table.
type Alterer interface {
	Session
	Alter(ctx context.Context, name string) error
}

// A Server is a server that a test can stop and start again, at the same address.
type Server interface {
	// Stop ends the server as its operator does, and Kill as a crash does.
	Stop() error
	Kill() error
	// Start returns when the server accepts connections.
	Start(ctx context.Context) error
}

// session opens a session that ends with the test.
func (s *Service) session(t *testing.T, credentials openbroker.Credentials) Session {
	t.Helper()
	session, err := s.Open(t.Context(), credentials)
	if err != nil {
		t.Fatalf("an application cannot log in: %v", err)
	}
	t.Cleanup(func() { _ = session.Close() }) // Its binding may be gone.
	return session
}

// write and read fail the test if they fail.
func write(t *testing.T, session Session, name, value string) {
	t.Helper()
	if err := session.Write(t.Context(), name, value); err != nil {
		t.Fatalf("an application cannot write: %v", err)
	}
}

func read(t *testing.T, session Session, name, want string) {
	t.Helper()
	if got, err := session.Read(t.Context(), name); err != nil || got != want {
		t.Fatalf("an application reads %q, %v; want %q", got, err, want)
	}
}

// refused fails the test if the credentials still log in and work.
func (s *Service) refused(t *testing.T, credentials openbroker.Credentials, why string) {
	t.Helper()
	session, err := s.Open(t.Context(), credentials)
	if err != nil {
		return
	}
	defer func() { _ = session.Close() }()
	if err := session.Write(t.Context(), "refused", "written"); err == nil {
		t.Errorf("%s, an application can log in and write", why)
	}
}

// dump returns the dump.
func (s *Service) dump(t *testing.T) []string {
	t.Helper()
	lines, err := s.Dump(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatalf("the server cannot be dumped: %v", err)
	}
	return lines
}

// unchanged fails the test if the server has other things than before.
func (s *Service) unchanged(t *testing.T, before []string) {
	t.Helper()
	if d := difference(before, s.dump(t)); d != "" {
		t.Errorf("the server has not what it had before (- before, + after):\n%s", d)
	}
}
