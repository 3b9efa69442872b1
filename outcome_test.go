package openbroker_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

// If the broker's response violates the specification, the handler responds with
// 500, and the log describes the violation.

// outcomeBroker returns the given outcome and operation for every change.
func outcomeBroker(outcome openbroker.Outcome, operation string) *fakeBroker {
	return &fakeBroker{
		provision: func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
			return &openbroker.ProvisionResponse{Outcome: outcome, Operation: operation}, nil
		},
		update: func(context.Context, *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
			return &openbroker.UpdateResponse{Outcome: outcome, Operation: operation}, nil
		},
		deprovision: func(context.Context, *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
			return &openbroker.DeprovisionResponse{Outcome: outcome, Operation: operation}, nil
		},
		bind: func(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error) {
			return &openbroker.BindResponse{Outcome: outcome, Operation: operation}, nil
		},
		unbind: func(context.Context, *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
			return &openbroker.UnbindResponse{Outcome: outcome, Operation: operation}, nil
		},
	}
}

var changes = []struct {
	method, path, body string
	done               int
}{
	{http.MethodPut, instancePath, provisionBody, http.StatusCreated},
	{http.MethodPatch, instancePath, updateBody, http.StatusOK},
	{http.MethodDelete, instancePath + deleteQuery, "", http.StatusOK},
	{http.MethodPut, bindingPath, bindBody, http.StatusCreated},
	{http.MethodDelete, bindingPath + deleteQuery, "", http.StatusOK},
}

// withAccept adds accepts_incomplete=value to a path.
func withAccept(path, value string) string {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + "accepts_incomplete=" + value
}

func TestOutcomeStatus(t *testing.T) {
	t.Parallel()
	created, exists, accepted := serve(t, outcomeBroker(openbroker.Completed, "op")), serve(t, outcomeBroker(openbroker.AlreadyExists, "op")), serve(t, outcomeBroker(openbroker.Accepted, "op"))
	for _, r := range changes {
		created.do(r.method, withAccept(r.path, "true"), r.body).wantBody(t, r.done, "{}")
		accepted.do(r.method, withAccept(r.path, "true"), r.body).wantBody(t, http.StatusAccepted, `{"operation":"op"}`)
		if r.method != http.MethodDelete {
			exists.do(r.method, withAccept(r.path, "true"), r.body).wantBody(t, http.StatusOK, "{}")
		}
	}
}

// wantProgrammingError checks that a is a generic 500 and that the log contains the
// text logged.
func wantProgrammingError(t *testing.T, s *testServer, a httpResponse, logged string) {
	t.Helper()
	a.wantError(t, http.StatusInternalServerError, "failed to process the request", "req-1")
	if strings.Contains(a.body, logged) {
		t.Errorf("the response reveals %q: %s", logged, a.body)
	}
	if !strings.Contains(s.log.String(), logged) || !strings.Contains(s.log.String(), "req-1") {
		t.Errorf("the log does not contain %q: %s", logged, s.log)
	}
}

const requestOne = openbroker.HeaderRequestIdentity + ": req-1"

// TestAcceptedNeedsAcceptsIncomplete: only accepts_incomplete=true allows a 202.
func TestAcceptedNeedsAcceptsIncomplete(t *testing.T) {
	t.Parallel()
	for _, r := range changes {
		for _, value := range []string{"-", "false", "True", "TRUE", "1", "yes", "", "true%20", "true,true"} {
			path := withAccept(r.path, value)
			if value == "-" {
				path = r.path
			}
			s := serve(t, outcomeBroker(openbroker.Accepted, "op"))
			wantProgrammingError(t, s, s.do(r.method, path, r.body, requestOne), "accepts_incomplete=true")
		}
	}
}

func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, outcome := range []openbroker.Outcome{-1, 3, math.MaxInt} {
		for _, r := range changes {
			s := serve(t, outcomeBroker(outcome, "op"))
			wantProgrammingError(t, s, s.do(r.method, withAccept(r.path, "true"), r.body, requestOne), fmt.Sprintf("Outcome(%d)", int(outcome)))
		}
	}
	for outcome, name := range map[openbroker.Outcome]string{openbroker.Completed: "Completed", openbroker.AlreadyExists: "AlreadyExists", openbroker.Accepted: "Accepted"} {
		if outcome.String() != name {
			t.Errorf("%d is %s", outcome, outcome)
		}
	}
}

