package openbroker

import (
	"encoding/json"
	"errors"
)

// The platforms that the profile defines.
const (
	PlatformCloudFoundry = "cloudfoundry"
	PlatformKubernetes   = "kubernetes"
)

// A PlatformContext is the contextual data of a request (profile.md, "Context
// Object"). The zero value means that the request has none.
type PlatformContext struct {
	// Platform is the "platform" property, or empty.
	Platform string
	// Raw is the whole object as received, or nil.
	Raw json.RawMessage
}

// A CloudFoundryContext is the context that Cloud Foundry sends (profile.md,
// "Cloud Foundry Context Object"). Names and annotations can change at any
// time. Bind requests have no instance fields.
type CloudFoundryContext struct {
	OrganizationGUID        string            `json:"organization_guid"`
	OrganizationName        string            `json:"organization_name"`
	OrganizationAnnotations map[string]string `json:"organization_annotations"`
	SpaceGUID               string            `json:"space_guid"`
	SpaceName               string            `json:"space_name"`
	SpaceAnnotations        map[string]string `json:"space_annotations"`
	InstanceName            string            `json:"instance_name"`
	InstanceAnnotations     map[string]string `json:"instance_annotations"`
}

// A KubernetesContext is the context that Kubernetes platforms send
// (profile.md, "Kubernetes Context Object").
type KubernetesContext struct {
	Namespace            string            `json:"namespace"`
	NamespaceAnnotations map[string]string `json:"namespace_annotations"`
	ClusterID            string            `json:"clusterid"`
	InstanceName         string            `json:"instance_name"`
	InstanceAnnotations  map[string]string `json:"instance_annotations"`
}

// Decode decodes the context into v like [json.Unmarshal]; an absent context
// decodes as an empty object. The error is an ErrBadRequest that names the field:
// return it from the [Broker] unchanged.
func (c PlatformContext) Decode(v any) error {
	raw := c.Raw
	if raw == nil {
		raw = json.RawMessage("{}")
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return ErrBadRequest.WithDescription("%s", describeJSON(err, "context"))
	}
	return nil
}

// CloudFoundry returns the context that Cloud Foundry sent. It returns
// ErrBadRequest if another platform sent the context, and the errors of Decode.
func (c PlatformContext) CloudFoundry() (*CloudFoundryContext, error) {
	return decodeContext[CloudFoundryContext](c, PlatformCloudFoundry)
}

// Kubernetes returns the context that Kubernetes sent. It returns ErrBadRequest if
// another platform sent the context, and the errors of Decode.
func (c PlatformContext) Kubernetes() (*KubernetesContext, error) {
	return decodeContext[KubernetesContext](c, PlatformKubernetes)
}

func decodeContext[T any](c PlatformContext, platform string) (*T, error) {
	if c.Platform != platform {
		return nil, ErrBadRequest.WithDescription("context.platform must be %q, not %q", platform, c.Platform)
	}
	view := new(T)
	if err := c.Decode(view); err != nil {
		return nil, err
	}
	return view, nil
}

// MarshalJSON returns Raw, or an object with only the platform if Raw is nil.
func (c PlatformContext) MarshalJSON() ([]byte, error) {
	if c.Raw != nil {
		return c.Raw, nil
	}
	return json.Marshal(struct {
		Platform string `json:"platform,omitempty"`
	}{c.Platform})
}

// UnmarshalJSON keeps a copy of the object and reads its platform. It decodes null
// as the zero value.
func (c *PlatformContext) UnmarshalJSON(data []byte) error {
	*c = PlatformContext{}
	if isNull(data) {
		return nil
	}
	if !isObject(data) {
		return errors.New("context must be an object")
	}
	for name, value := range members(data) {
		if name != "platform" {
			continue
		}
		if err := readString(&c.Platform, "context.platform", value); err != nil {
			*c = PlatformContext{}
			return err
		}
	}
	c.Raw = append(json.RawMessage(nil), data...)
	return nil
}
