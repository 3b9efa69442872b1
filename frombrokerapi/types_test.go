package frombrokerapi_test

import (
	"encoding/json"
	"log/slog"
)

// The types below have the fields and the JSON names of brokerapi 13.

type service struct {
	ID                   string        `json:"id"`
	Name                 string        `json:"name"`
	Description          string        `json:"description"`
	Bindable             bool          `json:"bindable"`
	InstancesRetrievable bool          `json:"instances_retrievable,omitempty"`
	BindingsRetrievable  bool          `json:"bindings_retrievable,omitempty"`
	PlanUpdatable        bool          `json:"plan_updateable"`
	Plans                []servicePlan `json:"plans"`
}

type servicePlan struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Free        *bool    `json:"free,omitempty"`
	Bindable    *bool    `json:"bindable,omitempty"`
	Schemas     *schemas `json:"schemas,omitempty"`
}

type schemas struct {
	Instance struct {
		Create schema `json:"create,omitempty"`
		Update schema `json:"update,omitempty"`
	} `json:"service_instance,omitempty"`
	Binding struct {
		Create schema `json:"create,omitempty"`
	} `json:"service_binding,omitempty"`
}

type schema struct {
	Parameters map[string]any `json:"parameters"`
}

type provisionDetails struct {
	ServiceID        string          `json:"service_id"`
	PlanID           string          `json:"plan_id"`
	OrganizationGUID string          `json:"organization_guid"`
	SpaceGUID        string          `json:"space_guid"`
	RawContext       json.RawMessage `json:"context,omitempty"`
	RawParameters    json.RawMessage `json:"parameters,omitempty"`
}

type provisionedServiceSpec struct {
	IsAsync       bool
	AlreadyExists bool
	DashboardURL  string
	OperationData string
	Metadata      instanceMetadata
}

type instanceMetadata struct {
	Labels     map[string]any `json:"labels,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

type deprovisionDetails struct {
	PlanID    string `json:"plan_id"`
	ServiceID string `json:"service_id"`
	Force     bool   `json:"force"`
}

type deprovisionServiceSpec struct {
	IsAsync       bool
	OperationData string
}

type fetchInstanceDetails struct {
	ServiceID string `json:"service_id"`
	PlanID    string `json:"plan_id"`
}

type getInstanceDetailsSpec struct {
	ServiceID    string `json:"service_id"`
	PlanID       string `json:"plan_id"`
	DashboardURL string `json:"dashboard_url"`
	Parameters   any    `json:"parameters"`
	Metadata     instanceMetadata
}

type updateDetails struct {
	ServiceID      string          `json:"service_id"`
	PlanID         string          `json:"plan_id"`
	RawParameters  json.RawMessage `json:"parameters,omitempty"`
	PreviousValues struct {
		PlanID string `json:"plan_id"`
	} `json:"previous_values"`
	RawContext json.RawMessage `json:"context,omitempty"`
}

type updateServiceSpec struct {
	IsAsync       bool
	DashboardURL  string
	OperationData string
	Metadata      instanceMetadata
}

type pollDetails struct {
	ServiceID     string `json:"service_id"`
	PlanID        string `json:"plan_id"`
	OperationData string `json:"operation"`
}

type lastOperation struct {
	State       string `json:"state"`
	Description string `json:"description"`
}

type bindDetails struct {
	AppGUID      string `json:"app_guid"`
	PlanID       string `json:"plan_id"`
	ServiceID    string `json:"service_id"`
	BindResource *struct {
		AppGUID string `json:"app_guid,omitempty"`
	} `json:"bind_resource,omitempty"`
	RawContext    json.RawMessage `json:"context,omitempty"`
	RawParameters json.RawMessage `json:"parameters,omitempty"`
}

type binding struct {
	IsAsync         bool   `json:"is_async"`
	AlreadyExists   bool   `json:"already_exists"`
	OperationData   string `json:"operation_data"`
	Credentials     any    `json:"credentials"`
	SyslogDrainURL  string `json:"syslog_drain_url"`
	RouteServiceURL string `json:"route_service_url"`
	VolumeMounts    []any  `json:"volume_mounts"`
	Endpoints       []any  `json:"endpoints,omitempty"`
	Metadata        struct {
		ExpiresAt string `json:"expires_at,omitempty"`
	} `json:"metadata,omitempty"`
}

type unbindDetails struct {
	PlanID    string `json:"plan_id"`
	ServiceID string `json:"service_id"`
}

type unbindSpec struct {
	IsAsync       bool
	OperationData string
}

type fetchBindingDetails struct {
	ServiceID string `json:"service_id"`
	PlanID    string `json:"plan_id"`
}

type getBindingSpec struct {
	Credentials     any
	SyslogDrainURL  string
	RouteServiceURL string
	VolumeMounts    []any
	Parameters      any
	Endpoints       []any
}

// failureResponse is the type of version 11 and later.
type failureResponse struct { //nolint:errname // The library uses this name.
	error
	status int
	action string
	empty  bool
	key    string
}

func (f *failureResponse) ErrorResponse() any {
	if f.empty {
		return struct{}{}
	}
	return struct {
		Error       string `json:"error,omitempty"`
		Description string `json:"description"`
	}{f.key, f.Error()}
}

func (f *failureResponse) ValidatedStatusCode(*slog.Logger) int { return f.status }

func (f *failureResponse) LoggerAction() string { return f.action }

// lager is the logger of earlier versions, an interface of another library.
type lager interface{ Error(string, error) }

// oldFailureResponse is the type of versions 8 to 10.
type oldFailureResponse struct{ failure failureResponse } //nolint:errname // The library uses this name.

func (f *oldFailureResponse) Error() string        { return f.failure.Error() }
func (f *oldFailureResponse) ErrorResponse() any   { return f.failure.ErrorResponse() }
func (f *oldFailureResponse) LoggerAction() string { return f.failure.action }
func (f *oldFailureResponse) ValidatedStatusCode(logger lager) int {
	if f.failure.status < 400 || f.failure.status > 599 {
		logger.Error("validating-status-code", f)
	}
	return f.failure.status
}
