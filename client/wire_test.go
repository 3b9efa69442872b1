package client_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// TestRequests compares the request of each call with a golden transcript.
func TestRequests(t *testing.T) {
	t.Parallel()
	identity := openbroker.OriginatingIdentity{Platform: "cloudfoundry", Value: json.RawMessage(`{"user_id":"u"}`)}
	var out strings.Builder
	for _, c := range []struct {
		name, body string
		call       func(context.Context, *client.Client) error
	}{
		{"catalog", `{"services":[]}`, func(ctx context.Context, c *client.Client) error { _, err := c.Catalog(ctx); return err }},
		{"provision", `{}`, func(ctx context.Context, c *client.Client) error {
			r := provisionRequest()
			r.Context = openbroker.PlatformContext{Platform: "cloudfoundry", Raw: json.RawMessage(`{"platform":"cloudfoundry","organization_guid":"o","space_guid":"sp","x":1e400}`)}
			r.MaintenanceInfo = &openbroker.MaintenanceInfo{Version: "1.0.0"}
			r.Body = openbroker.Parameters(`{"x-vendor":{"a":"<&>"},"plan_id":"another","app_guid":"not of a provision"}`)
			r.Caller.Identity, r.Caller.RequestIdentity = &identity, "request-1"
			_, err := c.Provision(ctx, r)
			return err
		}},
		{"update", `{}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.Update(ctx, &openbroker.UpdateRequest{
				InstanceID: "i-1", ServiceID: "s-1", PlanID: "p-2", Parameters: openbroker.Parameters(`{}`),
				PreviousValues: &openbroker.PreviousValues{PlanID: "p-1"},
			})
			return err
		}},
		{"deprovision", `{}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.Deprovision(ctx, &openbroker.DeprovisionRequest{InstanceID: "i/1 ä", ServiceID: "s+1", PlanID: "p 1", AcceptsIncomplete: true})
			return err
		}},
		{"fetch instance", `{"plan_id":"p-1"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.GetInstance(ctx, &openbroker.GetInstanceRequest{InstanceID: "i-1", ServiceID: "s-1"})
			return err
		}},
		{"last operation", `{"state":"succeeded"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.LastOperation(ctx, &openbroker.LastOperationRequest{InstanceID: "i-1", ServiceID: "s-1", PlanID: "p-1", Operation: "a b+c&d=é;100%"})
			return err
		}},
		{"bind", `{}`, func(ctx context.Context, c *client.Client) error {
			r := bindRequest()
			r.BindResource = &openbroker.BindResource{AppGUID: "app", Raw: json.RawMessage(`{"app_guid":"app","x-more":[1]}`)}
			_, err := c.Bind(ctx, r)
			return err
		}},
		{"rotate", `{}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.Bind(ctx, &openbroker.BindRequest{InstanceID: "i-1", BindingID: "b-2", PredecessorBindingID: "b-1"})
			return err
		}},
		{"unbind", ``, func(ctx context.Context, c *client.Client) error {
			_, err := c.Unbind(ctx, &openbroker.UnbindRequest{InstanceID: "i-1", BindingID: "b-1", ServiceID: "s-1", PlanID: "p-1"})
			return err
		}},
		{"fetch binding", `{"credentials":{}}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.GetBinding(ctx, &openbroker.GetBindingRequest{InstanceID: "i-1", BindingID: "b-1"})
			return err
		}},
		{"last binding operation", `{"state":"in progress"}`, func(ctx context.Context, c *client.Client) error {
			_, err := c.LastBindingOperation(ctx, &openbroker.LastBindingOperationRequest{InstanceID: "i-1", BindingID: "b-1"})
			return err
		}},
	} {
		broker := respondWith(scriptedResponse{status: 200, body: c.body})
		if err := c.call(t.Context(), newClient(t, broker, client.WithBasicAuth("user", "secret word"))); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		out.WriteString("# " + c.name + "\n" + strings.Join(broker.requests, "") + "\n")
	}
	// Request identities are random unless the caller sets them.
	random := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
	compareGolden(t, "requests.golden", random.ReplaceAllString(out.String(), "RANDOM-UUID"))
}

