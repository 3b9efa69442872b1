package durable

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/seal"
)

// An object is a JSON object, or nil, kept as text: what was checked when it
// came in is not parsed again each time a record is sealed or opened.
type object []byte

// MarshalText returns the object's text.
func (o object) MarshalText() ([]byte, error) { return o, nil }

// UnmarshalText keeps a copy of the text.
func (o *object) UnmarshalText(text []byte) error {
	*o = append(object(nil), text...)
	return nil
}

// An instanceDocument is what the engine keeps of an instance, sealed.
type instanceDocument struct {
	Parameters       object                       `json:"parameters,omitempty"`
	Context          object                       `json:"context,omitempty"`
	OrganizationGUID string                       `json:"organization_guid,omitempty"`
	SpaceGUID        string                       `json:"space_guid,omitempty"`
	MaintenanceInfo  *openbroker.MaintenanceInfo  `json:"maintenance_info,omitempty"`
	DashboardURL     string                       `json:"dashboard_url,omitempty"`
	Metadata         *openbroker.InstanceMetadata `json:"metadata,omitempty"`
	State            json.RawMessage              `json:"state,omitempty"`
	// Attributes are the only field of a tombstone.
	Attributes []byte `json:"attributes,omitempty"`
}

// A bindingDocument is what the engine keeps of a binding, sealed.
type bindingDocument struct {
	Parameters    object                         `json:"parameters,omitempty"`
	Context       object                         `json:"context,omitempty"`
	AppGUID       string                         `json:"app_guid,omitempty"`
	BindResource  object                         `json:"bind_resource,omitempty"`
	PredecessorID string                         `json:"predecessor_binding_id,omitempty"`
	Bound         *openbroker.GetBindingResponse `json:"bound,omitempty"`
	State         json.RawMessage                `json:"state,omitempty"`
	// Attributes are the only field of a tombstone.
	Attributes []byte `json:"attributes,omitempty"`
}

// An operationDocument is what an operation is to achieve, sealed.
type operationDocument struct {
	// Previous is the status to go back to if a deletion fails.
	Previous RecordStatus `json:"previous,omitempty"`
	// PlanID and Instance are what an update makes of the instance.
	PlanID   string            `json:"plan_id,omitempty"`
	Instance *instanceDocument `json:"instance,omitempty"`
}

// seal encrypts a document. What it belongs to is associated, so that one
// record's data cannot pass for another's.
func (r *rules) seal(document any, of string, key Key, id string) ([]byte, error) {
	plain, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	return r.config.Sealer.Seal(plain, associated(of, key, id))
}

func (r *rules) open(sealed []byte, document any, of string, key Key, id string) error {
	if len(sealed) == 0 {
		return nil
	}
	plain, err := r.config.Sealer.Open(sealed, associated(of, key, id))
	if err != nil {
		return fmt.Errorf("opening the data of %s %s: %w", of, describeKey(key, id), err)
	}
	// Numbers stay as they were written: credentials may have long ones.
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	return decoder.Decode(document)
}

func describeKey(key Key, id string) string {
	return fmt.Sprintf("%q/%q/%q/%q", key.Platform, key.InstanceID, key.BindingID, id)
}

func associated(of string, key Key, id string) []byte {
	return seal.AssociatedData("openbroker", of, key.Platform, key.InstanceID, key.BindingID, id)
}

const (
	ofInstance   = "instance"
	ofBinding    = "binding"
	ofOperation  = "operation"
	ofCheckpoint = "checkpoint"
)

func (e *Engine) sealInstance(key Key, d *instanceDocument) ([]byte, error) {
	return e.seal(d, ofInstance, key.Instance(), "")
}

func (e *Engine) openInstance(r *InstanceRecord) (*instanceDocument, error) {
	d := new(instanceDocument)
	return d, e.open(r.Data, d, ofInstance, r.Key.Instance(), "")
}

func (e *Engine) sealBinding(key Key, d *bindingDocument) ([]byte, error) {
	return e.seal(d, ofBinding, key, "")
}

func (e *Engine) openBinding(r *BindingRecord) (*bindingDocument, error) {
	d := new(bindingDocument)
	return d, e.open(r.Data, d, ofBinding, r.Key, "")
}

func (r *rules) openOperation(o *OperationRecord) (*operationDocument, error) {
	d := new(operationDocument)
	return d, r.open(o.Data, d, ofOperation, o.Key, o.ID)
}

// instance returns the instance as a provider sees it.
func (e *Engine) instance(r *InstanceRecord, d *instanceDocument) Instance {
	i := Instance{
		Platform: r.Key.Platform, ID: r.Key.InstanceID, ServiceID: r.ServiceID, PlanID: r.PlanID,
		OrganizationGUID: d.OrganizationGUID, SpaceGUID: d.SpaceGUID,
		Parameters: openbroker.Parameters(d.Parameters), MaintenanceInfo: d.MaintenanceInfo, State: d.State,
		Context: contextOf(d.Context),
	}
	i.Service, i.Plan = e.lookUp(r.ServiceID, r.PlanID)
	return i
}

func contextOf(raw object) openbroker.PlatformContext {
	var context openbroker.PlatformContext
	if raw != nil {
		// It was a context when it was accepted; if not, there is none.
		_ = context.UnmarshalJSON(raw)
	}
	return context
}

// binding returns the binding as a provider sees it.
func (e *Engine) binding(instance Instance, r *BindingRecord, d *bindingDocument) Binding {
	b := Binding{
		Instance: instance, ID: r.Key.BindingID, AppGUID: d.AppGUID, Context: contextOf(d.Context),
		Parameters: openbroker.Parameters(d.Parameters), PredecessorID: d.PredecessorID, State: d.State,
	}
	if d.BindResource != nil {
		b.BindResource = &openbroker.BindResource{Raw: json.RawMessage(d.BindResource)}
		_ = json.Unmarshal(d.BindResource, b.BindResource)
	}
	return b
}

// mergeParameters puts the parameters of an update over those of the instance,
// by top-level name; null removes one. A user may send only what changes.
func mergeParameters(present object, update openbroker.Parameters) object {
	if update == nil {
		return present
	}
	merged, changes := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if len(present) > 0 && json.Unmarshal(present, &merged) != nil {
		return object(update)
	}
	if json.Unmarshal(update, &changes) != nil {
		return present
	}
	for name, value := range changes {
		if string(value) == "null" {
			delete(merged, name)
		} else {
			merged[name] = value
		}
	}
	encoded, err := json.Marshal(merged)
	if err != nil {
		return object(update)
	}
	return encoded
}
