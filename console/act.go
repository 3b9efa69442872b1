package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
)

// maxReason is the longest reason, in characters.
const maxReason = 1000

// An act is what an operator can do with an operation.
type act struct {
	Name, Title string
	// Effect says what will happen, before it does.
	Effect string
	// Public says that users of the platform read the reason.
	Public bool
	// Done says that it has happened.
	Done string
	// states are the states of operations that it is offered for.
	states []durable.OperationState
}

var acts = map[string]act{
	"retry": {
		Name: "retry", Title: "Retry",
		Effect: "The operation becomes due now: its worker loses it, its failed attempts no longer count, and its time limit begins again. After a failed creation or deletion, a new deletion begins.",
		Done:   "The operation is due now.",
		states: []durable.OperationState{durable.OperationActive, durable.OperationFailed},
	},
	"cancel": {
		Name: "cancel", Title: "Cancel", Public: true,
		Effect: "The operation fails as soon as its worker has stopped. A creation is then cleaned up, unless the policy of the plan says manual. After any other operation, the record is as it was before.",
		Done:   "The operation was asked to stop.",
		states: []durable.OperationState{durable.OperationActive},
	},
	"fail": {
		Name: "fail", Title: "Fail", Public: true,
		Effect: "The operation fails now, even if its worker does not stop; what the worker still does is ignored. Prefer to cancel, which waits for the worker. A creation is cleaned up when the lease of the worker is over.",
		Done:   "The operation has failed.",
		states: []durable.OperationState{durable.OperationActive, durable.OperationCancelling},
	},
}

func actNames() []string { return []string{"retry", "cancel", "fail"} }

// possible returns the acts that are offered for an operation in a state.
func possible(state durable.OperationState) []act {
	var offered []act
	for _, name := range actNames() {
		if slices.Contains(acts[name].states, state) {
			offered = append(offered, acts[name])
		}
	}
	return offered
}

// An actPage asks for the reason of an act, and for its confirmation.
type actPage struct {
	Now       time.Time
	Act       act
	Operation admin.Operation
	Reason    string
	Keep      bool
	Problem   string
}

// prepare checks that the user may act, and reads the act and the operation. It answers
// the request if one of them is missing.
func (c *Console) prepare(w http.ResponseWriter, r *http.Request, form url.Values) (*actPage, *admin.Admin) {
	if !userOf(r.Context()).Operator {
		c.fail(w, r, http.StatusForbidden, "You may look, but not act. Operators of the console can.")
		return nil, nil
	}
	name, known := choice(form, "act", actNames()...)
	if !known || name == "" {
		c.fail(w, r, http.StatusBadRequest, "The act is unknown.")
		return nil, nil
	}
	a, err := c.config.Admin(r.Context())
	if err != nil {
		c.failFor(w, r, err)
		return nil, nil
	}
	found, err := query(r.Context(), c, func(ctx context.Context) (*admin.Operation, error) { return a.Operation(ctx, form.Get("operation")) })
	if err != nil {
		c.failFor(w, r, err)
		return nil, nil
	}
	return &actPage{Now: time.Now(), Act: acts[name], Operation: *found.Value}, a
}

// confirm shows the form of an act.
func (c *Console) confirm(w http.ResponseWriter, r *http.Request) {
	if v, _ := c.prepare(w, r, r.URL.Query()); v != nil {
		c.renderAct(w, r, http.StatusOK, v)
	}
}

func (c *Console) renderAct(w http.ResponseWriter, r *http.Request, status int, v *actPage) {
	c.render(w, r, status, "act", page{Title: v.Act.Title + " operation " + v.Operation.ID, Section: "/operations", Content: v})
}

// act does what the form says.
func (c *Console) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		c.fail(w, r, http.StatusBadRequest, "The form cannot be read.")
		return
	}
	v, a := c.prepare(w, r, r.PostForm)
	if v == nil {
		return
	}
	v.Reason, v.Keep = strings.TrimSpace(r.PostForm.Get("reason")), r.PostForm.Get("keep") != ""
	if v.Problem = checkReason(v.Reason); v.Problem != "" {
		c.renderAct(w, r, http.StatusUnprocessableEntity, v)
		return
	}
	by := admin.Attribution{Actor: userOf(r.Context()).Actor(), Reason: v.Reason}
	target := admin.Target{Key: v.Operation.Key, OperationID: v.Operation.ID}
	entry, err := intervene(r.Context(), a, v, target, by)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	c.config.Logger.LogAttrs(r.Context(), slog.LevelInfo, "an operator intervened", slog.String("action", string(entry.Action)),
		slog.String("actor", entry.Actor), slog.String("operation", entry.OperationID), slog.String("audit_id", entry.ID))
	id := orElse(entry.BegunID, v.Operation.ID)
	if entry.Action != admin.ActionRetry {
		id = v.Operation.ID // The clean-up has a page of its own.
	}
	http.Redirect(w, r, operationURL(id)+"&done="+v.Act.Name, http.StatusSeeOther)
}

func intervene(ctx context.Context, a *admin.Admin, v *actPage, target admin.Target, by admin.Attribution) (*admin.AuditEntry, error) {
	switch v.Act.Name {
	case "retry":
		return a.Retry(ctx, target, by)
	case "cancel":
		return a.Cancel(ctx, target, by)
	default:
		var cleanup durable.Cleanup
		if v.Keep {
			cleanup = durable.CleanupManual
		}
		return a.Fail(ctx, target, by, cleanup)
	}
}

// checkReason returns what is wrong with a reason, or empty.
func checkReason(reason string) string {
	switch {
	case reason == "":
		return "Say why: the reason is kept in the audit trail."
	case utf8.RuneCountInString(reason) > maxReason:
		return "The reason is too long: at most 1000 characters are kept."
	case !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl):
		return "The reason has control characters: write it in one line."
	default:
		return ""
	}
}
