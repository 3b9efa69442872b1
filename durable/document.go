package durable

import (
	"encoding/json"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/internal/document"
	"github.com/openbroker/openbroker/seal"
)

// An object is a JSON object, or nil, kept as text.
type object = document.Object

// instanceDetails are the data of an instance that its record has sealed.
type instanceDetails struct {
	Parameters       object
	Context          object
	OrganizationGUID string
	SpaceGUID        string
	MaintenanceInfo  *openbroker.MaintenanceInfo
	DashboardURL     string
	Metadata         *openbroker.InstanceMetadata
	State            json.RawMessage
	// Attributes is the only field of a tombstone.
	Attributes []byte
	// Provider is the name of the provider that made the instance, if it has one.
	Provider string
	// PreparedParameters and PreparedMetadata are those of a [Preparation], or nil.
	PreparedParameters object
	PreparedMetadata   *openbroker.InstanceMetadata
}

// bindingDetails are the data of a binding that its record has sealed.
type bindingDetails struct {
	Parameters    object
	Context       object
	AppGUID       string
	BindResource  object
	PredecessorID string
	// Bound has no Parameters: they are above.
	Bound *openbroker.GetBindingResponse
	State json.RawMessage
	// Attributes is the only field of a tombstone.
	Attributes []byte
	// PreparedParameters are those that a [RequestPreparer] returned, or nil.
	PreparedParameters object
}

// An operationGoal is the target of an operation.
type operationGoal struct {
	// Previous is the status that a failed deletion restores.
	Previous RecordStatus
	// PlanID and Instance are the plan and the data of an instance after an update.
	PlanID   string
	Instance *instanceDetails
	// Traceparent is what the [Observer] has returned when the operation began.
	Traceparent string
}

// seal encrypts a document. Its place is the associated data, so that the data of one
// record cannot replace the data of another.
func (r *rules) seal(d document.Document, of string, key Key, id string) ([]byte, error) {
	plain, err := document.Encode(d)
	if err != nil {
		return nil, err
	}
	return r.config.Sealer.Seal(plain, associated(of, key, id))
}

// open decrypts a document. It leaves d as it is if nothing is sealed. The error is a
// [*document.NewerFormatError] if a newer version wrote the document.
func (r *rules) open(sealed []byte, d document.Document, of string, key Key, id string) error {
	if len(sealed) == 0 {
		return nil
	}
	plain, err := r.config.Sealer.Open(sealed, associated(of, key, id))
	if err == nil {
		err = document.Decode(plain, d)
	}
	if err != nil {
		return fmt.Errorf("opening the data of %s %s: %w", of, describeKey(key, id), err)
	}
	return nil
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

func (e *Engine) sealInstance(key Key, d *instanceDetails) ([]byte, error) {
	return e.seal(d.document(), ofInstance, key.Instance(), "")
}

func (r *rules) openInstance(record *InstanceRecord) (*instanceDetails, error) {
	d := new(document.Instance)
	err := r.open(record.Data, d, ofInstance, record.Key.Instance(), "")
	return instanceOf(d), err
}

func (e *Engine) sealBinding(key Key, d *bindingDetails) ([]byte, error) {
	return e.seal(d.document(), ofBinding, key, "")
}

func (r *rules) openBinding(record *BindingRecord) (*bindingDetails, error) {
	d := new(document.Binding)
	if err := r.open(record.Data, d, ofBinding, record.Key, ""); err != nil {
		return new(bindingDetails), err
	}
	return bindingOf(d)
}

func (r *rules) openOperation(o *OperationRecord) (*operationGoal, error) {
	d := new(document.Operation)
	err := r.open(o.Data, d, ofOperation, o.Key, o.ID)
	return operationOf(d), err
}

// instance returns the instance as a provider sees it.
func (e *Engine) instance(r *InstanceRecord, d *instanceDetails) Instance {
	i := Instance{
		Platform: r.Key.Platform, ID: r.Key.InstanceID, ServiceID: r.ServiceID, PlanID: r.PlanID,
		OrganizationGUID: d.OrganizationGUID, SpaceGUID: d.SpaceGUID,
		Parameters: effective(d.Parameters, d.PreparedParameters), MaintenanceInfo: d.MaintenanceInfo, State: d.State,
		Context: contextOf(d.Context), Provider: d.Provider, GivenParameters: openbroker.Parameters(d.Parameters),
	}
	i.Service, i.Plan = e.lookUp(r.ServiceID, r.PlanID)
	return i
}

func contextOf(raw object) openbroker.PlatformContext {
	var context openbroker.PlatformContext
	if raw != nil {
		// The handler has accepted it as a context. An invalid one stays empty.
		_ = context.UnmarshalJSON(raw)
	}
	return context
}

// binding returns the binding as a provider sees it.
func (e *Engine) binding(instance Instance, r *BindingRecord, d *bindingDetails) Binding {
	b := Binding{
		Instance: instance, ID: r.Key.BindingID, AppGUID: d.AppGUID, Context: contextOf(d.Context),
		Parameters: effective(d.Parameters, d.PreparedParameters), PredecessorID: d.PredecessorID, State: d.State,
		GivenParameters: openbroker.Parameters(d.Parameters),
	}
	if d.BindResource != nil {
		b.BindResource = &openbroker.BindResource{Raw: json.RawMessage(d.BindResource)}
		_ = json.Unmarshal(d.BindResource, b.BindResource)
	}
	return b
}

// mergeParameters merges the parameters of an update into the parameters of the
// instance by top-level name, because a request may have only the changes. null removes
// a parameter.
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
