package frombrokerapi

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/openbroker/openbroker"
)

// convert converts a value between the types of the two libraries by way of JSON, in
// which both use the names of the specification. Numbers keep their digits.
func convert(what string, from, to any) error {
	encoded, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("encode %s: %w", what, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(to); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	return nil
}

// spec has the fields of all responses of brokerapi. Some types of brokerapi define
// JSON names, others only Go names. encoding/json ignores case but not underscores, so
// some fields occur in both spellings, of which a response sets at most one.
type spec struct {
	IsAsync       bool   `json:"IsAsync"`
	IsAsync2      bool   `json:"is_async"`
	AlreadyExists bool   `json:"AlreadyExists"`
	Already2      bool   `json:"already_exists"`
	OperationData string `json:"OperationData"`
	Operation2    string `json:"operation_data"`
	DashboardURL  string `json:"DashboardURL"`
	Dashboard2    string `json:"dashboard_url"`
	ServiceID     string `json:"service_id"`
	PlanID        string `json:"plan_id"`
	State         string `json:"state"`
	Description   string `json:"description"`

	Credentials  json.RawMessage `json:"credentials"`
	Syslog       string          `json:"SyslogDrainURL"`
	Syslog2      string          `json:"syslog_drain_url"`
	Route        string          `json:"RouteServiceURL"`
	Route2       string          `json:"route_service_url"`
	VolumeMounts json.RawMessage `json:"VolumeMounts"`
	Volumes2     json.RawMessage `json:"volume_mounts"`
	Endpoints    json.RawMessage `json:"endpoints"`
	Parameters   json.RawMessage `json:"parameters"`
	Metadata     struct {
		Labels      map[string]any `json:"labels"`
		Attributes  map[string]any `json:"attributes"`
		ExpiresAt   string         `json:"expires_at"`
		RenewBefore string         `json:"renew_before"`
	} `json:"metadata"`
}

// readSpec converts any response of the broker to a spec.
func readSpec(response any) (*spec, error) {
	s := new(spec)
	if err := convert("the response of the broker", response, s); err != nil {
		return nil, err
	}
	if s.DashboardURL == "" {
		s.DashboardURL = s.Dashboard2
	}
	return s, nil
}

// outcome returns Accepted for an asynchronous response, even if the broker also says
// that the resource exists.
func (s *spec) outcome() openbroker.Outcome {
	switch {
	case s.IsAsync || s.IsAsync2:
		return openbroker.Accepted
	case s.AlreadyExists || s.Already2:
		return openbroker.AlreadyExists
	default:
		return openbroker.Completed
	}
}

func (s *spec) operation() string { return s.OperationData + s.Operation2 }

func (s *spec) instanceMetadata() *openbroker.InstanceMetadata {
	if len(s.Metadata.Labels) == 0 && len(s.Metadata.Attributes) == 0 {
		return nil
	}
	return &openbroker.InstanceMetadata{Labels: s.Metadata.Labels, Attributes: s.Metadata.Attributes}
}

func (s *spec) binding() (*openbroker.GetBindingResponse, error) {
	b := &openbroker.GetBindingResponse{
		SyslogDrainURL: s.Syslog + s.Syslog2, RouteServiceURL: s.Route + s.Route2, Parameters: objectOrNil(s.Parameters),
	}
	for _, field := range []struct {
		name string
		raw  json.RawMessage
		into any
	}{
		{"credentials", s.Credentials, &b.Credentials},
		{"volume_mounts", s.VolumeMounts, &b.VolumeMounts},
		{"volume_mounts", s.Volumes2, &b.VolumeMounts},
		{"endpoints", s.Endpoints, &b.Endpoints},
	} {
		if len(field.raw) == 0 || string(field.raw) == "null" {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(field.raw))
		decoder.UseNumber()
		if decoder.Decode(field.into) != nil {
			// The error of encoding/json may repeat a value.
			return nil, fmt.Errorf("the field %s of the broker's binding has the wrong type", field.name)
		}
	}
	m := &openbroker.BindingMetadata{ExpiresAt: parseTime(s.Metadata.ExpiresAt), RenewBefore: parseTime(s.Metadata.RenewBefore)}
	if !m.ExpiresAt.IsZero() || !m.RenewBefore.IsZero() {
		b.Metadata = m
	}
	return b, nil
}

// dropEmptySchemas removes schemas without parameters, which the types of brokerapi
// cannot omit.
func dropEmptySchemas(catalog *openbroker.Catalog) {
	empty := func(s *openbroker.InputParametersSchema) bool {
		return s == nil || len(s.Parameters) == 0 || string(s.Parameters) == "null"
	}
	for i := range catalog.Services {
		for j := range catalog.Services[i].Plans {
			plan := &catalog.Services[i].Plans[j]
			if plan.Schemas == nil {
				continue
			}
			if s := plan.Schemas.ServiceInstance; s != nil {
				if empty(s.Create) {
					s.Create = nil
				}
				if empty(s.Update) {
					s.Update = nil
				}
				if s.Create == nil && s.Update == nil {
					plan.Schemas.ServiceInstance = nil
				}
			}
			if s := plan.Schemas.ServiceBinding; s != nil && empty(s.Create) {
				plan.Schemas.ServiceBinding = nil
			}
			if plan.Schemas.ServiceInstance == nil && plan.Schemas.ServiceBinding == nil {
				plan.Schemas = nil
			}
		}
	}
}
