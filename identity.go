package openbroker

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The headers of the specification (spec.md, "Headers").
const (
	HeaderAPIVersion          = "X-Broker-API-Version"
	HeaderOriginatingIdentity = "X-Broker-API-Originating-Identity"
	HeaderRequestIdentity     = "X-Broker-API-Request-Identity"
)

// An OriginatingIdentity is the user of the platform who caused a request
// (spec.md, "Originating Identity"). It identifies a person: log it with care.
type OriginatingIdentity struct {
	// Platform is the platform, such as "cloudfoundry". The context has it, too.
	Platform string
	// Value is a JSON object whose properties depend on the platform.
	Value json.RawMessage
}

// A CloudFoundryIdentity is a user of Cloud Foundry (profile.md, "Cloud Foundry
// Originating Identity Header").
type CloudFoundryIdentity struct {
	UserID string `json:"user_id"`
}

// A KubernetesIdentity is a user of Kubernetes (profile.md, "Kubernetes
// Originating Identity Header").
type KubernetesIdentity struct {
	Username string              `json:"username"`
	UID      string              `json:"uid"`
	Groups   []string            `json:"groups"`
	Extra    map[string][]string `json:"extra"`
}

// ParseOriginatingIdentity parses the value of the header
// X-Broker-API-Originating-Identity: a platform, white space, and a JSON object in
// Base64. It accepts the standard and the URL alphabet, with and without padding.
// The error describes the problem and does not contain the value.
func ParseOriginatingIdentity(header string) (*OriginatingIdentity, error) {
	fields := strings.Fields(header)
	if len(fields) != 2 {
		return nil, errors.New("must be a platform and a Base64 value, separated by a space")
	}
	encoded := strings.TrimRight(fields[1], "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(encoded, "-_") {
		encoding = base64.RawURLEncoding
	}
	value, err := encoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("has a value after the platform that is not Base64")
	}
	if !isObject(value) || !json.Valid(value) || !utf8.Valid(value) {
		return nil, errors.New("has a Base64 value that does not hold a JSON object")
	}
	return &OriginatingIdentity{Platform: fields[0], Value: value}, nil
}

// String returns the value of the header.
func (i OriginatingIdentity) String() string {
	return i.Platform + " " + base64.StdEncoding.EncodeToString(i.Value)
}

// CloudFoundry returns the user of Cloud Foundry. It returns an error if the
// platform is another one or a field has an unexpected type.
func (i OriginatingIdentity) CloudFoundry() (*CloudFoundryIdentity, error) {
	return decodeIdentity[CloudFoundryIdentity](i, PlatformCloudFoundry)
}

// Kubernetes returns the user of Kubernetes. It returns an error if the platform is
// another one or a field has an unexpected type.
func (i OriginatingIdentity) Kubernetes() (*KubernetesIdentity, error) {
	return decodeIdentity[KubernetesIdentity](i, PlatformKubernetes)
}

func decodeIdentity[T any](i OriginatingIdentity, platform string) (*T, error) {
	if i.Platform != platform {
		return nil, fmt.Errorf("the originating identity comes from the platform %q, not %q", i.Platform, platform)
	}
	view := new(T)
	if err := json.Unmarshal(i.Value, view); err != nil {
		return nil, fmt.Errorf("the originating identity of the platform %q is malformed: %w", i.Platform, err)
	}
	return view, nil
}
