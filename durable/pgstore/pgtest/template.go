//go:build unix

package pgtest

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/openbroker/openbroker/internal/testserver"
)

// A Template is the data directory of a new server. The servers of a test binary that
// share one get copies of it, which is ten times as fast as initdb; their binaries and
// passwords must be the same. The zero value is ready:
//
//	var template pgtest.Template
//
//	func TestMain(m *testing.M) { template.Run(m) }
type Template struct {
	mu   sync.Mutex
	home *testserver.Home
}

// WithTemplate makes a server from a template.
func WithTemplate(template *Template) Option {
	return func(s *Server) { s.template = template }
}

// copy copies the template to the data directory of a server.
func (t *Template) copy(ctx context.Context, s *Server) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.home == nil {
		home, err := testserver.NewHome("postgres")
		if err != nil {
			return err
		}
		if err := s.initialize(ctx, home, filepath.Join(home.Path, "data")); err != nil {
			return errors.Join(err, home.Remove())
		}
		t.home = home
	}
	return s.home.Run(exec.CommandContext(ctx, "cp", "-a", filepath.Join(t.home.Path, "data"), s.data())) //nolint:gosec // The paths are our own.
}

// Close deletes the template. The servers stay.
func (t *Template) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.home == nil {
		return nil
	}
	err := t.home.Remove()
	t.home = nil
	return err
}

// Run runs the tests and then deletes the template.
func (t *Template) Run(m *testing.M) {
	defer func() { _ = t.Close() }()
	m.Run()
}