func TestDeletionAlreadyExists(t *testing.T) {
	t.Parallel()
	for _, r := range changes {
		if r.method == http.MethodDelete {
			s := serve(t, outcomeBroker(openbroker.AlreadyExists, ""))
			wantProgrammingError(t, s, s.do(r.method, r.path, "", requestOne), "AlreadyExists")
		}
	}
}

func TestOperationLength(t *testing.T) {
	t.Parallel()
	for _, r := range changes {
		longest := strings.Repeat("ü", 10_000)
		serve(t, outcomeBroker(openbroker.Accepted, longest)).do(r.method, withAccept(r.path, "true"), r.body).
			wantBody(t, http.StatusAccepted, `{"operation":"`+longest+`"}`)
		s := serve(t, outcomeBroker(openbroker.Accepted, longest+"x"))
		wantProgrammingError(t, s, s.do(r.method, withAccept(r.path, "true"), r.body, requestOne), "10001 characters")
		// Without an operation, the body is an empty object.
		serve(t, outcomeBroker(openbroker.Accepted, "")).do(r.method, withAccept(r.path, "true"), r.body).
			wantBody(t, http.StatusAccepted, `{}`)
	}
}

func TestNilResponse(t *testing.T) {
	t.Parallel()
	for _, r := range endpointRequests {
		if r.name == "catalog" {
			continue
		}
		s := serve(t, failing(nil))
		wantProgrammingError(t, s, s.do(r.method, r.path, r.body, requestOne), "nil without an error")
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"string": "secret hunter2", "error": errors.New("secret hunter2"), "uncomparable": []string{"secret hunter2"}, "broker error": openbroker.ErrGone,
	} {
		broker := &fakeBroker{
			provision: func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
				panic(value)
			},
			catalog: nil,
		}
		s := serve(t, broker)
		a := s.do(http.MethodPut, instancePath, provisionBody, requestOne)
		wantProgrammingError(t, s, a, "panic")
		if strings.Contains(a.body, "hunter2") || a.header.Get(openbroker.HeaderRequestIdentity) != "req-1" {
			t.Errorf("%s: %s %v", name, a.body, a.header)
		}
	}
	s := serve(t, &fakeBroker{catalog: func(context.Context) (*openbroker.Catalog, error) {
		var c *openbroker.Catalog
		return &openbroker.Catalog{Services: c.Services}, nil
	}})
	for _, r := range []int{0, 1, 2, 3} {
		wantProgrammingError(t, s, s.do(endpointRequests[r].method, endpointRequests[r].path, endpointRequests[r].body, requestOne), "nil pointer")
	}
}

// TestAbortHandler: the handler passes on the panic http.ErrAbortHandler.
func TestAbortHandler(t *testing.T) {
	t.Parallel()
	h := openbroker.NewHandler(&fakeBroker{provision: func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
		panic(http.ErrAbortHandler)
	}}, discardLog())
	w := newRecorder()
	defer func() {
		if value := recover(); value != http.ErrAbortHandler || w.Body.Len() > 0 { //nolint:errorlint // Recovered values are compared as they are.
			t.Errorf("recovered %v, body %s", value, w.Body)
		}
	}()
	h.ServeHTTP(w, newRequest(t, http.MethodPut, instancePath, provisionBody))
}

func TestUnencodableResponse(t *testing.T) {
	t.Parallel()
	for _, value := range []any{make(chan int), math.NaN(), func() {}} {
		s := serve(t, &fakeBroker{bind: func(context.Context, *openbroker.BindRequest) (*openbroker.BindResponse, error) {
			return &openbroker.BindResponse{Credentials: openbroker.Credentials{"x": value}}, nil
		}})
		wantProgrammingError(t, s, s.do(http.MethodPut, bindingPath, bindBody, requestOne), "encoded")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		0: "", -time.Second: "", 1: "1", time.Second: "1", time.Second + 1: "2", 1500 * time.Millisecond: "2", time.Hour: "3600", 24 * time.Hour: "86400",
		time.Duration(math.MaxInt64): "9223372037",
	} {
		s := serve(t, &fakeBroker{
			provision: func(context.Context, *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
				return &openbroker.ProvisionResponse{Outcome: openbroker.Accepted, RetryAfter: after}, nil
			},
			update: func(context.Context, *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
				return nil, openbroker.ErrConcurrency.WithRetryAfter(after)
			},
		})
		for _, r := range changes[:2] {
			a := s.do(r.method, withAccept(r.path, "true"), r.body)
			if got := a.header.Get("Retry-After"); got != want {
				t.Errorf("%s %v: Retry-After is %q, want %q", r.method, after, got, want)
			}
		}
	}
}
