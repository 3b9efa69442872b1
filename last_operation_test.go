package openbroker_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
)

func stateBroker(response *openbroker.LastOperationResponse) *fakeBroker {
	return &fakeBroker{
		lastOperation: func(context.Context, *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
			return response, nil
		},
		lastBindingOperation: func(context.Context, *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
			return response, nil
		},
	}
}

func TestLastOperationStates(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		response   openbroker.LastOperationResponse
		ofInstance string
		ofBinding  string
		after      string
	}{
		"in progress": {
			openbroker.LastOperationResponse{State: openbroker.OperationInProgress, Description: "10%", RetryAfter: time.Minute, InstanceUsable: &no, UpdateRepeatable: &no},
			`{"state":"in progress","description":"10%"}`, `{"state":"in progress","description":"10%"}`, "60",
		},
		"succeeded": {
			openbroker.LastOperationResponse{State: openbroker.OperationSucceeded, RetryAfter: time.Minute, InstanceUsable: &yes},
			`{"state":"succeeded"}`, `{"state":"succeeded"}`, "",
		},
		"failed": {
			openbroker.LastOperationResponse{State: openbroker.OperationFailed, Description: "x", RetryAfter: time.Minute, InstanceUsable: &no, UpdateRepeatable: &yes},
			`{"state":"failed","description":"x","instance_usable":false,"update_repeatable":true}`, `{"state":"failed","description":"x"}`, "",
		},
		"failed without more": {openbroker.LastOperationResponse{State: openbroker.OperationFailed}, `{"state":"failed"}`, `{"state":"failed"}`, ""},
	} {
		s := serve(t, stateBroker(&c.response))
		for path, want := range map[string]string{instancePath: c.ofInstance, bindingPath: c.ofBinding} {
			a := s.do(http.MethodGet, path+"/last_operation", "")
			a.wantBody(t, http.StatusOK, want)
			if got := a.header.Get("Retry-After"); got != c.after {
				t.Errorf("%s: Retry-After is %q", name, got)
			}
		}
	}
}

// TestLastOperationUnknownState: the handler never sends an empty or unknown state.
func TestLastOperationUnknownState(t *testing.T) {
	t.Parallel()
	for _, state := range []openbroker.OperationState{"", "in_progress", "Succeeded", "done", " failed"} {
		s := serve(t, stateBroker(&openbroker.LastOperationResponse{State: state}))
		for _, path := range []string{instancePath, bindingPath} {
			wantProgrammingError(t, s, s.do(http.MethodGet, path+"/last_operation", "", requestOne), "state of the last operation")
		}
	}
}

// TestLastOperationRequest: the broker receives its operation unchanged.
func TestLastOperationRequest(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for _, operation := range []string{"", "task_10", "service-1 task 10", "a+b/c=&d%20\"é\n", strings.Repeat("ü", 10_000)} {
		query := "?service_id=service-1&plan_id=retired&operation=" + url.QueryEscape(operation)
		s.do(http.MethodGet, instancePath+"/last_operation"+query, "").wantBody(t, http.StatusOK, `{"state":"succeeded"}`)
		if r := lastReceived[*openbroker.LastOperationRequest](t, broker); r.Operation != operation || r.ServiceID != serviceID || r.PlanID != "retired" || r.InstanceID != "i-1" {
			t.Errorf("%.30q: %+v", operation, r)
		}
		s.do(http.MethodGet, bindingPath+"/last_operation"+query, "").wantBody(t, http.StatusOK, `{"state":"succeeded"}`)
		if r := lastReceived[*openbroker.LastBindingOperationRequest](t, broker); r.Operation != operation || r.BindingID != "b-1" || r.InstanceID != "i-1" {
			t.Errorf("%.30q: %+v", operation, r)
		}
	}
	s.do(http.MethodGet, instancePath+"/last_operation", "")
	wantEqual(t, "the request", *lastReceived[*openbroker.LastOperationRequest](t, broker), openbroker.LastOperationRequest{
		InstanceID: "i-1", Caller: openbroker.Caller{Platform: openbroker.DefaultPlatform, APIVersion: openbroker.Version{Major: 2, Minor: 17}},
	})
}

// TestRawQueries: the broker receives its operation unchanged also from platforms
// that do not escape it. Only & separates values, and values that cannot be decoded
// stay as they are.
func TestRawQueries(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	for query, want := range map[string][3]string{
		"operation=a;b=c":                         {"a;b=c"},
		"operation=a;b&service_id=c;d&plan_id=;":  {"a;b", "c;d", ";"},
		"operation=%FF":                           {"%FF"},
		"operation=100%":                          {"100%"},
		"operation=100%&plan_id=p":                {"100%", "", "p"},
		"operation=a%20%zz":                       {"a%20%zz"},
		"operation=a=b==":                         {"a=b=="},
		"operation=%3B%25+%C3%BC":                 {";% ü"},
		"operation=first&operation=second":        {"first"},
		"%6fperation=named&%zz=x&=&&;":            {"named"},
		"plan_id&operation":                       {},
		"operation=a%26b&service_id=%C0%AE":       {"a&b", "%C0%AE"},
		"accepts_incomplete=%zz&operation=a/b?c:": {"a/b?c:"},
	} {
		for _, path := range []string{instancePath, bindingPath} {
			s.do(http.MethodGet, path+"/last_operation?"+query, "").wantBody(t, http.StatusOK, `{"state":"succeeded"}`)
			var got [3]string
			switch r := broker.received()[len(broker.received())-1].(type) {
			case *openbroker.LastOperationRequest:
				got = [3]string{r.Operation, r.ServiceID, r.PlanID}
			case *openbroker.LastBindingOperationRequest:
				got = [3]string{r.Operation, r.ServiceID, r.PlanID}
			}
			wantEqual(t, query, got, want)
		}
	}
	s.do(http.MethodPut, instancePath+"?accepts_incomplete=true;x=%", provisionBody).wantBody(t, http.StatusCreated, "{}")
	if lastReceived[*openbroker.ProvisionRequest](t, broker).AcceptsIncomplete {
		t.Error("accepts_incomplete=true is not recognized")
	}
}

// TestLastOperationOfMissing: an unknown resource is 404, a deleted one 410, on both
// paths.
func TestLastOperationOfMissing(t *testing.T) {
	t.Parallel()
	for err, status := range map[error]int{openbroker.ErrInstanceDoesNotExist: 404, openbroker.ErrBindingDoesNotExist: 404, openbroker.ErrGone: 410} {
		s := serve(t, failing(err))
		for _, path := range []string{instancePath, bindingPath} {
			s.do(http.MethodGet, path+"/last_operation", "").wantError(t, status)
		}
	}
}
