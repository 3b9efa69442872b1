package openbroker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

// TestErrorsOnEveryEndpoint: an error, wrapped or not, becomes the same response on
// every endpoint, except that "does not exist" is 410 on DELETE and 404 elsewhere.
func TestErrorsOnEveryEndpoint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err           *openbroker.Error
		status        int
		statusDeleted int
		code          string
	}{
		"ErrAsyncRequired":           {openbroker.ErrAsyncRequired, 422, 422, "AsyncRequired"},
		"ErrConcurrency":             {openbroker.ErrConcurrency, 422, 422, "ConcurrencyError"},
		"ErrRequiresApp":             {openbroker.ErrRequiresApp, 422, 422, "RequiresApp"},
		"ErrMaintenanceInfoConflict": {openbroker.ErrMaintenanceInfoConflict, 422, 422, "MaintenanceInfoConflict"},
		"ErrInstanceAlreadyExists":   {openbroker.ErrInstanceAlreadyExists, 409, 409, ""},
		"ErrInstanceDoesNotExist":    {openbroker.ErrInstanceDoesNotExist, 404, 410, ""},
		"ErrBindingAlreadyExists":    {openbroker.ErrBindingAlreadyExists, 409, 409, ""},
		"ErrBindingDoesNotExist":     {openbroker.ErrBindingDoesNotExist, 404, 410, ""},
		"ErrGone":                    {openbroker.ErrGone, 410, 410, ""},
		"ErrBadRequest":              {openbroker.ErrBadRequest, 400, 400, ""},
		"ErrInvalidParameters":       {openbroker.ErrInvalidParameters, 400, 400, "InvalidParameters"},
		"ErrPlanChangeNotSupported":  {openbroker.ErrPlanChangeNotSupported, 422, 422, "PlanChangeNotSupported"},
		"ErrInstanceLimitMet":        {openbroker.ErrInstanceLimitMet, 422, 422, "InstanceLimitMet"},
		"ErrPlanQuotaExceeded":       {openbroker.ErrPlanQuotaExceeded, 422, 422, "PlanQuotaExceeded"},
		"ErrServiceQuotaExceeded":    {openbroker.ErrServiceQuotaExceeded, 422, 422, "ServiceQuotaExceeded"},
		"ErrUnauthorized":            {openbroker.ErrUnauthorized, 401, 401, ""},
		"ErrNotImplemented":          {openbroker.ErrNotImplemented, 501, 501, ""},
		"ErrUnavailable":             {openbroker.ErrUnavailable, 503, 503, ""},
		"NewError":                   {openbroker.NewError(418, "Teapot", "I am one."), 418, 418, "Teapot"},
		"without description":        {openbroker.NewError(409, "", ""), 409, 409, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, err := range []error{
				c.err,
				fmt.Errorf("internal secret: %w", c.err),
				errors.Join(errors.New("internal secret"), fmt.Errorf("b: %w", c.err)),
				c.err.WithCause(errors.New("internal secret")),
			} {
				s := serve(t, failing(err))
				for _, r := range endpointRequests[1:] {
					status := c.status
					if r.method == http.MethodDelete {
						status = c.statusDeleted
					}
					a := s.do(r.method, r.path, r.body, openbroker.HeaderRequestIdentity+": r")
					a.wantCode(t, status, c.code, c.err.Description)
					if strings.Contains(a.body, "secret") {
						t.Errorf("the cause is sent: %s", a.body)
					}
				}
				if strings.Contains(err.Error(), "secret") && !strings.Contains(s.log.String(), "internal secret") {
					t.Error("the cause is not logged")
				}
			}
		})
	}
}

// TestUnknownErrors: the response is a generic 500 with only the request id.
func TestUnknownErrors(t *testing.T) {
	t.Parallel()
	var typedNil *openbroker.Error
	var otherNil *pathError
	for name, err := range map[string]error{
		"plain":             errors.New("password=hunter2"),
		"typed nil":         typedNil,
		"wrapped typed nil": fmt.Errorf("hunter2: %w", typedNil),
		"typed nil of another type, whose Error method panics": otherNil,
		"canceled, but the client is connected":                context.Canceled,
		"deadline":                                             context.DeadlineExceeded,
		"a success":                                            openbroker.NewError(200, "", "hunter2"),
		"a redirect":                                           openbroker.NewError(302, "", "hunter2"),
		"no HTTP status":                                       openbroker.NewError(1000, "", "hunter2"),
		"a negative status":                                    openbroker.NewError(-1, "", "hunter2"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, failing(err))
			for _, r := range endpointRequests[1:] {
				a := s.do(r.method, r.path, r.body, openbroker.HeaderRequestIdentity+": req-77")
				a.wantBody(t, 500, `{"description":"The service broker failed to process the request. Its log has the cause under the request id req-77."}`)
			}
			if log := s.log.String(); strings.Count(log, `"level":"ERROR"`) != 9 || strings.Count(log, "req-77") != 9 {
				t.Errorf("the log is %s", log)
			}
		})
	}
	// Without a request identity, the handler generates one for the response and the log.
	s := serve(t, failing(errors.New("x")))
	a := s.do(http.MethodPut, instancePath, provisionBody)
	words := strings.Fields(a.object(t)["description"].(string))
	id := strings.TrimSuffix(words[len(words)-1], ".")
	if len(id) < 20 || !strings.Contains(s.log.String(), id) {
		t.Errorf("id %q is not in %s", id, s.log)
	}
}