// An identity in the request takes precedence over that of the client.
func TestOriginatingIdentity(t *testing.T) {
	t.Parallel()
	identity := openbroker.OriginatingIdentity{Platform: "cloudfoundry", Value: json.RawMessage(`{"user_id":"u"}`)}
	broker := respondWith(scriptedResponse{status: 200, body: `{}`})
	c := newClient(t, broker, client.WithOriginatingIdentity(identity))
	other := provisionRequest()
	other.Caller.Identity = &openbroker.OriginatingIdentity{Platform: "kubernetes", Value: json.RawMessage(`{}`)}
	for _, r := range []*openbroker.ProvisionRequest{provisionRequest(), other} {
		if _, err := c.Provision(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"cloudfoundry eyJ1c2VyX2lkIjoidSJ9", "kubernetes e30="} {
		if want = "X-Broker-Api-Originating-Identity: " + want + "\n"; !strings.Contains(broker.requests[i], want) {
			t.Errorf("request %d has no %s:\n%s", i, want, broker.requests[i])
		}
	}
}

// TestResponses decodes each success, and keeps digits and unknown fields.
func TestResponses(t *testing.T) {
	t.Parallel()
	const binding = `{"credentials":{"port":12345678901234567890,"uri":"x://y","n":1.50},"syslog_drain_url":"syslog://x","endpoints":[{"host":"h","ports":["1"]}],
		"metadata":{"expires_at":"2030-01-01T00:00:00.0Z"},"volume_mounts":[{"driver":"d","container_dir":"/c","mode":"rw","device_type":"shared","device":{"volume_id":"v","mount_config":{"n":9007199254740993}}}],
		"x-new":{"deep":1},"OPERATION":"wrong","operation":"right"}`
	broker := respondWith(scriptedResponse{status: 202, header: map[string]string{"Retry-After": "7"}, body: binding})
	var raw client.Response
	response, err := newClient(t, broker).Bind(client.WithResponse(t.Context(), &raw), bindRequest())
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(response)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"operation":"right","metadata":{"expires_at":"2030-01-01T00:00:00.0Z"},"credentials":{"n":1.50,"port":12345678901234567890,"uri":"x://y"},"syslog_drain_url":"syslog://x",` +
		`"volume_mounts":[{"driver":"d","container_dir":"/c","mode":"rw","device_type":"shared","device":{"volume_id":"v","mount_config":{"n":9007199254740993}}}],"endpoints":[{"host":"h","ports":["1"]}]}`
	if diff := cmp.Diff(want, string(encoded)); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	if response.Outcome != openbroker.Accepted || response.RetryAfter.Seconds() != 7 {
		t.Errorf("outcome %v, Retry-After %v", response.Outcome, response.RetryAfter)
	}
	if diff := cmp.Diff(openbroker.Extensions{"x-new": json.RawMessage(`{"deep":1}`), "OPERATION": json.RawMessage(`"wrong"`)}, raw.Extensions); diff != "" {
		t.Errorf("unknown fields (-want +got):\n%s", diff)
	}
	if raw.StatusCode != 202 || string(raw.Body) != binding || raw.RequestIdentity == "" {
		t.Errorf("raw response %v with %d bytes", raw, len(raw.Body))
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]openbroker.Outcome{200: openbroker.AlreadyExists, 201: openbroker.Completed, 202: openbroker.Accepted} {
		response, err := newClient(t, respondWith(scriptedResponse{status: status, body: `{"dashboard_url":"https://d"}`})).Provision(t.Context(), provisionRequest())
		if err != nil || response.Outcome != want || response.DashboardURL != "https://d" {
			t.Errorf("%d: %v, %v", status, response, err)
		}
	}
	response, err := newClient(t, respondWith(scriptedResponse{status: 200, body: `{}`})).Update(t.Context(), &openbroker.UpdateRequest{InstanceID: "i", ServiceID: "s"})
	if err != nil || response.Outcome != openbroker.Completed {
		t.Errorf("update: %v, %v", response, err)
	}
}

// TestCatalogIsCached shows that the client caches an unchanged catalog.
func TestCatalogIsCached(t *testing.T) {
	t.Parallel()
	broker := respondWith(
		scriptedResponse{status: 200, header: map[string]string{"ETag": `"1"`}, body: "\uFEFF" + `{"services":[{"id":"s","name":"n","x-more":1,"plans":null}],"x-top":true}`},
		scriptedResponse{status: 304, header: map[string]string{"ETag": `"1"`}},
	)
	c := newClient(t, broker)
	first, err := c.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if string(first.Services[0].Extensions["x-more"]) != "1" || string(first.Extensions["x-top"]) != "true" {
		t.Errorf("extension fields are lost: %+v", first)
	}
	second, err := c.Catalog(t.Context())
	if err != nil || second != first {
		t.Errorf("the second catalog: %v, %v", second, err)
	}
	if !strings.Contains(broker.requests[1], `If-None-Match: "1"`) {
		t.Errorf("the second request has no ETag:\n%s", broker.requests[1])
	}
}
