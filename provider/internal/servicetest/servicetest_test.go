package servicetest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// A board is a service in memory: instances with notes, and users who may see them.
type board struct {
	mu    sync.Mutex
	down  bool
	notes map[string]map[string]string // by instance and name
	users map[string]user
	log   strings.Builder
}

type user struct {
	instance, password string
	reads              bool // but does not write
}

var errDown = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}

// do runs f unless the service is down.
func (b *board) do(f func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return errDown
	}
	return f()
}

func (b *board) Stop() error                 { return b.switchTo(true) }
func (b *board) Kill() error                 { return b.switchTo(true) }
func (b *board) Start(context.Context) error { return b.switchTo(false) }
func (b *board) switchTo(down bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
	return nil
}

func (b *board) dump(context.Context) ([]string, error) {
	var lines []string
	err := b.do(func() error {
		lines = append(slices.Sorted(maps.Keys(b.notes)), slices.Sorted(maps.Keys(b.users))...)
		return nil
	})
	return lines, err
}

// boards is the provider of the service.
type boards struct {
	durable.UnimplementedProvider
	board *board
}

func (p boards) do(ctx context.Context, name string, f func()) error {
	if err := p.board.do(func() error { f(); return nil }); err != nil {
		return durable.Unreachable(err)
	}
	return step.Done(ctx, name)
}

func (p boards) CheckHealth(context.Context) error { return p.board.do(func() error { return nil }) }

func (p boards) Resources(context.Context) iter.Seq2[string, error] {
	p.board.mu.Lock()
	defer p.board.mu.Unlock()
	names := slices.Sorted(maps.Keys(p.board.notes))
	return func(yield func(string, error) bool) {
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

func (p boards) Provision(ctx context.Context, _ *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, p.do(ctx, "create the board", func() {
		if p.board.notes[i.ResourceName()] == nil {
			p.board.notes[i.ResourceName()] = map[string]string{}
		}
	})
}

func (p boards) Update(ctx context.Context, _ *durable.Task, _, _ durable.Instance) (durable.UpdateResult, error) {
	return durable.UpdateResult{}, step.Done(ctx, "nothing to do")
}

func (p boards) Deprovision(ctx context.Context, _ *durable.Task, i durable.Instance) error {
	return p.do(ctx, "delete the board", func() { delete(p.board.notes, i.ResourceName()) })
}

func (p boards) Bind(ctx context.Context, task *durable.Task, b durable.Binding) (durable.BindResult, error) {
	var password string
	if saved, err := task.Load(&password); err != nil {
		return durable.BindResult{}, err
	} else if !saved {
		password = credential.Password()
		if err := task.Save(ctx, password); err != nil {
			return durable.BindResult{}, err
		}
	}
	name := credential.Username(b.ResourceName())
	err := p.do(ctx, "create the user", func() {
		p.board.users[name] = user{b.Instance.ResourceName(), password, strings.Contains(string(b.Parameters), "ro")}
		fmt.Fprintln(&p.board.log, "new user", name)
	})
	return durable.BindResult{Credentials: openbroker.Credentials{"username": name, "password": password}}, err
}

func (p boards) Unbind(ctx context.Context, _ *durable.Task, b durable.Binding) error {
	return p.do(ctx, "delete the user", func() { delete(p.board.users, credential.Username(b.ResourceName())) })
}

// A session logs in with each use, as drivers with pools do.
type session struct {
	board          *board
	name, password string
}

var errDenied = errors.New("denied")

func (s *session) use(f func(notes map[string]string, u user) error) error {
	return s.board.do(func() error {
		u, ok := s.board.users[s.name]
		if !ok || u.password != s.password {
			fmt.Fprintln(&s.board.log, "denied", s.name)
			return errDenied
		}
		return f(s.board.notes[u.instance], u)
	})
}

func (s *session) Write(_ context.Context, name, value string) error {
	return s.use(func(notes map[string]string, u user) error {
		if u.reads {
			return errDenied
		}
		notes[name] = value
		return nil
	})
}

func (s *session) Read(_ context.Context, name string) (value string, err error) {
	err = s.use(func(notes map[string]string, _ user) error {
		value = notes[name]
		return nil
	})
	return value, err
}

func (s *session) Alter(ctx context.Context, name string) error {
	value, err := s.Read(ctx, name)
	if err != nil {
		return err
	}
	return s.Write(ctx, name, value)
}

func (*session) Close() error { return nil }

const boardCatalog = `
services:
  - id: 8b8d2a36-9c55-4d70-8b7f-5a0d9f4e1a01
    name: board
    description: Boards for notes.
    bindable: true
    plan_updateable: true
    instances_retrievable: true
    bindings_retrievable: true
    plans:
      - {id: 8b8d2a36-9c55-4d70-8b7f-5a0d9f4e1a02, name: small, description: Some notes., free: true, binding_rotatable: true}
      - {id: 8b8d2a36-9c55-4d70-8b7f-5a0d9f4e1a03, name: large, description: More notes., free: false, binding_rotatable: true}
`

func service() *servicetest.Service {
	b := &board{notes: map[string]map[string]string{}, users: map[string]user{}}
	open := func(_ context.Context, c openbroker.Credentials) (servicetest.Session, error) {
		name, _ := c["username"].(string)
		password, _ := c["password"].(string)
		s := &session{b, name, password}
		return s, s.use(func(map[string]string, user) error { return nil })
	}
	return &servicetest.Service{
		Definition: provider.Define(provider.Spec[struct{}, struct{}]{
			Name: "boards", Doc: "boards", Catalog: boardCatalog,
			New: func(context.Context, struct{}, provider.Host) (durable.Provider, error) { return boards{board: b}, nil },
		}),
		Settings: "{}", Small: "small", Large: "large", Open: open, Dump: b.dump, Server: b, ReadOnly: true,
		Reach: func(_ context.Context, own servicetest.Session, other openbroker.Credentials) error {
			mine, ok := own.(*session)
			if !ok {
				return errDenied
			}
			name, _ := other["username"].(string)
			return (&session{b, name, mine.password}).use(func(map[string]string, user) error { return nil })
		},
		Log: func() (string, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.log.String(), nil
		},
	}
}

// All tests pass for a provider without faults.
func TestFaultless(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, s *servicetest.Service){
		"life cycle":         func(t *testing.T, s *servicetest.Service) { t.Helper(); s.LifeCycle(t) },
		"rotation":           func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Rotation(t) },
		"remaining bindings": func(t *testing.T, s *servicetest.Service) { t.Helper(); s.RemainingBindings(t) },
		"isolation":          func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Isolation(t) },
		"read only":          func(t *testing.T, s *servicetest.Service) { t.Helper(); s.ReadOnlyBinding(t) },
		"conformance":        func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Conformance(t) },
		"crashes":            func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Crashes(t) },
		"cancellations":      func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Cancellations(t) },
		"restarts":           func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Restarts(t) },
		"away":               func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Away(t) },
		"leaks":              func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Leaks(t, "the broker's own") },
		"many":               func(t *testing.T, s *servicetest.Service) { t.Helper(); s.Many(t, 20, 2, 8) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, service())
		})
	}
}
