package client_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/openbroker/openbroker/client"
)

// TestOrphanTable checks both policies, row by row, against the table of the
// specification ("Orphan Mitigation") and the behavior of the Cloud Controller.
func TestOrphanTable(t *testing.T) {
	t.Parallel()
	status := func(status int, body string) scriptedResponse { return scriptedResponse{status: status, body: body} }
	silence := scriptedResponse{fail: errors.New("connection reset by peer")}
	timeout := scriptedResponse{fail: context.DeadlineExceeded}
	refused := scriptedResponse{fail: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	const creations, deletions, all = "provision bind key", "deprovision unbind", "provision bind key update deprovision unbind"
	for _, row := range []struct {
		name   string
		answer scriptedResponse
		// The kinds of calls that may leave an orphan.
		specification, cloudFoundry string
	}{
		{"200 malformed", status(200, `[]`), "", "key"},
		{"201 malformed", status(201, `[]`), creations + " " + deletions, creations},
		{"202 malformed", status(202, `{"operation":1}`), creations, creations},
		{"other 2xx", status(204, ``), creations + " " + deletions, creations},
		{"3xx", status(302, ``), "", creations},
		{"400", status(400, `{}`), "", ""},
		{"401", status(401, `{}`), "", ""},
		{"404", status(404, `{}`), "", ""},
		{"408", status(408, `{}`), "", ""},
		{"409", status(409, `{}`), "", ""},
		{"410", status(410, `{}`), "", creations},
		{"422 without a code", status(422, `{}`), "", creations},
		{"422 unknown", status(422, `{"error":"Own"}`), "", creations},
		{"422 AsyncRequired", status(422, `{"error":"AsyncRequired"}`), "", ""},
		{"422 ConcurrencyError", status(422, `{"error":"ConcurrencyError"}`), "", ""},
		{"422 RequiresApp", status(422, `{"error":"RequiresApp"}`), "", "provision"},
		{"422 MaintenanceInfoConflict", status(422, `{"error":"MaintenanceInfoConflict"}`), "", "bind key"},
		{"429", status(429, `{}`), "", ""},
		{"500", status(500, `{}`), creations + " " + deletions, creations},
		{"503", status(503, `{}`), creations + " " + deletions, creations},
		{"timeout", timeout, creations, creations},
		{"connection lost", silence, creations, ""},
		{"no connection", refused, "", ""},
	} {
		for _, policy := range []struct {
			name    string
			options []client.Option
			want    string
		}{
			{"default", nil, row.specification},
			{"Specification", []client.Option{client.WithOrphanMitigation(client.OrphanPolicySpecification)}, row.specification},
			{"CloudFoundry", []client.Option{client.WithOrphanMitigation(client.OrphanPolicyCloudFoundry)}, row.cloudFoundry},
		} {
			for _, name := range strings.Fields(all) {
				synctest.Test(t, func(t *testing.T) {
					broker := respondWith(row.answer)
					c := newClient(t, broker, policy.options...)
					err := changes(c)[name](t.Context())
					// Only 200 and 202 are successes of a deletion.
					if err == nil {
						if row.answer.status != 202 && row.answer.status != 201 {
							t.Errorf("%s, %s, %s: no error", row.name, policy.name, name)
						}
						return
					}
					orphan, left := client.OrphanOf(err)
					if want := strings.Contains(" "+policy.want+" ", " "+name+" "); left != want {
						t.Errorf("%s, %s, %s: orphan %v, want %v (%v)", row.name, policy.name, name, left, want, err)
					}
					if left && (orphan.InstanceID != "i-1" || orphan.ServiceID != "s-1" || orphan.PlanID != "p-1") {
						t.Errorf("%s, %s, %s: orphan %+v", row.name, policy.name, name, orphan)
					}
					expired, cancel := context.WithCancel(t.Context())
					cancel()
					_ = c.Close(expired)
				})
			}
		}
	}
}

// TestOrphanOfOperations continues the table with accepted operations.
func TestOrphanOfOperations(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, poll                  string
		specification, cloudFoundry string
	}{
		{"failed", failed, "provision deprovision bind unbind", ""},
		{"never finished", running, "provision deprovision bind unbind", "provision bind"},
		{"succeeded", succeeded, "", ""},
	} {
		for policy, want := range map[client.OrphanPolicy]string{client.OrphanPolicySpecification: row.specification, client.OrphanPolicyCloudFoundry: row.cloudFoundry} {
			for _, kind := range []client.OperationKind{client.KindProvision, client.KindUpdate, client.KindDeprovision, client.KindBind, client.KindUnbind} {
				synctest.Test(t, func(t *testing.T) {
					c := newClient(t, respondWith(scriptedResponse{status: 200, body: row.poll}), client.WithOrphanMitigation(policy), client.WithMaximumPollingDuration(time.Minute))
					_, err := c.Wait(t.Context(), operation(kind), nil)
					if _, left := client.OrphanOf(err); left != strings.Contains(" "+want+" ", " "+string(kind)+" ") {
						t.Errorf("%s, %v, %s: orphan %v (%v)", row.name, policy, kind, left, err)
					}
					expired, cancel := context.WithCancel(t.Context())
					cancel()
					_ = c.Close(expired)
				})
			}
		}
	}
}

