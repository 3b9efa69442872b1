package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// functions are those of the templates.
var functions = template.FuncMap{
	"age":       admin.FormatAge,
	"count":     admin.FormatCount,
	"moment":    moment,
	"iso":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"tone":      tone,
	"state":     stateOf,
	"instance":  instanceURL,
	"operation": operationURL,
	"label":     labelText,
	"join":      strings.Join,
	"sub":       func(later, earlier time.Time) time.Duration { return later.Sub(earlier) },
	"plural":    plural,
	"searched":  func() int { return admin.SearchWindow },
	"list":      func(of any, now time.Time, caption string) listing { return listing{of, now, caption} },
}

// moment formats a time. Pages show all times in UTC, and say so.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// tone returns the class of the colour of a status, a state or a severity. The text
// says the same: no meaning is in the colour alone.
func tone(status any) string {
	switch fmt.Sprint(status) {
	case string(durable.StatusReady), string(durable.OperationSucceeded), "ok", string(audit.OutcomeAccepted), string(audit.OutcomeDone):
		return "good"
	case string(durable.StatusCreateFailed), string(durable.OperationFailed), "stuck", "error", string(audit.OutcomeRefused):
		return "bad"
	case "retrying", string(durable.OperationCancelling), "warning", "degraded":
		return "warn"
	case string(durable.StatusDeleted), "waiting", "info", string(audit.OutcomeRepeated):
		return "quiet"
	default:
		return "busy"
	}
}

// stateOf returns the condition of an operation.
func stateOf(o admin.Operation, now time.Time) string { return o.Condition(now) }

func instanceURL(k durable.Key) string {
	return "/instance?" + url.Values{"platform": {k.Platform}, "id": {k.InstanceID}}.Encode()
}

func operationURL(id string) string { return "/operation?" + url.Values{"id": {id}}.Encode() }

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// labelText returns the value of a label: a string as it is, anything else as JSON.
func labelText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return string(encoded)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return admin.FormatCount(n) + " " + many
}

// choice returns the value of a query parameter if it is one of the values, or empty.
// known is false for any other value.
func choice(q url.Values, name string, values ...string) (value string, known bool) {
	value = q.Get(name)
	return value, value == "" || slices.Contains(values, value)
}

// A listing is what the templates of tables get.
type listing struct {
	Of      any
	Now     time.Time
	Caption string
}
