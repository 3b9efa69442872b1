package document

import (
	"encoding/json"
	"fmt"
)

const instanceFormat = 1

// An Instance is the stored document of an instance. The engine seals it.
type Instance struct {
	Header
	Parameters       Object            `json:"parameters,omitempty"`
	Context          Object            `json:"context,omitempty"`
	OrganizationGUID string            `json:"organization_guid,omitempty"`
	SpaceGUID        string            `json:"space_guid,omitempty"`
	MaintenanceInfo  *MaintenanceInfo  `json:"maintenance_info,omitempty"`
	DashboardURL     string            `json:"dashboard_url,omitempty"`
	Metadata         *InstanceMetadata `json:"metadata,omitempty"`
	// State is the JSON that the provider stores with the instance.
	State json.RawMessage `json:"state,omitempty"`
	// Attributes is the only field of a tombstone.
	Attributes []byte `json:"attributes,omitempty"`
	// Provider is the name of the provider that made the instance.
	Provider string `json:"provider,omitempty"`
	// PreparedParameters are what the provider gets in place of Parameters, if set, and
	// PreparedMetadata is added to Metadata.
	PreparedParameters Object            `json:"prepared_parameters,omitempty"`
	PreparedMetadata   *InstanceMetadata `json:"prepared_metadata,omitempty"`
}

func (*Instance) latest() int { return instanceFormat }

// MaintenanceInfo is the maintenance information of an instance. Its extensions are
// stored as fields beside the others.
type MaintenanceInfo struct {
	Version     string
	Description string
	Extensions  map[string]json.RawMessage
}

const (
	versionField     = "version"
	descriptionField = "description"
)

// MarshalJSON encodes the fields and the extensions as one object.
func (m *MaintenanceInfo) MarshalJSON() ([]byte, error) {
	fields := make(map[string]any, len(m.Extensions)+2)
	for name, value := range m.Extensions {
		if len(value) == 0 {
			value = nil // A JSON null.
		}
		fields[name] = value
	}
	fields[versionField] = m.Version
	if m.Description != "" {
		fields[descriptionField] = m.Description
	}
	return json.Marshal(fields)
}

// UnmarshalJSON decodes the fields and keeps the others as extensions.
func (m *MaintenanceInfo) UnmarshalJSON(data []byte) error {
	// Do not decode into a struct: package json ignores case there, and would take
	// an extension named "Version" for the version.
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	*m = MaintenanceInfo{}
	for name, value := range map[string]*string{versionField: &m.Version, descriptionField: &m.Description} {
		raw, ok := fields[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		delete(fields, name)
	}
	if len(fields) > 0 {
		m.Extensions = fields
	}
	return nil
}

// InstanceMetadata are the labels and attributes of an instance.
type InstanceMetadata struct {
	Labels     map[string]any `json:"labels,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}
