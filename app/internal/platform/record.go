package platform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openbroker/openbroker/client"
)

// A record holds the names, ids and pending operations of a target, never parameters or
// credentials. It maps names to ids; the broker has the authoritative state.
type record struct {
	Version   int         `json:"version"`
	Instances []*instance `json:"instances"`
}

// The states of recorded instances and bindings.
const (
	stateCreating = "creating"
	stateReady    = "ready"
	stateUpdating = "updating"
	stateDeleting = "deleting"
	stateFailed   = "failed"
	// stateUnclear means that the broker may or may not have the resource.
	stateUnclear = "unclear"
)

type instance struct {
	Name        string            `json:"name"`
	ID          string            `json:"id"`
	Service     string            `json:"service"`
	Plan        string            `json:"plan"`
	ServiceID   string            `json:"service_id"`
	PlanID      string            `json:"plan_id"`
	State       string            `json:"state"`
	Description string            `json:"description,omitempty"`
	Created     time.Time         `json:"created,omitzero"`
	Maintenance string            `json:"maintenance_version,omitempty"`
	Dashboard   string            `json:"dashboard_url,omitempty"`
	Operation   *client.Operation `json:"pending_operation,omitempty"`
	// Next holds the values after a pending update.
	Next     *change    `json:"next,omitempty"`
	Bindings []*binding `json:"bindings,omitempty"`
}

type change struct {
	Plan        string `json:"plan,omitempty"`
	PlanID      string `json:"plan_id,omitempty"`
	Maintenance string `json:"maintenance_version,omitempty"`
}

type binding struct {
	Name        string            `json:"name"`
	ID          string            `json:"id"`
	State       string            `json:"state"`
	Description string            `json:"description,omitempty"`
	Created     time.Time         `json:"created,omitzero"`
	Operation   *client.Operation `json:"pending_operation,omitempty"`
}

// check returns an error if this package cannot have written the record.
func (r *record) check() error {
	for _, i := range r.Instances {
		if i == nil || i.ID == "" || slices.ContainsFunc(i.Bindings, func(b *binding) bool { return b == nil || b.ID == "" }) {
			return errors.New("an instance or a binding has no id")
		}
	}
	return nil
}

func (r *record) instance(name string) *instance {
	for _, i := range r.Instances {
		if i.Name == name || i.ID == name {
			return i
		}
	}
	return nil
}

func (r *record) remove(id string) {
	for n, i := range r.Instances {
		if i.ID == id {
			r.Instances = append(r.Instances[:n], r.Instances[n+1:]...)
			return
		}
	}
}

func (i *instance) binding(name string) *binding {
	for _, b := range i.Bindings {
		if b.Name == name || b.ID == name {
			return b
		}
	}
	return nil
}

func (i *instance) remove(id string) {
	for n, b := range i.Bindings {
		if b.ID == id {
			i.Bindings = append(i.Bindings[:n], i.Bindings[n+1:]...)
			return
		}
	}
}

// keep changes the record.
func (s *session) keep(ctx context.Context, edit func(*record)) error {
	// The result must be recorded even if the user has pressed Ctrl-C.
	err := s.file.change(context.WithoutCancel(ctx), func(r *record) error {
		r.Version = 1
		edit(r)
		return nil
	})
	if err != nil {
		return &Error{Code: exitRefused, err: err, Hint: "the broker has received the request: note the ids above"}
	}
	return nil
}

func (s *session) keepInstance(ctx context.Context, id string, edit func(*instance)) error {
	return s.keep(ctx, func(r *record) {
		if i := r.instance(id); i != nil {
			edit(i)
		}
	})
}

func (s *session) keepBinding(ctx context.Context, instanceID, id string, edit func(*binding)) error {
	return s.keepInstance(ctx, instanceID, func(i *instance) {
		if b := i.binding(id); b != nil {
			edit(b)
		}
	})
}

// findInstance returns a copy of the instance with a name or an id.
func (s *session) findInstance(name string) (instance, error) {
	r, err := s.file.read()
	if err != nil {
		return instance{}, usage("%w", err)
	}
	found := r.instance(name)
	if found == nil {
		return instance{}, &Error{
			Code: exitUsage, err: fmt.Errorf("no instance %q is recorded for this broker", name),
			Hint: "openbroker instances lists them; to use an instance of a platform, use its id with --service and --plan",
		}
	}
	return *found, nil
}

func (s *session) findBinding(i instance, name string) (binding, error) {
	found := i.binding(name)
	if found == nil {
		return binding{}, &Error{
			Code: exitUsage, err: fmt.Errorf("no binding %q of instance %q is recorded for this broker", name, i.Name),
			Hint: s.commandLine("instance %s", quote(i.Name)) + " lists its bindings",
		}
	}
	return *found, nil
}
