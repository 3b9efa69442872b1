package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// outcomes are the outcomes that the audit trail can be limited to.
var outcomes = []string{string(audit.OutcomeAccepted), string(audit.OutcomeRefused), string(audit.OutcomeRepeated), string(audit.OutcomeDone)}

// spans are how far back the audit trail can be limited to.
var spans = []span{{"1h", "the last hour", time.Hour}, {"24h", "the last day", 24 * time.Hour}, {"168h", "the last week", 7 * 24 * time.Hour}}

type span struct {
	Name, Title string
	length      time.Duration
}

// actions are the actions that the audit trail can be limited to.
func actions() []string {
	var names []string
	for _, action := range audit.Actions() {
		names = append(names, string(action))
	}
	return names
}

// An auditPage is a page of the audit trail.
type auditPage struct {
	Now                                     time.Time
	Action, Outcome, Since, Actor, Platform string
	Instance, Binding, Operation            string
	Actions, Outcomes                       []string
	Spans                                   []span
	Entries                                 part[[]auditEntry]
	// Next is the next page. Older, in place of it, goes on with entries that were not
	// searched yet.
	Next, Older, First string
	Filtered           bool
}

// An auditEntry is an entry, with its texts.
type auditEntry struct {
	admin.AuditEntry
	Who, Result string
}

func (c *Console) audit(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	action, knownAction := choice(q, "action", actions()...)
	outcome, knownOutcome := choice(q, "outcome", outcomes...)
	since := slices.IndexFunc(spans, func(s span) bool { return s.Name == q.Get("since") })
	if !knownAction || !knownOutcome || since < 0 && q.Get("since") != "" {
		c.fail(w, r, http.StatusBadRequest, "The action, the outcome or the time in the address is unknown.")
		return
	}
	a, err := c.config.Admin(ctx)
	if err != nil {
		c.failFor(w, r, err)
		return
	}
	v := auditPage{
		Now: time.Now(), Action: action, Outcome: outcome, Since: q.Get("since"), Actor: q.Get("actor"), Platform: q.Get("platform"),
		Instance: q.Get("instance"), Binding: q.Get("binding"), Operation: q.Get("operation"),
		Actions: actions(), Outcomes: outcomes, Spans: spans,
	}
	f := admin.AuditFilter{
		Platform: v.Platform, InstanceID: v.Instance, BindingID: v.Binding, OperationID: v.Operation, Actor: v.Actor,
		Outcome: audit.Outcome(v.Outcome), Before: q.Get("before"), Limit: pageSize,
	}
	if v.Action != "" {
		f.Actions = []admin.Action{admin.Action(v.Action)}
	}
	if since >= 0 {
		f.Since = v.Now.Add(-spans[since].length)
	}
	var older string
	v.Entries = show(ctx, c, func(ctx context.Context) ([]auditEntry, error) {
		found, next, err := a.SearchAudit(ctx, f)
		older = next
		entries := make([]auditEntry, len(found))
		for i := range found {
			entries[i] = auditEntry{AuditEntry: found[i], Who: whoOf(&found[i]), Result: resultOf(&found[i])}
		}
		return entries, err
	})
	kept := keep(q, "action", "outcome", "since", "actor", "platform", "instance", "binding", "operation")
	v.Filtered = len(kept) > 0
	if f.Before != "" {
		v.First = "/audit?" + kept.Encode()
	}
	if older != "" {
		kept.Set("before", older)
		v.Older = "/audit?" + kept.Encode()
	}
	if len(v.Entries.Value) == pageSize {
		v.Next, v.Older = v.Older, ""
	}
	c.render(w, r, http.StatusOK, "audit", page{Title: "Audit trail", Section: "/audit", Live: true, Content: v})
}

// whoOf returns the user of the platform behind an act, or where it came from.
func whoOf(e *admin.AuditEntry) string {
	switch {
	case e.AuditResult == nil:
		return ""
	case e.NamesErased:
		return "name erased"
	case e.User != nil:
		return cmp.Or(e.User.Name, e.User.ID)
	default:
		return e.Address
	}
}

// resultOf returns what the entry says besides who, what and where.
func resultOf(e *admin.AuditEntry) string {
	if e.AuditResult == nil || e.Status == 0 {
		return e.Reason
	}
	text := http.StatusText(e.Status)
	if e.Error != "" {
		text = e.Error
	}
	return text
}
