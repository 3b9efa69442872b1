package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker/client"
)

const (
	running   = `{"state":"in progress","description":"half way"}`
	succeeded = `{"state":"succeeded"}`
	failed    = `{"state":"failed","description":"no space","instance_usable":false}`
)

func operation(kind client.OperationKind) client.Operation {
	o := client.Operation{Kind: kind, InstanceID: "i-1", ServiceID: "s", PlanID: "p", Operation: "op"}
	if kind == client.KindBind || kind == client.KindUnbind {
		o.BindingID = "b-1"
	}
	return o
}

// TestWait scripts the responses to polls, in a bubble with a fake clock.
func TestWait(t *testing.T) {
	t.Parallel()
	after := func(seconds, body string) scriptedResponse {
		return scriptedResponse{status: 200, header: map[string]string{"Retry-After": seconds}, body: body}
	}
	ok := func(body string) scriptedResponse { return scriptedResponse{status: 200, body: body} }
	for _, c := range []struct {
		name      string
		operation client.Operation
		answers   []scriptedResponse
		// elapsed is the fake time that Wait takes.
		elapsed time.Duration
		polls   int
		want    string
	}{
		{"immediately", operation(client.KindProvision), []scriptedResponse{ok(succeeded)}, 0, 1, ""},
		{"growing pause", operation(client.KindUpdate), []scriptedResponse{ok(running), ok(running), ok(running), ok(succeeded)}, 7 * time.Second, 4, ""},
		{"Retry-After of polls", operation(client.KindBind), []scriptedResponse{after("10", running), after("20", running), ok(succeeded)}, 30 * time.Second, 3, ""},
		{"Retry-After of the acceptance", with(operation(client.KindBind), func(o *client.Operation) { o.RetryAfter = time.Minute }), []scriptedResponse{ok(succeeded)}, time.Minute, 1, ""},
		{"failed", operation(client.KindUpdate), []scriptedResponse{ok(running), ok(failed)}, time.Second, 2, "update of instance i-1 failed: no space"},
		{"gone is success of a deletion", operation(client.KindUnbind), []scriptedResponse{ok(running), {status: 410, body: `{}`}}, time.Second, 2, ""},
		{"gone with an empty body", operation(client.KindDeprovision), []scriptedResponse{{status: 410}}, 0, 1, ""},
		{"gone does not end a creation", operation(client.KindProvision), []scriptedResponse{{status: 410, body: `{}`}, ok(succeeded)}, time.Second, 2, ""},
		{"errors of polls do not fail the operation", operation(client.KindProvision), []scriptedResponse{
			{status: 500, body: `{}`}, {fail: errors.New("reset")}, {status: 401, body: `{}`}, ok(`{"state":"done"}`), ok(``), {status: 302}, ok(succeeded),
		}, 61 * time.Second, 7, ""},
		{"early 404", operation(client.KindProvision), []scriptedResponse{{status: 404, body: `{}`}, {status: 404, body: `{}`}, ok(running), ok(succeeded)}, 7 * time.Second, 4, ""},
		{"repeated 404", operation(client.KindProvision), []scriptedResponse{{status: 404, body: `{"description":"unknown"}`}}, 15 * time.Second, 5, "404 Not Found: unknown"},
		{"400 ends", operation(client.KindProvision), []scriptedResponse{{status: 400, body: `{"description":"what?"}`}}, 0, 1, "400 Bad Request: what?"},
		{"busy", operation(client.KindProvision), []scriptedResponse{{status: 429, header: map[string]string{"Retry-After": "40"}}, ok(succeeded)}, 40 * time.Second, 2, ""},
		{
			"the plan's limit has passed", with(operation(client.KindProvision), func(o *client.Operation) { o.MaximumPollingDuration = 10 * time.Second }),
			[]scriptedResponse{ok(running)},
			10 * time.Second, 5, "not finished within the maximum polling duration",
		},
		{
			"a Retry-After does not extend it", with(operation(client.KindProvision), func(o *client.Operation) { o.MaximumPollingDuration = 10 * time.Second }),
			[]scriptedResponse{after("3600", running), ok(succeeded)},
			10 * time.Second, 2, "",
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			broker := respondWith(c.answers...)
			began := time.Now()
			var last client.Progress
			polls := 0
			_, err := newClient(t, broker).Wait(t.Context(), c.operation, func(p client.Progress) { polls, last = polls+1, p })
			text := fmt.Sprint(err)
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(text, c.want) {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
			if elapsed := time.Since(began); elapsed != c.elapsed || broker.count() != c.polls || polls != c.polls || last.Poll != c.polls || last.Next != 0 {
				t.Errorf("%s: %v and %d polls, want %v and %d; last %+v", c.name, elapsed, broker.count(), c.elapsed, c.polls, last)
			}
		})
	}
}

