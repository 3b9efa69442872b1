package durable

import (
	"errors"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/internal/document"
)

// The conversions between the types of the engine and the stored documents. They
// name every field, so that a change of the API does not change stored data.

func (d *instanceDetails) document() *document.Instance {
	if d == nil {
		return nil
	}
	stored := &document.Instance{
		Parameters: d.Parameters, Context: d.Context, OrganizationGUID: d.OrganizationGUID, SpaceGUID: d.SpaceGUID,
		DashboardURL: d.DashboardURL, State: d.State, Attributes: d.Attributes,
		Provider: d.Provider, PreparedParameters: d.PreparedParameters,
		Metadata: metadataDocument(d.Metadata), PreparedMetadata: metadataDocument(d.PreparedMetadata),
	}
	if m := d.MaintenanceInfo; m != nil {
		stored.MaintenanceInfo = &document.MaintenanceInfo{Version: m.Version, Description: m.Description, Extensions: m.Extensions}
	}
	return stored
}

func instanceOf(stored *document.Instance) *instanceDetails {
	if stored == nil {
		return nil
	}
	d := &instanceDetails{
		Parameters: stored.Parameters, Context: stored.Context, OrganizationGUID: stored.OrganizationGUID, SpaceGUID: stored.SpaceGUID,
		DashboardURL: stored.DashboardURL, State: stored.State, Attributes: stored.Attributes,
		Provider: stored.Provider, PreparedParameters: stored.PreparedParameters,
		Metadata: metadataOf(stored.Metadata), PreparedMetadata: metadataOf(stored.PreparedMetadata),
	}
	if m := stored.MaintenanceInfo; m != nil {
		d.MaintenanceInfo = &openbroker.MaintenanceInfo{Version: m.Version, Description: m.Description, Extensions: m.Extensions}
	}
	return d
}

func metadataDocument(m *openbroker.InstanceMetadata) *document.InstanceMetadata {
	if m == nil {
		return nil
	}
	return &document.InstanceMetadata{Labels: m.Labels, Attributes: m.Attributes}
}

func metadataOf(stored *document.InstanceMetadata) *openbroker.InstanceMetadata {
	if stored == nil {
		return nil
	}
	return &openbroker.InstanceMetadata{Labels: stored.Labels, Attributes: stored.Attributes}
}

func (d *bindingDetails) document() *document.Binding {
	stored := &document.Binding{
		Parameters: d.Parameters, Context: d.Context, AppGUID: d.AppGUID, BindResource: d.BindResource,
		PredecessorID: d.PredecessorID, State: d.State, Attributes: d.Attributes, PreparedParameters: d.PreparedParameters,
	}
	if b := d.Bound; b != nil {
		stored.Bound = &document.Bound{
			Credentials: b.Credentials, SyslogDrainURL: b.SyslogDrainURL, RouteServiceURL: b.RouteServiceURL,
			VolumeMounts: convert(b.VolumeMounts, volumeMountDocument), Endpoints: convert(b.Endpoints, endpointDocument),
		}
		if m := b.Metadata; m != nil {
			stored.Bound.Metadata = &document.BindingMetadata{ExpiresAt: formatTime(m.ExpiresAt), RenewBefore: formatTime(m.RenewBefore)}
		}
	}
	return stored
}

func bindingOf(stored *document.Binding) (*bindingDetails, error) {
	d := &bindingDetails{
		Parameters: stored.Parameters, Context: stored.Context, AppGUID: stored.AppGUID, BindResource: stored.BindResource,
		PredecessorID: stored.PredecessorID, State: stored.State, Attributes: stored.Attributes, PreparedParameters: stored.PreparedParameters,
	}
	b := stored.Bound
	if b == nil {
		return d, nil
	}
	d.Bound = &openbroker.GetBindingResponse{
		Credentials: b.Credentials, SyslogDrainURL: b.SyslogDrainURL, RouteServiceURL: b.RouteServiceURL,
		VolumeMounts: convert(b.VolumeMounts, volumeMountOf), Endpoints: convert(b.Endpoints, endpointOf),
	}
	if b.Metadata == nil {
		return d, nil
	}
	expires, expiresErr := parseTime(b.Metadata.ExpiresAt)
	renew, renewErr := parseTime(b.Metadata.RenewBefore)
	d.Bound.Metadata = &openbroker.BindingMetadata{ExpiresAt: expires, RenewBefore: renew}
	return d, errors.Join(expiresErr, renewErr)
}

func volumeMountDocument(v openbroker.VolumeMount) document.VolumeMount {
	return document.VolumeMount{
		Driver: v.Driver, ContainerDir: v.ContainerDir, Mode: v.Mode, DeviceType: v.DeviceType,
		Device: document.VolumeDevice{VolumeID: v.Device.VolumeID, MountConfig: v.Device.MountConfig},
	}
}

func volumeMountOf(v document.VolumeMount) openbroker.VolumeMount {
	return openbroker.VolumeMount{
		Driver: v.Driver, ContainerDir: v.ContainerDir, Mode: v.Mode, DeviceType: v.DeviceType,
		Device: openbroker.VolumeDevice{VolumeID: v.Device.VolumeID, MountConfig: v.Device.MountConfig},
	}
}

func endpointDocument(e openbroker.Endpoint) document.Endpoint {
	return document.Endpoint{Host: e.Host, Ports: e.Ports, Protocol: e.Protocol}
}

func endpointOf(e document.Endpoint) openbroker.Endpoint {
	return openbroker.Endpoint{Host: e.Host, Ports: e.Ports, Protocol: e.Protocol}
}

func (g *operationGoal) document() *document.Operation {
	return &document.Operation{Previous: string(g.Previous), PlanID: g.PlanID, Instance: g.Instance.document(), Traceparent: g.Traceparent}
}

func operationOf(stored *document.Operation) *operationGoal {
	return &operationGoal{Previous: RecordStatus(stored.Previous), PlanID: stored.PlanID, Instance: instanceOf(stored.Instance), Traceparent: stored.Traceparent}
}

// convert returns nil for nil.
func convert[From, To any](values []From, one func(From) To) []To {
	if values == nil {
		return nil
	}
	converted := make([]To, 0, len(values))
	for _, v := range values {
		converted = append(converted, one(v))
	}
	return converted
}

// storedTime is the form of the times of a binding.
const storedTime = "2006-01-02T15:04:05.0Z"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(storedTime)
}

func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, text)
}
