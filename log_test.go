package openbroker_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

func lastLogLine(t *testing.T, s *testServer) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
	line := map[string]any{}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
		t.Fatal(err)
	}
	return line
}

// TestLogLine: each request is one record with the fields that operators need.
func TestLogLine(t *testing.T) {
	t.Parallel()
	now := testTime()
	clock := func() time.Time { now = now.Add(time.Second); return now }
	s := serve(t, &fakeBroker{}, openbroker.WithClock(clock))
	before := strings.Count(s.log.String(), "\n")
	s.do(http.MethodPut, "/p"+bindingPath+"?accepts_incomplete=true", bindBody, openbroker.HeaderRequestIdentity+": req-1")
	if lines := strings.Count(s.log.String(), "\n") - before; lines != 1 {
		t.Errorf("%d lines: %s", lines, s.log)
	}
	line := lastLogLine(t, s)
	delete(line, "time")
	wantEqual(t, "the line", line, map[string]any{
		"level": "INFO", "msg": "request", "method": "PUT", "route": "/v2/service_instances/{instance_id}/service_bindings/{binding_id}",
		"status": 201.0, "duration": 1e9, "request_identity": "req-1", "platform": "default",
		"service_id": serviceID, "plan_id": planID, "instance_id": "i-1", "binding_id": "b-1",
	})

	s.do(http.MethodDelete, instancePath+"?service_id=a&plan_id=b", "")
	line = lastLogLine(t, s)
	if line["service_id"] != "a" || line["plan_id"] != "b" {
		t.Errorf("got %v", line)
	}
	s.do(http.MethodGet, "/nowhere", "")
	if line = lastLogLine(t, s); line["status"] != 404.0 || line["route"] != nil || line["level"] != "INFO" {
		t.Errorf("got %v", line)
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	for err, level := range map[error]string{
		errors.New("disk full"):    "ERROR",
		openbroker.ErrUnavailable:  "ERROR",
		openbroker.ErrConcurrency:  "INFO",
		openbroker.ErrUnauthorized: "INFO",
	} {
		s := serve(t, failing(err))
		s.do(http.MethodPut, instancePath, provisionBody)
		if line := lastLogLine(t, s); line["level"] != level || (line["error"] != nil) != (err.Error() == "disk full") {
			t.Errorf("%v: %v", err, line)
		}
	}
	log := new(lockedBuffer)
	s := serve(t, &fakeBroker{}, openbroker.WithLogger(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelError}))))
	s.do(http.MethodPut, instancePath, provisionBody)
	if log.String() != "" {
		t.Error(log)
	}
}

// TestLogOfRefused: the record of a refused login has the address and the user name.
func TestLogOfRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{}, openbroker.WithAuthenticator(authenticatorFunc(func(r *http.Request) (openbroker.Principal, error) {
		if _, password, _ := r.BasicAuth(); password != "right" {
			return openbroker.Principal{}, errors.New("wrong")
		}
		return openbroker.Principal{Name: "cc"}, nil
	})))
	basic := func(userinfo string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))
	}
	s.do(http.MethodGet, "/v2/catalog", "", basic("cc:hunter2"))
	line := lastLogLine(t, s)
	if address, _ := line["client_address"].(string); line["username"] != "cc" || !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("got %v", line)
	}
	s.do(http.MethodGet, "/v2/catalog", "", "Authorization: Bearer hunter2")
	if line = lastLogLine(t, s); line["username"] != nil || line["client_address"] == nil {
		t.Errorf("got %v", line)
	}
	s.do(http.MethodGet, "/v2/catalog", "", basic("cc:right"))
	if line = lastLogLine(t, s); line["username"] != nil || line["client_address"] != nil {
		t.Errorf("got %v", line)
	}
	if strings.Contains(s.log.String(), "hunter2") {
		t.Error(s.log)
	}
}

// TestLogHasNoSecrets sends a secret in every field that may contain one and searches
// the log for it at the most verbose level.
func TestLogHasNoSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	log := new(lockedBuffer)
	verbose := openbroker.WithLogger(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.Level(-100)})))
	broker := fullBroker(openbroker.Completed)
	s := serve(t, broker, verbose, openbroker.WithAuthenticator(authenticatorFunc(func(*http.Request) (openbroker.Principal, error) {
		return openbroker.Principal{Name: "alice"}, nil
	})))
	for _, body := range []string{
		`{"service_id":"service-1","plan_id":"plan-small","organization_guid":"o","space_guid":"s","parameters":{"password":"hunter2"},"context":{"x":"hunter2"},"x":"hunter2"}`,
		`{"service_id":"service-1","plan_id":"plan-small","parameters":["hunter2"]}`,
		`{"service_id":"service-1","plan_id":"plan-small","parameters":{"hunter2`,
		`{"parameters":"hunter2"}`,
		`hunter2`,
	} {
		for _, r := range bodyRequests {
			for _, header := range []string{"Cookie: hunter2", openbroker.HeaderOriginatingIdentity + ": cf aHVudGVyMg=="} {
				a := s.do(r.method, r.path+"?hunter2=hunter2", body, "Authorization: Bearer hunter2", header)
				if strings.Contains(a.body, secret) {
					t.Errorf("the response repeats it: %s", a.body)
				}
			}
		}
	}
	broker.bind = nil
	s.do(http.MethodGet, bindingPath, "")
	for _, leaked := range []string{secret, "aHVudGVyMg", "p-1" /* the password of fullBroker */} {
		if strings.Contains(log.String(), leaked) {
			t.Errorf("%q is in the log: %s", leaked, log)
		}
	}
	if !strings.Contains(log.String(), `"msg":"request"`) {
		t.Error("the log is empty")
	}
}

// TestLogIsBounded: text of a client in the log is truncated and stays on one line.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	s := serve(t, &fakeBroker{})
	long := strings.Repeat("x", 10_000)
	s.do(http.MethodGet, "/v2/service_instances/"+long, "", openbroker.HeaderRequestIdentity+": "+long)
	s.do(http.MethodPut, instancePath, `{"service_id":"`+long+`","plan_id":"`+long+`","organization_guid":"o","space_guid":"s"}`)
	s.do(http.MethodPut, "/v2/service_instances/a%0Ab", provisionBody)
	for line := range strings.Lines(s.log.String()) {
		if len(line) > 2000 || !json.Valid([]byte(line)) {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}
