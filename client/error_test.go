package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// TestErrorsMatchSentinels checks that errors.Is matches the error that a broker in
// this process would have returned.
func TestErrorsMatchSentinels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		call   string
		status int
		body   string
		want   *openbroker.Error
	}{
		{"provision", 422, `{"error":"AsyncRequired","description":"d"}`, openbroker.ErrAsyncRequired},
		{"provision", 422, `{"error":"MaintenanceInfoConflict"}`, openbroker.ErrMaintenanceInfoConflict},
		{"update", 422, `{"error":"ConcurrencyError","description":"d"}`, openbroker.ErrConcurrency},
		{"bind", 422, `{"error":"RequiresApp"}`, openbroker.ErrRequiresApp},
		{"provision", 409, `{}`, openbroker.ErrInstanceAlreadyExists},
		{"bind", 409, `{"error":"Own"}`, openbroker.ErrBindingAlreadyExists},
		{"deprovision", 410, `{}`, openbroker.ErrInstanceDoesNotExist},
		{"unbind", 410, ``, openbroker.ErrBindingDoesNotExist},
		{"update", 404, `not found`, openbroker.ErrInstanceDoesNotExist},
		{"provision", 401, `{"description":"who?"}`, openbroker.ErrUnauthorized},
		{"provision", 501, ``, openbroker.ErrNotImplemented},
		{"provision", 503, `{"description":"later"}`, openbroker.ErrUnavailable},
	} {
		err := changes(newClient(t, respondWith(scriptedResponse{status: c.status, body: c.body})))[c.call](t.Context())
		var proper *openbroker.Error
		if !errors.Is(err, c.want) || !errors.As(err, &proper) || proper.Status != c.status {
			t.Errorf("%s %d %s: %v (%v)", c.call, c.status, c.body, err, proper)
		}
	}
}

func TestResponseErrorFields(t *testing.T) {
	t.Parallel()
	c := newClient(t, respondWith(scriptedResponse{
		status: 500, header: map[string]string{"Retry-After": "9"},
		body: `{"error":"Broken","description":"the disk is full","instance_usable":false,"update_repeatable":true}`,
	}))
	_, err := c.Update(t.Context(), &openbroker.UpdateRequest{
		InstanceID: "i", ServiceID: "s", Caller: openbroker.Caller{RequestIdentity: "r-1"},
	})
	var response *client.ResponseError
	if !errors.As(err, &response) {
		t.Fatalf("%T", err)
	}
	if response.Call != "update" || response.Code != "Broken" || response.Description != "the disk is full" || response.RetryAfter != 9*time.Second || response.RequestIdentity != "r-1" {
		t.Errorf("%+v", response)
	}
	var proper *openbroker.Error
	errors.As(err, &proper)
	if proper.InstanceUsable == nil || *proper.InstanceUsable || proper.UpdateRepeatable == nil || !*proper.UpdateRepeatable {
		t.Errorf("flags: %v %v", proper.InstanceUsable, proper.UpdateRepeatable)
	}
	const want = "update: the broker responded with 500 Internal Server Error (Broken): the disk is full [request identity r-1]"
	if err.Error() != want {
		t.Errorf("text %q", err)
	}
}

// TestRedirects shows that no client follows redirects, however it is configured.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		broker := respondWith(scriptedResponse{status: status, header: map[string]string{"Location": "https://elsewhere.example/"}}, scriptedResponse{status: 200, body: `{}`})
		for name, option := range map[string]client.Option{
			"transport": client.WithTransport(broker), "client": client.WithHTTPClient(&http.Client{Transport: broker}),
		} {
			c, err := client.New("http://broker.example", option, client.WithBasicAuth("u", "hunter22"))
			if err != nil {
				t.Fatal(err)
			}
			before := broker.count()
			broker.responses = []scriptedResponse{{status: status, header: map[string]string{"Location": "https://elsewhere.example/"}}}
			err = changes(c)["deprovision"](t.Context())
			var response *client.ResponseError
			if !errors.As(err, &response) || response.StatusCode != status || !strings.Contains(err.Error(), "redirect") || broker.count() != before+1 {
				t.Errorf("%s %d: %v after %d requests", name, status, err, broker.count()-before)
			}
		}
	}
}

