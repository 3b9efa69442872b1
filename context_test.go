package openbroker_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestCloudFoundryContext(t *testing.T) {
	t.Parallel()
	var c openbroker.PlatformContext
	if err := json.Unmarshal([]byte(`{"platform":"cloudfoundry","organization_guid":"o","organization_name":"on","organization_annotations":{"a":"1"},
		"space_guid":"s","space_name":"sn","space_annotations":{"b":"2"},"instance_name":"in","instance_annotations":{"c":"3"},"more":[1]}`), &c); err != nil {
		t.Fatal(err)
	}
	got, err := c.CloudFoundry()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "the context", *got, openbroker.CloudFoundryContext{
		OrganizationGUID: "o", OrganizationName: "on", OrganizationAnnotations: map[string]string{"a": "1"},
		SpaceGUID: "s", SpaceName: "sn", SpaceAnnotations: map[string]string{"b": "2"},
		InstanceName: "in", InstanceAnnotations: map[string]string{"c": "3"},
	})
	if _, err := c.Kubernetes(); !errors.Is(err, openbroker.ErrBadRequest) || !strings.Contains(err.Error(), "context.platform") {
		t.Error(err)
	}
	if got, err := json.Marshal(c); err != nil || !strings.Contains(string(got), `"more":[1]`) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestKubernetesContext(t *testing.T) {
	t.Parallel()
	c := openbroker.PlatformContext{Platform: "kubernetes", Raw: json.RawMessage(`{"platform":"kubernetes","namespace":"n","namespace_annotations":{"a":"1"},"clusterid":"c","instance_name":"i","instance_annotations":{"b":"2"}}`)}
	got, err := c.Kubernetes()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "the context", *got, openbroker.KubernetesContext{
		Namespace: "n", NamespaceAnnotations: map[string]string{"a": "1"}, ClusterID: "c", InstanceName: "i", InstanceAnnotations: map[string]string{"b": "2"},
	})
	c.Raw = json.RawMessage(`{"platform":"kubernetes","namespace":7}`)
	var answer *openbroker.Error
	if _, err := c.Kubernetes(); !errors.As(err, &answer) || answer.Description != "context.namespace must be a string, not a number" {
		t.Error(err)
	}
}

func TestAbsentContext(t *testing.T) {
	t.Parallel()
	var c openbroker.PlatformContext
	if _, err := c.CloudFoundry(); !errors.Is(err, openbroker.ErrBadRequest) {
		t.Error(err)
	}
	var target map[string]any
	if err := c.Decode(&target); err != nil || len(target) != 0 {
		t.Error(target, err)
	}
	for want, request := range map[string]any{
		`{"service_id":"s"}`:                            openbroker.UpdateRequest{ServiceID: "s"},
		`{"service_id":"s","context":{"platform":"x"}}`: openbroker.UpdateRequest{ServiceID: "s", Context: openbroker.PlatformContext{Platform: "x"}},
	} {
		if got, err := json.Marshal(request); err != nil || string(got) != want {
			t.Errorf("%s, %v", got, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"platform":1}`), &c); err == nil {
		t.Error("a number is accepted for the platform")
	}
}
