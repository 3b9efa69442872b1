package openbroker_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

const userJSON = `{"user_id":"683ea748-3092-4ff4-b656-39cacc4d5360","text":"??>>"}`

func TestParseOriginatingIdentity(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"standard":         "cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(userJSON)),
		"unpadded":         "cloudfoundry " + base64.RawStdEncoding.EncodeToString([]byte(userJSON)),
		"URL alphabet":     "cloudfoundry " + base64.URLEncoding.EncodeToString([]byte(userJSON)),
		"raw URL alphabet": "cloudfoundry " + base64.RawURLEncoding.EncodeToString([]byte(userJSON)),
		"white space":      "  cloudfoundry \t " + base64.StdEncoding.EncodeToString([]byte(userJSON)) + " ",
	} {
		got, err := openbroker.ParseOriginatingIdentity(header)
		if err != nil || got.Platform != "cloudfoundry" || string(got.Value) != userJSON {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	got, err := openbroker.ParseOriginatingIdentity("cloudfoundry eyANCiAgInVzZXJfaWQiOiAiNjgzZWE3NDgtMzA5Mi00ZmY0LWI2NTYtMzljYWNjNGQ1MzYwIg0KfQ==")
	if err != nil {
		t.Fatal("the example of the specification:", err)
	}
	if user, err := got.CloudFoundry(); err != nil || user.UserID != "683ea748-3092-4ff4-b656-39cacc4d5360" {
		t.Errorf("%v, %v", user, err)
	}
	if _, err := got.Kubernetes(); err == nil {
		t.Error("a Cloud Foundry user is decoded as a Kubernetes user")
	}
}

func TestKubernetesIdentity(t *testing.T) {
	t.Parallel()
	identity := openbroker.OriginatingIdentity{Platform: "kubernetes", Value: json.RawMessage(`{"username":"duke","uid":"u","groups":["admin","dev"],"extra":{"mydata":["data1","data3"]},"more":1}`)}
	got, err := identity.Kubernetes()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "the user", *got, openbroker.KubernetesIdentity{Username: "duke", UID: "u", Groups: []string{"admin", "dev"}, Extra: map[string][]string{"mydata": {"data1", "data3"}}})
	identity.Value = json.RawMessage(`{"groups":"admin"}`)
	if _, err := identity.Kubernetes(); err == nil {
		t.Error("a string is accepted for groups")
	}
}

var malformedIdentities = []string{
	"", " ", "cloudfoundry", "cloudfoundry ", "e30=", "cloudfoundry e30= e30=", "cloudfoundry e30=e30=", "cloudfoundry !!!", "cloudfoundry e30-+",
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(`[]`)),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(`null`)),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(`"x"`)),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(`7`)),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(``)),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(`{"user_id":`)),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(`{} {}`)),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte("{\"a\":\"\xff\"}")),
	"cloudfoundry " + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(`{"a":`, 20_000))),
	strings.Repeat("x", 10_000),
}

func TestMalformedIdentity(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, header := range malformedIdentities {
		if _, err := openbroker.ParseOriginatingIdentity(header); err == nil {
			t.Errorf("%.50q is accepted", header)
		} else if text := err.Error(); len(text) > 200 || header != "" && len(header) > 20 && strings.Contains(text, header) {
			t.Errorf("the error repeats the header: %.100q", text)
		}
		for _, r := range endpointRequests {
			a := s.do(r.method, r.path, r.body, openbroker.HeaderOriginatingIdentity+": "+header)
			a.wantError(t, http.StatusBadRequest, openbroker.HeaderOriginatingIdentity)
		}
	}
	wantNoCall(t, broker)
}

func TestIdentityReachesTheBroker(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	identity := openbroker.OriginatingIdentity{Platform: "service-manager", Value: json.RawMessage(userJSON)}
	s.do(http.MethodPut, instancePath, provisionBody, openbroker.HeaderOriginatingIdentity+": "+identity.String())
	wantEqual(t, "the identity", *lastReceived[*openbroker.ProvisionRequest](t, broker).Caller.Identity, identity)
	s.do(http.MethodPut, instancePath, provisionBody)
	if got := lastReceived[*openbroker.ProvisionRequest](t, broker).Caller.Identity; got != nil {
		t.Errorf("without the header, the identity is %v", got)
	}
}