type pathError struct{ path string }

func (e *pathError) Error() string { return "open " + e.path }

// TestCanceledRequest: a request that the client canceled is not a failure.
func TestCanceledRequest(t *testing.T) {
	t.Parallel()
	h := openbroker.NewHandler(failing(fmt.Errorf("query: %w", context.Canceled)), discardLog())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := newRecorder()
	h.ServeHTTP(w, newRequest(t, http.MethodPut, instancePath, provisionBody).WithContext(ctx))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestErrorFieldsByOperation: only failed updates and deprovisions have
// instance_usable, and only failed updates have update_repeatable.
func TestErrorFieldsByOperation(t *testing.T) {
	t.Parallel()
	err := openbroker.NewError(http.StatusUnprocessableEntity, "", "x").WithInstanceUsable(false).WithUpdateRepeatable(true)
	s := serve(t, failing(err))
	for _, r := range endpointRequests[1:] {
		want := `{"description":"x"}`
		switch r.name {
		case "update":
			want = `{"description":"x","instance_usable":false,"update_repeatable":true}`
		case "deprovision":
			want = `{"description":"x","instance_usable":false}`
		}
		s.do(r.method, r.path, r.body).wantBody(t, http.StatusUnprocessableEntity, want)
	}
}

// TestDescriptionsThatClientsCompare: the client of service-catalog recognizes
// these errors by their exact descriptions.
func TestDescriptionsThatClientsCompare(t *testing.T) {
	t.Parallel()
	for err, want := range map[*openbroker.Error]string{
		openbroker.ErrAsyncRequired: "This service plan requires client support for asynchronous service operations.",
		openbroker.ErrRequiresApp:   "This service supports generation of credentials through binding an application only.",
		openbroker.ErrConcurrency:   "The Service Broker does not support concurrent requests that mutate the same resource.",
	} {
		if err.Description != want {
			t.Errorf("%s: %q", err.Code, err.Description)
		}
	}
}

func TestErrorDerivation(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	original := *openbroker.ErrPlanQuotaExceeded
	derived := openbroker.ErrPlanQuotaExceeded.WithDescription("plan %s allows %d%%", "small", 5).
		WithCause(cause).WithRetryAfter(time.Minute).WithInstanceUsable(true).WithUpdateRepeatable(false)
	if !reflect.DeepEqual(*openbroker.ErrPlanQuotaExceeded, original) {
		t.Error("the sentinel has changed")
	}
	wrapped := fmt.Errorf("provision: %w", derived)
	for target, want := range map[error]bool{
		openbroker.ErrPlanQuotaExceeded: true, derived: true, cause: true,
		openbroker.ErrServiceQuotaExceeded: false, openbroker.ErrConcurrency: false, context.Canceled: false,
	} {
		if errors.Is(wrapped, target) != want {
			t.Errorf("errors.Is %v is %v", target, !want)
		}
	}
	if errors.Is(openbroker.NewError(400, "", "a"), openbroker.NewError(400, "", "a")) {
		t.Error("two different errors are equal")
	}
	var found *openbroker.Error
	if !errors.As(wrapped, &found) || found.Description != "plan small allows 5%" || found.RetryAfter != time.Minute || !*found.InstanceUsable || *found.UpdateRepeatable {
		t.Errorf("found %+v", found)
	}
	if got, want := derived.Error(), "422 PlanQuotaExceeded: plan small allows 5%: the cause"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	withDescription := openbroker.ErrBadRequest.WithDescription
	if got := withDescription("100%").Description; got != "100%" {
		t.Errorf("a text without arguments is formatted: %q", got)
	}
	var none *openbroker.Error
	if none.Error() == "" || errors.Unwrap(none) != nil || errors.Is(none, openbroker.ErrGone) {
		t.Error("a nil *Error does not behave as an empty one")
	}
}

func TestWriteError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		body   string
		after  string
	}{
		"an error":     {fmt.Errorf("x: %w", openbroker.ErrConcurrency.WithRetryAfter(time.Second)), 422, `{"error":"ConcurrencyError","description":"` + openbroker.ErrConcurrency.Description + `"}`, "1"},
		"no status":    {openbroker.ErrInstanceDoesNotExist, 404, `{"description":"The service instance does not exist."}`, ""},
		"unknown":      {errors.New("hunter2"), 500, `{"description":"The service broker failed to process the request."}`, ""},
		"nil":          {nil, 500, `{"description":"The service broker failed to process the request."}`, ""},
		"a success":    {openbroker.NewError(204, "", "x"), 500, `{"description":"The service broker failed to process the request."}`, ""},
		"no HTTP":      {openbroker.NewError(7, "", "x"), 500, `{"description":"The service broker failed to process the request."}`, ""},
		"no text":      {openbroker.NewError(409, "", ""), 409, `{"description":"Conflict"}`, ""},
		"odd status":   {openbroker.NewError(499, "", ""), 499, `{"description":"Error"}`, ""},
		"usable":       {openbroker.NewError(422, "", "x").WithInstanceUsable(true), 422, `{"description":"x","instance_usable":true}`, ""},
		"invalid text": {openbroker.NewError(422, "", "a\xffb"), 422, `{"description":"a\ufffdb"}`, ""},
	} {
		w := newRecorder()
		openbroker.WriteError(w, c.err)
		if w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Retry-After") != c.after || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s %v", name, w.Code, w.Body, w.Header())
		}
	}
}