// TestMitigation follows the deletions after a failed creation, on a fake clock.
func TestMitigation(t *testing.T) {
	t.Parallel()
	broken, fine, accepted := scriptedResponse{status: 500, body: `{}`}, scriptedResponse{status: 200, body: `{}`}, scriptedResponse{status: 202, body: `{"operation":"d"}`}
	poll := func(body string) scriptedResponse { return scriptedResponse{status: 200, body: body} }
	for _, c := range []struct {
		name, call string
		policy     client.OrphanPolicy
		answers    []scriptedResponse
		methods    string
		elapsed    time.Duration
		left       string
	}{
		{"first attempt", "provision", client.OrphanPolicySpecification, []scriptedResponse{broken, fine}, "PUT DELETE", 0, ""},
		{"already gone", "bind", client.OrphanPolicySpecification, []scriptedResponse{broken, {status: 410, body: `{}`}}, "PUT DELETE", 0, ""},
		{"accepted deletion", "bind", client.OrphanPolicySpecification, []scriptedResponse{broken, accepted, poll(running), poll(succeeded)}, "PUT DELETE GET GET", time.Second, ""},
		{"failed deletion repeated", "provision", client.OrphanPolicySpecification, []scriptedResponse{broken, accepted, poll(failed), fine}, "PUT DELETE GET DELETE", 10 * time.Second, ""},
		{"growing pauses", "provision", client.OrphanPolicySpecification, []scriptedResponse{broken, broken, broken, broken, fine}, "PUT DELETE DELETE DELETE DELETE", 70 * time.Second, ""},
		{"repeated creation first", "provision", client.OrphanPolicySpecification, []scriptedResponse{{fail: errors.New("EOF")}, {fail: errors.New("EOF")}, fine}, "PUT PUT DELETE", 0, ""},
		{"creation still running", "provision", client.OrphanPolicySpecification, []scriptedResponse{{fail: errors.New("EOF")}, {status: 422, body: `{"error":"ConcurrencyError"}`}, fine}, "PUT PUT DELETE", 0, ""},
		{"accepted is enough", "key", client.OrphanPolicyCloudFoundry, []scriptedResponse{{status: 200, body: `[]`}, accepted}, "PUT DELETE", 0, ""},
		{
			"eleven times", "provision", client.OrphanPolicyCloudFoundry,
			[]scriptedResponse{broken},
			"PUT" + strings.Repeat(" DELETE", 11),
			(2 + 4 + 8 + 16 + 32 + 64 + 128 + 256 + 512 + 1024) * time.Minute, "gave up deleting instance i-1 after 11 attempts",
		},
		{"never after updates", "update", client.OrphanPolicySpecification, []scriptedResponse{broken}, "PATCH", 0, ""},
		{"failed unbind repeated", "unbind", client.OrphanPolicySpecification, []scriptedResponse{broken, fine}, "DELETE DELETE", 0, ""},
		{"failed unbind not repeated", "unbind", client.OrphanPolicyCloudFoundry, []scriptedResponse{broken, fine}, "DELETE", 0, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			broker := respondWith(c.answers...)
			cl := newClient(t, broker, client.WithOrphanMitigation(c.policy))
			if err := changes(cl)[c.call](t.Context()); err == nil {
				t.Errorf("%s: no error", c.name)
			}
			began := time.Now()
			err := cl.Close(t.Context())
			elapsed := time.Since(began)
			if (err == nil) != (c.left == "") || err != nil && !strings.Contains(err.Error(), c.left) {
				t.Errorf("%s: %v, want %q", c.name, err, c.left)
			}
			if diff := cmp.Diff(c.methods, broker.methods()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
			// The pause before the repeated request is random; it passes before Close.
			if elapsed != c.elapsed {
				t.Errorf("%s: took %v, want %v", c.name, elapsed, c.elapsed)
			}
			for _, request := range broker.requests {
				if strings.HasPrefix(request, "DELETE") && !strings.Contains(request, "accepts_incomplete=true&service_id=s-1&plan_id=p-1") {
					t.Errorf("%s: %s", c.name, request)
				}
			}
		})
	}
}

// TestCloseGivesUp shows that the error of Close names the remaining orphans.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, respondWith(scriptedResponse{status: 500, body: `{}`}), client.WithOrphanMitigation(client.OrphanPolicySpecification))
		_ = changes(c)["bind"](t.Context())
		_ = changes(c)["bind"](t.Context())
		if orphans := c.Orphans(); len(orphans) != 1 || orphans[0].String() != "binding b-1 of instance i-1" {
			t.Errorf("orphans %v", orphans)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := c.Close(ctx)
		if err == nil || !strings.Contains(err.Error(), "stopped deleting binding b-1 of instance i-1 after 3 attempts") {
			t.Errorf("%v", err)
		}
		if err := changes(c)["bind"](t.Context()); err == nil || len(c.Orphans()) != 0 {
			t.Errorf("after Close: %v, %v", err, c.Orphans())
		}
	})
}

// TestMitigateByHand shows OrphanOf and Mitigate without the option.
func TestMitigateByHand(t *testing.T) {
	t.Parallel()
	broker := respondWith(scriptedResponse{status: 500, body: `{}`}, scriptedResponse{status: 200, body: `{}`})
	c := newClient(t, broker)
	orphan, left := client.OrphanOf(changes(c)["provision"](t.Context()))
	if !left || broker.methods() != "PUT" {
		t.Fatalf("%v after %s", left, broker.methods())
	}
	if err := c.Mitigate(t.Context(), orphan); err != nil || broker.methods() != "PUT DELETE" {
		t.Errorf("%v after %s", err, broker.methods())
	}
	if _, left := client.OrphanOf(errors.New("another")); left {
		t.Error("any error leaves an orphan")
	}
}