// TestMalformed lists invalid responses, in both decoding modes.
func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, call      string
		status          int
		header          map[string]string
		body            string
		lenient, strict string
	}{
		{"no JSON", "provision", 201, nil, `<html>`, "not valid JSON", "not valid JSON"},
		{"HTML", "provision", 201, map[string]string{"Content-Type": "text/html"}, `<html>`, "6 bytes of text/html", "Content-Type"},
		{"array", "provision", 201, nil, `[1]`, "an array", "an array"},
		{"null", "bind", 201, nil, `null`, "is null", "is null"},
		{"empty", "provision", 201, nil, ``, "is empty", "is empty"},
		{"empty deletion", "deprovision", 200, nil, ``, "", "is empty"},
		{"wrong type", "provision", 202, nil, `{"operation":{"a":1}}`, "operation has the wrong type object", "operation has the wrong type object"},
		{"wrong credentials", "bind", 201, nil, `{"credentials":"hunter22"}`, "credentials has the wrong type string", "credentials has the wrong type string"},
		{"wrong metadata", "provision", 201, nil, `{"metadata":"x"}`, "", "metadata has the wrong type string"},
		{"null that is allowed", "provision", 202, nil, `{"dashboard_url":null,"operation":null}`, "", ""},
		{"null field", "bind", 201, nil, `{"syslog_drain_url":null}`, "", "syslog_drain_url is null"},
		{"other case", "provision", 202, nil, `{"OPERATION":"x"}`, "", "the field OPERATION must be spelled operation"},
		{"twice", "provision", 202, nil, `{"operation":"x","operation":"y"}`, "", "the field operation occurs twice"},
		{"twice inside", "bind", 201, nil, `{"credentials":{"a":[{"b":1,"b":2}]}}`, "", "the field credentials.a.b occurs twice"},
		{"byte order mark", "provision", 201, nil, "\uFEFF{}", "", "byte order mark"},
		{"Latin-1", "provision", 201, nil, "{\"dashboard_url\":\"https://\xe4\"}", "", "not UTF-8"},
		{"trailing", "provision", 201, nil, `{} true`, "", "continues after"},
		{"no content type", "provision", 201, map[string]string{"Content-Type": ""}, `{}`, "", "Content-Type"},
		{"deep", "provision", 201, nil, strings.Repeat(`[`, 1<<20), "not valid JSON", "not valid JSON"},
		{"other 2xx", "provision", 204, nil, ``, "does not allow the status 204", "does not allow the status 204"},
		{"created update", "update", 201, nil, `{}`, "does not allow the status 201", "does not allow the status 201"},
	} {
		for _, way := range []struct {
			name, want string
			options    []client.Option
		}{{"lenient", c.lenient, nil}, {"strict", c.strict, []client.Option{client.WithStrictDecoding()}}} {
			broker := respondWith(scriptedResponse{status: c.status, header: c.header, body: c.body})
			err := changes(newClient(t, broker, way.options...))[c.call](t.Context())
			switch {
			case way.want == "" && err != nil, way.want != "" && (err == nil || !strings.Contains(err.Error(), way.want)):
				t.Errorf("%s, %s: %v, want %q", c.name, way.name, err, way.want)
			case err != nil && strings.Contains(err.Error(), "hunter22"):
				t.Errorf("%s, %s: the error shows a credential: %v", c.name, way.name, err)
			}
		}
	}
}

func TestLatin1IsRead(t *testing.T) {
	t.Parallel()
	c := newClient(t, respondWith(scriptedResponse{status: 201, body: "{\"dashboard_url\":\"https://m\xfcller\"}"}))
	response, err := c.Provision(t.Context(), provisionRequest())
	if err != nil || response.DashboardURL != "https://müller" {
		t.Errorf("%v, %v", response, err)
	}
}

