package message

import (
	"context"
	"encoding/json"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A Request asks a provider for one attempt at an operation. Its JSON form always has the
// members without omitempty, so that a script need not test for them.
type Request struct {
	Version   int       `json:"version"`
	Operation Operation `json:"operation"`
	// Provider is the name of the provider in the configuration.
	Provider string `json:"provider,omitempty"`
	// ID is the id of the operation, the same for each attempt. ID, Attempt and Generation
	// are absent in check and list, which are not operations of the engine.
	ID string `json:"id,omitempty"`
	// Attempt counts the attempts from 1. Generation grows with each attempt: a fencing
	// token for services that can refuse older writers.
	Attempt    int   `json:"attempt,omitempty"`
	Generation int64 `json:"generation,omitempty"`
	// Deadline is when the attempt is ended, in UTC.
	Deadline time.Time `json:"deadline,omitzero"`
	// Instance is absent in list.
	Instance *Instance `json:"instance,omitempty"`
	// Previous is the instance before an update.
	Previous *Instance `json:"previous,omitempty"`
	// Binding is present in bind, unbind and the check of a bind.
	Binding *Binding `json:"binding,omitempty"`
	// Checkpoint is what an earlier attempt saved last, or absent.
	Checkpoint json.RawMessage `json:"checkpoint,omitempty"`
	// CallbackURL is where an HTTP service may send a [Callback], or empty.
	CallbackURL string `json:"callback_url,omitempty"`
	// Secrets are those of the provider's settings that it needs to work.
	Secrets map[string]string `json:"secrets,omitempty"`
}

// An Instance is a service instance in a [Request].
type Instance struct {
	ID       string `json:"id"`
	Platform string `json:"platform"`
	// ResourceName is unique across platforms and always the same: "ob-" and 26 lower-case
	// letters and digits, so that it can name a database, a directory or a host.
	ResourceName     string `json:"resource_name"`
	Service          Named  `json:"service"`
	Plan             Plan   `json:"plan"`
	OrganizationGUID string `json:"organization_guid,omitempty"`
	SpaceGUID        string `json:"space_guid,omitempty"`
	// Parameters and Context are objects, possibly empty.
	Parameters      json.RawMessage             `json:"parameters"`
	Context         json.RawMessage             `json:"context"`
	MaintenanceInfo *openbroker.MaintenanceInfo `json:"maintenance_info,omitempty"`
	// State is what provision or update returned last, or absent.
	State json.RawMessage `json:"state,omitempty"`
}

// A Named is a service. Name is absent if the catalog no longer has it.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// A Plan is a plan with its settings for the provider, an object. Name and Settings are
// absent if the catalog no longer has the plan for this provider.
type Plan struct {
	ID       string          `json:"id"`
	Name     string          `json:"name,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

// A Binding is a service binding in a [Request].
type Binding struct {
	ID           string `json:"id"`
	ResourceName string `json:"resource_name"`
	// AppGUID and BindResource say what is bound. They are absent for a service key.
	AppGUID       string          `json:"app_guid,omitempty"`
	BindResource  json.RawMessage `json:"bind_resource,omitempty"`
	Parameters    json.RawMessage `json:"parameters"`
	Context       json.RawMessage `json:"context"`
	PredecessorID string          `json:"predecessor_id,omitempty"`
	// State is what bind returned, or absent.
	State json.RawMessage `json:"state,omitempty"`
}

// A Task is an attempt at an operation, such as a [*durable.Task].
type Task interface {
	ID() string
	Attempt() int
	Generation() int64
	// Load reads the checkpoint.
	Load(v any) (bool, error)
}

// NewRequest returns a request with what all operations have in common. The context has
// the deadline. task is nil for check and list.
func NewRequest(ctx context.Context, operation Operation, task Task) (*Request, error) {
	r := &Request{Version: Version, Operation: operation}
	r.Limit(ctx)
	if task == nil {
		return r, nil
	}
	r.ID, r.Attempt, r.Generation = task.ID(), task.Attempt(), task.Generation()
	if _, err := task.Load(&r.Checkpoint); err != nil {
		return nil, err
	}
	return r, nil
}

// ForInstance returns a provision or deprovision, or the check of a provision.
func ForInstance(ctx context.Context, operation Operation, task Task, instance durable.Instance) (*Request, error) {
	r, err := NewRequest(ctx, operation, task)
	if err == nil {
		r.Instance = newInstance(instance)
	}
	return r, err
}

// ForUpdate returns an update, or its check.
func ForUpdate(ctx context.Context, operation Operation, task Task, instance, previous durable.Instance) (*Request, error) {
	r, err := ForInstance(ctx, operation, task, instance)
	if err == nil {
		r.Previous = newInstance(previous)
	}
	return r, err
}

// ForBinding returns a bind or unbind, or the check of a bind.
func ForBinding(ctx context.Context, operation Operation, task Task, binding durable.Binding) (*Request, error) {
	r, err := ForInstance(ctx, operation, task, binding.Instance)
	if err == nil {
		r.Binding = newBinding(binding)
	}
	return r, err
}

func newInstance(i durable.Instance) *Instance {
	m := &Instance{
		ID: i.ID, Platform: i.Platform, ResourceName: i.ResourceName(),
		Service: Named{ID: i.ServiceID}, Plan: Plan{ID: i.PlanID},
		OrganizationGUID: i.OrganizationGUID, SpaceGUID: i.SpaceGUID,
		Parameters: object(json.RawMessage(i.Parameters)), Context: contextOf(i.Context),
		MaintenanceInfo: i.MaintenanceInfo, State: i.State,
	}
	if i.Service != nil {
		m.Service.Name = i.Service.Name
	}
	// PlanSettings are null if the plan now belongs to another provider.
	if i.Plan != nil && string(i.PlanSettings) != "null" {
		m.Plan.Name, m.Plan.Settings = i.Plan.Name, object(i.PlanSettings)
	}
	return m
}

func newBinding(b durable.Binding) *Binding {
	m := &Binding{
		ID: b.ID, ResourceName: b.ResourceName(), AppGUID: b.AppGUID,
		Parameters: object(json.RawMessage(b.Parameters)), Context: contextOf(b.Context),
		PredecessorID: b.PredecessorID, State: b.State,
	}
	if b.BindResource != nil {
		m.BindResource = b.BindResource.Raw
	}
	return m
}

// object returns an empty object for nothing.
func object(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

func contextOf(c openbroker.PlatformContext) json.RawMessage {
	if c.Raw == nil && c.Platform != "" {
		encoded, err := c.MarshalJSON()
		if err == nil {
			return encoded
		}
	}
	return object(c.Raw)
}

// Encode returns the request as one line of JSON. Numbers keep their digits.
func (r *Request) Encode() ([]byte, error) { return encode(r) }

// Limit sets the deadline to that of a context.
func (r *Request) Limit(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok {
		r.Deadline = deadline.UTC().Truncate(time.Millisecond)
	}
}
