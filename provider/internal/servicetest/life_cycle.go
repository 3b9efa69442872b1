package servicetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/brokertest"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// LifeCycle uses an instance as applications do: what one binding writes, the next one
// reads and alters; an unbound one is refused, and its open session is gone; after the
// deprovision nothing is left.
func (s *Service) LifeCycle(t *testing.T) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	must(t, "provision", b.Provision(t, "i", s.Small, nil))
	if names, err := b.Resources(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("the provider lists %q, %v; want one instance", names, err)
	}
	first, err := b.Bind(t, "i", "first", s.Small, nil)
	must(t, "bind", err)
	for key := range first {
		if !credential.ValidKey(key) {
			t.Errorf("file-based bindings refuse the key %q of the credentials", key)
		}
	}
	if first["host"] != nil {
		fetched, err := b.Client.GetBinding(t.Context(), &openbroker.GetBindingRequest{InstanceID: "i", BindingID: "first"})
		must(t, "fetch the binding", err)
		if e := fetched.Endpoints; len(e) == 0 || e[0].Host != first["host"] || len(e[0].Ports) != 1 || e[0].Ports[0] != fmt.Sprint(first["port"]) {
			t.Errorf("the endpoints are %+v, and the credentials have %v:%v", e, first["host"], first["port"])
		}
	}
	one := s.session(t, first)
	write(t, one, "shared", "by the first")
	second, err := b.Bind(t, "i", "second", s.Small, nil)
	must(t, "bind", err)
	two := s.session(t, second)
	read(t, two, "shared", "by the first")
	alter(t, two)

	must(t, "unbind", b.Unbind(t, "i", "first", s.Small))
	if err := one.Write(t.Context(), "shared", "after the unbind"); err == nil {
		t.Error("the session of an unbound application can still write")
	}
	s.refused(t, first, "after the unbind")
	read(t, two, "shared", "by the first")
	write(t, two, "shared", "by the second")

	must(t, "update", b.Update(t, "i", s.Small, s.Large, nil))
	read(t, s.session(t, second), "shared", "by the second")
	third, err := b.Bind(t, "i", "third", s.Large, nil)
	must(t, "bind after the update", err)
	three := s.session(t, third)
	read(t, three, "shared", "by the second")
	alter(t, three)
	write(t, three, "shared", "by the third")

	must(t, "unbind", b.Unbind(t, "i", "second", s.Large))
	must(t, "unbind", b.Unbind(t, "i", "third", s.Large))
	must(t, "deprovision", b.Deprovision(t, "i", s.Large))
	s.refused(t, third, "after the deprovision")
	if names, err := b.Resources(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("after the deprovision, the provider lists %q, %v", names, err)
	}
	s.unchanged(t, before)
}

func alter(t *testing.T, session Session) {
	t.Helper()
	if alterer, ok := session.(Alterer); ok {
		must(t, "alter what another binding made", alterer.Alter(t.Context(), "shared"))
	}
}

// Rotation replaces a binding: the predecessor works until it is unbound, and what it
// made stays.
func (s *Service) Rotation(t *testing.T) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	must(t, "provision", b.Provision(t, "i", s.Small, nil))
	old, err := b.Bind(t, "i", "old", s.Small, nil)
	must(t, "bind", err)
	former := s.session(t, old)
	write(t, former, "shared", "before the rotation")
	replaced, err := b.Rotate(t, "i", "new", s.Small, "old")
	must(t, "rotate", err)
	read(t, former, "shared", "before the rotation")
	must(t, "unbind the predecessor", b.Unbind(t, "i", "old", s.Small))
	s.refused(t, old, "after the unbind of the predecessor")
	successor := s.session(t, replaced)
	read(t, successor, "shared", "before the rotation")
	alter(t, successor)
	write(t, successor, "shared", "after the rotation")
	must(t, "unbind", b.Unbind(t, "i", "new", s.Small))
	must(t, "deprovision", b.Deprovision(t, "i", s.Small))
	s.unchanged(t, before)
}

// RemainingBindings deletes an instance that still has bindings with open sessions.
func (s *Service) RemainingBindings(t *testing.T) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	must(t, "provision", b.Provision(t, "i", s.Small, nil))
	for _, id := range []string{"one", "two"} {
		credentials, err := b.Bind(t, "i", id, s.Small, nil)
		must(t, "bind", err)
		write(t, s.session(t, credentials), "shared", id)
	}
	must(t, "deprovision", b.Deprovision(t, "i", s.Small))
	s.unchanged(t, before)
}

// Isolation gives one application the credentials of another instance to try.
func (s *Service) Isolation(t *testing.T) {
	t.Helper()
	b := s.Start(t)
	sessions, credentials := make([]Session, 2), make([]map[string]any, 2)
	for i, id := range []string{"a", "b"} {
		must(t, "provision", b.Provision(t, id, s.Small, nil))
		made, err := b.Bind(t, id, "binding", s.Small, nil)
		must(t, "bind", err)
		sessions[i], credentials[i] = s.session(t, made), made
		write(t, sessions[i], "shared", id)
	}
	for i := range sessions {
		if err := s.Reach(t.Context(), sessions[i], credentials[1-i]); err == nil {
			t.Error("an application can reach the data of another instance")
		}
	}
	for i, id := range []string{"a", "b"} {
		read(t, sessions[i], "shared", id)
		must(t, "unbind", b.Unbind(t, id, "binding", s.Small))
		must(t, "deprovision", b.Deprovision(t, id, s.Small))
	}
}

// ReadOnlyBinding binds with {"mode": "ro"}: it reads what others wrote before and
// afterwards, and cannot write.
func (s *Service) ReadOnlyBinding(t *testing.T) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	must(t, "provision", b.Provision(t, "i", s.Small, nil))
	writing, err := b.Bind(t, "i", "rw", s.Small, map[string]any{"mode": "rw"})
	must(t, "bind", err)
	writer := s.session(t, writing)
	write(t, writer, "earlier", "by the writer")
	reading, err := b.Bind(t, "i", "ro", s.Small, map[string]any{"mode": "ro"})
	if !s.ReadOnly {
		if err == nil {
			t.Error("the provider takes the mode ro, and cannot provide it")
		}
	} else {
		must(t, "bind with the mode ro", err)
		write(t, writer, "later", "by the writer")
		reader := s.session(t, reading)
		for _, name := range []string{"earlier", "later"} {
			read(t, reader, name, "by the writer")
			if err := reader.Write(t.Context(), name, "by the reader"); err == nil {
				t.Errorf("a reader can write %q", name)
			}
		}
		if err := reader.Write(t.Context(), "new", "by the reader"); err == nil {
			t.Error("a reader can write something new")
		}
		must(t, "unbind", b.Unbind(t, "i", "ro", s.Small))
	}
	must(t, "unbind", b.Unbind(t, "i", "rw", s.Small))
	must(t, "deprovision", b.Deprovision(t, "i", s.Small))
	s.unchanged(t, before)
}

// Conformance runs the checks of the specification. They leave nothing on the server.
func (s *Service) Conformance(t *testing.T, options ...brokertest.Option) {
	t.Helper()
	before := s.dump(t)
	b := s.Start(t)
	brokertest.Run(t, brokertest.Broker(b.Public()), options...)
	if names, err := b.Resources(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("after the checks, the provider lists %q, %v", slices.Sorted(slices.Values(names)), err)
	}
	s.unchanged(t, before)
}
