package conformance_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/conformance"
)

// These are the secrets that a leaky broker repeats wherever it can.
const (
	loginSecret      = "login-hunter2"
	parameterSecret  = "parameter-hunter2"
	credentialSecret = "credential-hunter2"
	tokenSecret      = "token-hunter2"
)

// leaky is a broker that breaks every rule. It repeats the secrets that it
// receives and the secrets of its bindings.
func leaky(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2/catalog" {
		_, _ = io.WriteString(w, `{"services":[{"id":"s","name":"s","description":"d","bindable":true,"bindings_retrievable":true,
			"instances_retrievable":true,"requires":["syslog_drain"],"plans":[{"id":"p","name":"p","description":"d"}]}]}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	leaks := map[string]any{
		"description": fmt.Sprintf("%s said %s and %s with %s", r.Header.Get("Authorization"), body, loginSecret, parameterSecret),
		"credentials": map[string]any{
			"password": credentialSecret, "uri": "https://admin:" + credentialSecret + "@db.example.com/",
			"nested": []any{map[string]any{"x": credentialSecret}},
		},
		"parameters":       map[string]any{"key": parameterSecret, "nested": []any{parameterSecret}},
		"dashboard_url":    "https://admin:" + credentialSecret + "@dashboard.example.com/",
		"syslog_drain_url": "syslog://admin:" + credentialSecret + "@logs.example.com/",
		"access_token":     tokenSecret,
		"operation":        []any{parameterSecret},
		"state":            parameterSecret,
	}
	w.Header().Set("Set-Cookie", "session="+tokenSecret)
	w.Header().Set("X-Echo", r.Header.Get("Authorization")+" "+parameterSecret)
	w.Header().Set("Location", "https://admin:"+credentialSecret+"@db.example.com/")
	w.WriteHeader(map[string]int{"PUT": 201, "PATCH": 418, "DELETE": 200, "GET": 200}[r.Method])
	if strings.Contains(r.URL.Path, "last_operation") {
		_, _ = io.WriteString(w, "not JSON: "+loginSecret+" "+parameterSecret)
		return
	}
	_ = json.NewEncoder(w).Encode(leaks)
}

// No report shows a secret, even if the broker repeats secrets everywhere.
func TestReportsMaskSecrets(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(leaky))
	t.Cleanup(server.Close)
	parameters := map[string]any{"key": parameterSecret, "nested": []any{map[string]any{"key": parameterSecret}}}
	for name, target := range map[string]conformance.Target{
		"password": {URL: server.URL, Username: "admin", Password: loginSecret},
		"bearer":   {URL: server.URL, Bearer: loginSecret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := conformance.Run(t.Context(), target, conformance.Options{
				PollInterval: time.Millisecond, OperationTimeout: time.Second,
				Parameters: map[string]conformance.Parameters{"p": {Provision: parameters, Update: parameters, Bind: parameters}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if report.Counts().Failed < 20 {
				t.Errorf("only %d checks failed", report.Counts().Failed)
			}
			for _, format := range conformance.Formats() {
				text := writeReport(t, report, format)
				for _, secret := range []string{
					loginSecret, parameterSecret, credentialSecret, tokenSecret,
					base64.StdEncoding.EncodeToString([]byte("admin:" + loginSecret)),
				} {
					if at := strings.Index(text, secret); at >= 0 {
						t.Errorf("%s: %s is shown: %s", format, secret, text[max(0, at-200):min(len(text), at+60)])
					}
				}
				if !strings.Contains(text, "***") {
					t.Errorf("%s: nothing is masked", format)
				}
			}
		})
	}
}

// Reports mask credentials in responses that are not JSON.
func TestReportsMaskInvalidJSON(t *testing.T) {
	t.Parallel()
	const whole = `{"credentials":{"uri":"https://db.example.com/?x=` + credentialSecret + `","n":[1,"` + credentialSecret + `"]},"x":"\"` + credentialSecret + `"}`
	for name, body := range map[string]string{
		"trailing garbage": whole + "}",
		"twice":            whole + whole,
		"cut off":          whole[:strings.LastIndex(whole, "hunter2")+len("hunter2")],
		"in an escape":     `{"credentials":{"x":"` + credentialSecret + `\`,
		"form":             "user=admin&password=" + credentialSecret + "&x=1",
		"YAML":             "credentials:\n  password: " + credentialSecret + "\n  api_key: '" + credentialSecret + "'\n",
		"single quotes":    `{'credentials': {'Client-Secret':'` + credentialSecret + `'}}`,
		"byte order mark":  "\ufeff" + whole,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v2/catalog" {
					leaky(w, r)
					return
				}
				w.WriteHeader(http.StatusOK)
				_, _ = io.WriteString(w, body)
			}))
			t.Cleanup(server.Close)
			report, err := conformance.Run(t.Context(), conformance.Target{URL: server.URL}, conformance.Options{
				PollInterval: time.Millisecond, OperationTimeout: time.Second, Only: []string{"bind-*", "provision-*", "fetch-*"},
			})
			if err != nil {
				t.Fatal(err)
			}
			text := writeReport(t, report, conformance.FormatText)
			if at := strings.Index(text, credentialSecret); at >= 0 {
				t.Errorf("shown: %s", text[max(0, at-200):min(len(text), at+60)])
			}
			if !strings.Contains(text, "***") {
				t.Error("the report does not show the responses")
			}
		})
	}
}