// TestErrorsHideSecrets makes brokers, proxies and networks repeat the request.
func TestErrorsHideSecrets(t *testing.T) {
	t.Parallel()
	const password, token = "pass word/22", "token-4711"
	echo := `<html>` + password + ` dXNlcjpwYXNzIHdvcmQvMjI= ` + token + ` hunter22 ` + strings.Repeat("x", 300)
	for name, scripted := range map[string]scriptedResponse{
		"page":        {status: 502, body: echo},
		"description": {status: 500, body: `{"description":"login ` + password + " " + token + ` failed"}`},
		"malformed":   {status: 201, body: `{"credentials":"` + password + `"`},
		"network":     {fail: fmt.Errorf("proxy refused %s and %s", password, token)},
	} {
		for login, option := range map[string]client.Option{"basic": client.WithBasicAuth("user", password), "bearer": client.WithBearerToken(token)} {
			var log strings.Builder
			c := newClient(t, respondWith(scripted), option, client.WithRetries(0),
				client.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			for call, do := range changes(c) {
				err := do(t.Context())
				if err == nil {
					t.Fatalf("%s, %s: no error", name, call)
				}
				text := fmt.Sprintf("%v %+v %#v %s %+v %#v", err, c, c, c, client.Response{Body: []byte(password)}, log.String())
				secrets := []string{token}
				if login == "basic" {
					secrets = []string{password, "dXNlcjpwYXNzIHdvcmQvMjI="}
				}
				if call == "provision" || call == "bind" {
					secrets = append(secrets, "hunter22")
				}
				for _, secret := range secrets {
					if strings.Contains(text, secret) {
						t.Errorf("%s, %s, %s: %q is shown in\n%s", name, login, call, secret, text)
					}
				}
			}
		}
	}
}

// TestRepetition shows which calls are repeated, and how often.
func TestRepetition(t *testing.T) {
	t.Parallel()
	broken := scriptedResponse{fail: errors.New("connection reset by peer")}
	fine := scriptedResponse{status: 200, body: `{"state":"succeeded","services":[]}`}
	busy := scriptedResponse{status: 503, header: map[string]string{"Retry-After": "3"}, body: `{}`}
	for _, c := range []struct {
		name, call string
		responses  []scriptedResponse
		methods    string
		fails      bool
	}{
		{"put again", "provision", []scriptedResponse{broken, fine}, "PUT PUT", false},
		{"put only once again", "bind", []scriptedResponse{broken, broken, fine}, "PUT PUT", true},
		{"delete again", "unbind", []scriptedResponse{broken, fine}, "DELETE DELETE", false},
		{"patch never", "update", []scriptedResponse{broken, fine}, "PATCH", true},
		{"put not if busy", "provision", []scriptedResponse{busy, fine}, "PUT", true},
		{"get again", "catalog", []scriptedResponse{broken, busy, fine}, "GET GET GET", false},
		{"get gives up", "catalog", []scriptedResponse{busy}, "GET GET GET GET", true},
		{"get not if refused", "catalog", []scriptedResponse{{status: 500, body: `{}`}, fine}, "GET", true},
		{"get not for an hour", "catalog", []scriptedResponse{{status: 503, header: map[string]string{"Retry-After": "3600"}}, fine}, "GET", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			broker := respondWith(c.responses...)
			cl := newClient(t, broker)
			do := changes(cl)[c.call]
			if c.call == "catalog" {
				do = func(ctx context.Context) error { _, err := cl.Catalog(ctx); return err }
			}
			if err := do(t.Context()); (err != nil) != c.fails || broker.methods() != c.methods {
				t.Errorf("%s: %v after %s", c.name, err, broker.methods())
			}
			first, _, _ := strings.Cut(broker.requests[0], "\n\n")
			if last := broker.requests[len(broker.requests)-1]; !strings.HasPrefix(last, first) {
				t.Errorf("%s: the repeated request differs:\n%s\n%s", c.name, first, last)
			}
		})
	}
}

// TestTokenFails shows that the client sends no request without a token.
func TestTokenFails(t *testing.T) {
	t.Parallel()
	broker := respondWith(scriptedResponse{status: 200, body: `{}`})
	c := newClient(t, broker, client.WithTokenSource(func(context.Context) (string, error) { return "", errors.New("the issuer is away") }))
	err := changes(c)["provision"](t.Context())
	if _, orphan := client.OrphanOf(err); err == nil || orphan || broker.count() != 0 || !strings.Contains(err.Error(), "get a token: the issuer is away") {
		t.Errorf("%v after %d requests", err, broker.count())
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address string
		options []client.Option
		want    string
	}{
		{"broker.example", nil, "must begin with http:// or https://"},
		{"http://", nil, "has no host"},
		{"http://h/?a=b", nil, "query"},
		{"http://u:hunter22#x@h", nil, ""},
		{"http://u:hunter22%zz@h", nil, "not a URL"},
		{"http://u:p@h", []client.Option{client.WithBearerToken("t")}, "several logins"},
		{"http://h", []client.Option{client.WithRequestTimeout(-1)}, "must not be negative"},
		{"http://h", []client.Option{client.WithPollInterval(2, 1)}, "poll interval"},
		{"http://h", []client.Option{client.WithHTTPClient(http.DefaultClient), client.WithTransport(http.DefaultTransport)}, "exclude each other"},
		{"http://h", []client.Option{client.WithOrphanMitigation(7)}, "orphan policy"},
	} {
		_, err := client.New(c.address, c.options...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: %v", c.address, err)
		}
	}
}

func TestEmptyIDs(t *testing.T) {
	t.Parallel()
	broker := respondWith(scriptedResponse{status: 200, body: `{}`})
	c := newClient(t, broker)
	for _, id := range []string{"", ".", ".."} {
		_, err := c.GetInstance(t.Context(), &openbroker.GetInstanceRequest{InstanceID: id})
		_, err2 := c.Unbind(t.Context(), &openbroker.UnbindRequest{InstanceID: "i", BindingID: id})
		if err == nil || err2 == nil || broker.count() != 0 {
			t.Errorf("%q: %v, %v", id, err, err2)
		}
	}
}
