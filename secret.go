package openbroker

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Parameters is a JSON object as received, or nil. It may contain passwords, so
// printing or logging it writes a placeholder. Convert it to
// [encoding/json.RawMessage] to print the bytes.
type Parameters json.RawMessage

// Decode decodes the object into v like [json.Unmarshal]; nil decodes as an empty
// object. The error is an ErrInvalidParameters that names the field: return it from
// the [Broker] unchanged.
func (p Parameters) Decode(v any) error {
	if p == nil {
		p = Parameters("{}")
	}
	if err := json.Unmarshal(p, v); err != nil {
		return ErrInvalidParameters.WithDescription("%s", describeJSON(err, "parameters"))
	}
	return nil
}

// MarshalJSON returns the object itself.
func (p Parameters) MarshalJSON() ([]byte, error) { return json.RawMessage(p).MarshalJSON() }

// UnmarshalJSON keeps a copy of data.
func (p *Parameters) UnmarshalJSON(data []byte) error {
	return (*json.RawMessage)(p).UnmarshalJSON(data)
}

// Format writes a placeholder for every verb.
func (p Parameters) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns a placeholder.
func (p Parameters) LogValue() slog.Value { return slog.StringValue(redacted) }

// Credentials are the values that an application needs to use a binding. Printing
// or logging them writes a placeholder.
type Credentials map[string]any

// Format writes a placeholder for every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue returns a placeholder.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redacted) }

// The types below contain secrets, which a log handler that encodes JSON would
// write. Their LogValue methods return only ids.

// LogValue returns the ids of the request.
func (r *ProvisionRequest) LogValue() slog.Value {
	return logIDs(r.InstanceID, "", r.ServiceID, r.PlanID)
}

// LogValue returns the ids of the request.
func (r *UpdateRequest) LogValue() slog.Value { return logIDs(r.InstanceID, "", r.ServiceID, r.PlanID) }

// LogValue returns the ids of the request.
func (r *BindRequest) LogValue() slog.Value {
	return logIDs(r.InstanceID, r.BindingID, r.ServiceID, r.PlanID)
}

// LogValue returns the ids of the instance.
func (r *GetInstanceResponse) LogValue() slog.Value { return logIDs("", "", r.ServiceID, r.PlanID) }

// LogValue returns the outcome and the operation.
func (r *BindResponse) LogValue() slog.Value {
	return slog.GroupValue(slog.String("outcome", r.Outcome.String()), slog.String("operation", r.Operation))
}

// LogValue returns a placeholder.
func (b *GetBindingResponse) LogValue() slog.Value { return slog.StringValue(redacted) }

func logIDs(instanceID, bindingID, serviceID, planID string) slog.Value {
	var ids []slog.Attr
	for _, id := range [...]struct{ key, value string }{
		{"instance_id", instanceID}, {"binding_id", bindingID}, {"service_id", serviceID}, {"plan_id", planID},
	} {
		if id.value != "" {
			ids = append(ids, slog.String(id.key, id.value))
		}
	}
	return slog.GroupValue(ids...)
}