func with(o client.Operation, change func(*client.Operation)) client.Operation {
	change(&o)
	return o
}

func TestWaitFailureHasFlags(t *testing.T) {
	t.Parallel()
	_, err := newClient(t, respondWith(scriptedResponse{status: 200, body: failed})).Wait(t.Context(), operation(client.KindDeprovision), nil)
	var failure *client.OperationError
	if !errors.As(err, &failure) || failure.InstanceUsable == nil || *failure.InstanceUsable || failure.TimedOut {
		t.Errorf("%+v", err)
	}
}

// TestWaitEndsWithContext shows that the end of the context ends Wait but not the operation.
func TestWaitEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broker := respondWith(scriptedResponse{status: 200, body: running})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		c := newClient(t, broker, client.WithOrphanMitigation(client.OrphanPolicySpecification))
		_, err := c.Wait(ctx, operation(client.KindProvision), nil)
		var failure *client.OperationError
		if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &failure) {
			t.Errorf("%v", err)
		}
		if err := c.Close(t.Context()); err != nil || strings.Contains(broker.methods(), "DELETE") {
			t.Errorf("%v after %s", err, broker.methods())
		}
	})
}

// TestRequestTimeoutDoesNotEndWait lets one poll time out.
func TestRequestTimeoutDoesNotEndWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if polls++; polls == 1 {
				<-r.Context().Done()
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(succeeded))
		})
		c := newClient(t, client.NewHandlerTransport(handler), client.WithRequestTimeout(20*time.Second))
		began := time.Now()
		var first error
		_, err := c.Wait(t.Context(), operation(client.KindProvision), func(p client.Progress) {
			if p.Poll == 1 {
				first = p.Err
			}
		})
		var silent *client.TransportError
		if err != nil || time.Since(began) != 21*time.Second || !errors.As(first, &silent) || !silent.Timeout() {
			t.Errorf("%v after %v; first poll: %v", err, time.Since(began), first)
		}
	})
}

// TestRetryAfterForms parses seconds and the three formats of dates, relative to the
// broker's clock.
func TestRetryAfterForms(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"5": 5 * time.Second, " 5 ": 5 * time.Second, "-5": 0, "0": 0, "1.5": 0, "soon": 0,
		"Sun, 06 Nov 1994 08:49:37 GMT":  30 * time.Second,
		"Sunday, 06-Nov-94 08:49:37 GMT": 30 * time.Second,
		"Sun Nov  6 08:49:37 1994":       30 * time.Second,
		"Sun, 06 Nov 1994 08:00:00 GMT":  0,
		"Fri, 06 Nov 9994 08:49:37 GMT":  24 * time.Hour,
		"99999999999":                    24 * time.Hour,
		"99999999999999999999":           0,
	} {
		broker := respondWith(scriptedResponse{status: 202, header: map[string]string{"Retry-After": value, "Date": "Sun, 06 Nov 1994 08:49:07 GMT"}, body: `{}`})
		response, err := newClient(t, broker).Provision(t.Context(), provisionRequest())
		if err != nil || response.RetryAfter != want {
			t.Errorf("%q: %v, %v", value, response, err)
		}
	}
}
