package history_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/chaos/internal/history"
)

// limit is only against a search that does not end.
const limit = 30 * time.Minute

// read reads a history with a call on each line, for example
//
//	@3-9 bind b v1 sync -> 201 by B
//
// The n-th line without a time begins at 10n and ends at 10n+5.
func read(t *testing.T, text string) []history.Call {
	t.Helper()
	var calls []history.Call
	for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
		request, answer, found := strings.Cut(line, "->")
		words := strings.Fields(request)
		call := history.Call{Client: n, Sent: int64(10 * n), Answered: int64(10*n + 5), Accepts: true}
		if strings.HasPrefix(words[0], "@") {
			if _, err := fmt.Sscanf(words[0], "@%d-%d", &call.Sent, &call.Answered); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			words = words[1:]
		}
		call.Kind = history.Kind(words[0])
		for _, word := range words[1:] {
			version, err := strconv.Atoi(strings.TrimPrefix(word, "v"))
			switch {
			case word == "sync":
				call.Accepts = false
			case err == nil:
				call.Version = version
			case word == strings.ToLower(word):
				call.Binding = word
			default:
				call.Polled = word
			}
		}
		call.Answer = readAnswer(t, answer)
		if !found {
			t.Fatalf("%q has no answer", line)
		}
		calls = append(calls, call)
	}
	return calls
}

func readAnswer(t *testing.T, text string) history.Answer {
	t.Helper()
	words := strings.Fields(text)
	if words[0] == "lost" {
		return history.Answer{Lost: true}
	}
	status, err := strconv.Atoi(words[0])
	if err != nil {
		t.Fatalf("%q has no status", text)
	}
	a := history.Answer{Status: status}
	for i := 1; i < len(words); i++ {
		switch word := words[i]; {
		case word == "by":
			i++
			a.Writer = words[i]
		case word == "cancelled":
			a.Cancelled = true
		case word == "deleted":
			a.Deleted = true
		case word == "continues":
			a.Continues = true
		case strings.HasPrefix(word, "v"):
			if a.Found, err = strconv.Atoi(word[1:]); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
		case status == 202:
			a.Operation = word
		case status == 200:
			a.State = strings.ReplaceAll(word, "_", " ")
		default:
			a.Code = word
		}
	}
	return a
}

// sound has histories of a correct broker.
var sound = map[string]struct {
	history.Traits
	calls string
}{
	"a life": {calls: `
fetch -> 404
provision v1 -> 202 P
poll P -> 200 in_progress
fetch -> 404
provision v1 -> 202 P
provision v2 -> 409
poll P -> 200 succeeded
fetch -> 200 v1 by P
provision v1 -> 200 by P
bind b v1 -> 201 by B
fetch b -> 200 v1 by B
update v2 -> 202 U
update v2 -> 202 U
fetch -> 422 ConcurrencyError
bind c v1 -> 422 ConcurrencyError
poll U -> 200 in_progress
poll U -> 200 succeeded
fetch -> 200 v2 by U
update v2 -> 200
unbind b -> 200
fetch b -> 404
unbind b -> 410
bind c v1 -> 202 C
deprovision -> 422 ConcurrencyError
poll c C -> 200 in_progress
poll c C -> 200 succeeded
deprovision -> 202 D
fetch -> 422 ConcurrencyError
provision v1 -> 422 ConcurrencyError
poll D -> 200 in_progress
poll D -> 200 succeeded
poll -> 200 succeeded
fetch -> 404
fetch c -> 404
deprovision -> 410
bind c v1 -> 404
update v3 -> 404
provision v5 -> 201 by Q
fetch -> 200 v5 by Q`},
	"requests at the same time": {calls: `
@0-100 provision v1 sync -> 201 by P
@1-90 provision v1 sync -> 201 by P
@2-80 provision v2 sync -> 409
@3-70 fetch -> 404
@95-99 fetch -> 200 v1 by P
@110-200 bind b v1 -> 201 by B
@111-190 bind b v1 -> 202 B
@112-180 bind c v1 -> 422 ConcurrencyError
@210-300 update v2 -> 200 by U
@211-290 fetch -> 422 ConcurrencyError
@212-220 fetch -> 200 v1 by P
@310-400 deprovision -> 200
@311-390 deprovision -> 202 D
@312-395 deprovision -> 410`},
	"a deletion cancels the creation": {calls: `
@0-100 provision v1 sync -> 409 cancelled
@10-20 provision v1 -> 202 P
@30-40 deprovision -> 202 D
@41-42 fetch -> 422 ConcurrencyError
@50-60 poll P -> 200 in_progress
@70-80 poll P -> 200 failed
@81-90 poll D -> 200 in_progress
@91-95 poll D -> 200 succeeded
@96-99 fetch -> 404`},
	"a request without a response takes effect": {calls: `
provision v1 -> lost
fetch -> 200 v1 by P
deprovision -> 503
fetch -> 404`},
	"a request without a response takes effect later": {calls: `
provision v1 -> lost
fetch -> 404
update v2 -> 404
fetch -> 200 v1 by P
deprovision -> lost
fetch -> 200 v1 by P
fetch -> 422 ConcurrencyError
provision v1 -> 422 ConcurrencyError
fetch -> 404`},
	"a request without a response takes no effect": {calls: `
provision v1 -> lost
provision v2 -> 201 by P
fetch -> 200 v2 by P
update v3 -> 503
deprovision -> lost
fetch -> 200 v2 by P`},
	"a failed creation is cleaned up": {calls: `
provision v1 -> 202 P
poll P -> 200 failed
provision v1 -> 422 ConcurrencyError
fetch -> 404
deprovision -> 202 D
poll D -> 200 failed
deprovision -> 202 E
poll E -> 200 succeeded
deprovision -> 410`},
	"a failure is repeated until it is delivered": {calls: `
provision v1 -> 202 P
fetch -> 404
provision v2 -> 422 ConcurrencyError
provision v1 -> 202 P
poll P -> 200 failed
provision v1 -> 202 Q
poll Q -> 200 succeeded
deprovision -> 202 D
fetch -> 200 v1 by Q
deprovision -> 202 D
poll D -> 200 failed
deprovision -> 202 E`},
	"a failed update changes nothing": {calls: `
provision v1 -> 201 by P
update v2 -> 202 U
poll U -> 200 failed
fetch -> 200 v1 by P
update v2 -> 500
fetch -> 200 v1 by P`},
	"a synchronous request waits too long": {calls: `
provision v1 sync -> 504 continues
fetch -> 404
provision v1 -> 202 P
poll P -> 200 succeeded`},
	"plans that work asynchronously": {Traits: history.Traits{Asynchronous: true, Parallel: true}, calls: `
provision v1 sync -> 422 AsyncRequired
fetch -> 404
provision v1 -> 202 P
bind b v1 sync -> 422 AsyncRequired
poll P -> 200 succeeded
provision v1 sync -> 200 by P
bind b v1 -> 202 B
bind c v1 -> 202 C
poll b B -> 200 in_progress
poll c C -> 200 in_progress
update v2 -> 422 ConcurrencyError
deprovision sync -> 422 AsyncRequired`},
	"plans without a clean-up": {Traits: history.Traits{Manual: true}, calls: `
provision v1 -> 202 P
poll P -> 200 failed
provision v1 -> 409
fetch -> 404
deprovision -> 200
provision v1 -> 201 by Q`},
	"a result comes after the deletion": {calls: `
provision v1 -> 201 by P
@11-100 bind b v1 sync -> 409 deleted
@12-20 bind b v1 -> 202 B
@21-30 poll b B -> 200 succeeded
@31-40 unbind b -> 200
@101-102 fetch b -> 404`},
	"a result comes after the deletion of the instance": {calls: `
provision v1 -> 201 by P
@11-100 bind b v1 sync -> 409 deleted
@12-20 bind b v1 -> 202 B
@21-30 poll b B -> 200 succeeded
@31-40 deprovision -> 200
@101-102 fetch b -> 404`},
	"the deletion of an instance deletes its bindings": {calls: `
provision v1 -> 201 by P
bind b v1 -> 201 by B
deprovision -> 202 D
fetch b -> 404
poll D -> 200 in_progress
poll D -> 200 failed
fetch b -> 404
fetch -> 200 v1 by P`},
}

func TestSound(t *testing.T) {
	t.Parallel()
	for name, test := range sound {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := history.History{Traits: test.Traits, Calls: read(t, test.calls)}
			if err := h.Check(limit); err != nil {
				t.Errorf("%v: %s\n%v", err, h.Explain(limit), h)
			}
			if why := h.Explain(limit); why != "" {
				t.Errorf("the explanation of a sound history is %q", why)
			}
		})
	}
}

// Each change makes a sound history wrong.
func TestWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, history, sound, wrong string
	}{
		{"an instance is lost", "a life", "fetch -> 200 v1 by P", "fetch -> 404"},
		{"a binding is lost", "a life", "fetch b -> 200 v1 by B", "fetch b -> 404"},
		{"a stale read after an update", "a life", "fetch -> 200 v2 by U", "fetch -> 200 v1 by P"},
		{"the attributes of an update with the content before it", "a life", "fetch -> 200 v2 by U", "fetch -> 200 v2 by P"},
		{"a stale read after a deletion", "a life", "succeeded\nfetch -> 404", "succeeded\nfetch -> 200 v2 by U"},
		{"a binding outlives its instance", "a life", "fetch c -> 404", "fetch c -> 200 v1 by C"},
		{"a binding comes back", "a life", "unbind b -> 200\nfetch b -> 404", "unbind b -> 200\nfetch b -> 200 v1 by B"},
		{"two successes of conflicting provisions", "a life", "provision v2 -> 409", "provision v2 -> 202 X"},
		{"the success of a conflicting provision at the same time", "requests at the same time", "provision v2 sync -> 409", "provision v2 sync -> 201 by X"},
		{"one creation with two operations", "a life", "in_progress\nfetch -> 404\nprovision v1 -> 202 P", "in_progress\nfetch -> 404\nprovision v1 -> 202 X"},
		{"a conflict without a difference", "a life", "provision v1 -> 200 by P", "provision v1 -> 409"},
		{"the content of another operation", "a life", "provision v1 -> 200 by P", "provision v1 -> 200 by X"},
		{"an accepted operation is unknown", "a life", "poll P -> 200 in_progress", "poll P -> 404"},
		{"an ended operation is in progress again", "a life", "poll P -> 200 succeeded\nfetch", "poll P -> 200 succeeded\npoll P -> 200 in_progress\nfetch"},
		{"an operation has two results", "a life", "poll U -> 200 succeeded", "poll U -> 200 succeeded\npoll U -> 200 failed"},
		{"an instance exists while it is created", "a life", "in_progress\nfetch -> 404", "in_progress\nfetch -> 200 v1 by P\npoll P -> 200 in_progress"},
		{"a binding of an instance that is updated", "a life", "bind c v1 -> 422 ConcurrencyError", "bind c v1 -> 202 X"},
		{"a deletion beside an operation on a binding", "a life", "deprovision -> 422 ConcurrencyError", "deprovision -> 202 X"},
		{"a creation during the deletion", "a life", "provision v1 -> 422 ConcurrencyError", "provision v1 -> 202 X"},
		{"a deletion of nothing", "a life", "unbind b -> 410", "unbind b -> 202 X"},
		{"gone, but it exists", "a life", "deprovision -> 202 D", "deprovision -> 410"},
		{"a binding without an instance", "a life", "bind c v1 -> 404", "bind c v1 -> 201 by X"},
		{"an update of nothing", "a life", "update v3 -> 404", "update v3 -> 202 X"},
		{"an update that changes nothing begins an operation", "a life", "update v2 -> 200\n", "update v2 -> 202 X\n"},
		{"missing after the first operation", "a life", "poll -> 200 succeeded\nfetch -> 404", "poll -> 404\nfetch -> 404"},
		{"busy without an operation", "a life", "unbind b -> 200", "unbind b -> 422 ConcurrencyError\nunbind b -> 200"},
		{"AsyncRequired by a plan that does not require it", "a life", "unbind b -> 200", "unbind b sync -> 422 AsyncRequired\nunbind b -> 200"},
		{"a success before its operation ended", "requests at the same time", "@3-70 fetch -> 404", "@101-102 poll P -> 200 in_progress"},
		{"not visible after the success", "requests at the same time", "@95-99 fetch -> 200 v1 by P", "@95-99 fetch -> 404"},
		{"a deletion ends before the creation that it cancels", "a deletion cancels the creation", "poll P -> 200 in_progress", "poll D -> 200 succeeded"},
		{"a cancelled creation succeeds", "a deletion cancels the creation", "@70-80 poll P -> 200 failed", "@70-80 poll P -> 200 succeeded"},
		{"cancelled without a deletion", "a synchronous request waits too long", "provision v1 sync -> 504 continues", "provision v1 sync -> 409 cancelled"},
		{"a deletion without a response that no client sent", "a request without a response takes effect", "deprovision -> 503", "update v2 -> 503"},
		{"a deletion that was sent later", "a request without a response takes effect later", "deprovision -> lost\nfetch -> 200 v1 by P", "fetch -> 404\ndeprovision -> lost"},
		{"a creation without a response has other attributes", "a request without a response takes effect", "fetch -> 200 v1 by P", "fetch -> 200 v2 by P"},
		{"a request without a response takes effect twice", "a request without a response takes effect", "deprovision -> 503", "deprovision -> 503\nfetch -> 404\nfetch -> 200 v1 by P"},
		{"a new operation before the failure is delivered", "a failure is repeated until it is delivered", "provision v1 -> 202 P\npoll P", "provision v1 -> 202 X\npoll P"},
		{"a failure is repeated after its delivery", "a failure is repeated until it is delivered", "provision v1 -> 202 Q\npoll Q -> 200 succeeded", "provision v1 -> 202 P\npoll P -> 200 succeeded"},
		{"a new deletion before the failure is delivered", "a failure is repeated until it is delivered", "deprovision -> 202 D\npoll D", "deprovision -> 202 X\npoll D"},
		{"a failed update has an effect", "a failed update changes nothing", "update v2 -> 500\nfetch -> 200 v1 by P", "update v2 -> 500\nfetch -> 200 v2 by U"},
		{"accepted, but the client does not accept it", "a synchronous request waits too long", "provision v1 -> 202 P", "provision v1 sync -> 202 P"},
		{"two operations on bindings of a plan that forbids it", "a life", "deprovision -> 422 ConcurrencyError", "bind d v1 -> 202 X"},
		{"a synchronous success of an asynchronous plan", "plans that work asynchronously", "bind b v1 sync -> 422 AsyncRequired", "provision v1 sync -> 201 by P"},
		{"a clean-up that the plan does not want", "plans without a clean-up", "provision v1 -> 409", "provision v1 -> 422 ConcurrencyError"},
		{"deleted without a deletion", "a result comes after the deletion", "@31-40 unbind b -> 200", "@31-40 fetch b -> 200 v1 by B"},
		{"the instance is gone after its deletion failed", "the deletion of an instance deletes its bindings", "fetch -> 200 v1 by P", "fetch -> 404"},
		{"a binding returns after the deletion failed", "the deletion of an instance deletes its bindings", "failed\nfetch b -> 404", "failed\nfetch b -> 200 v1 by B"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			base := sound[test.history]
			if strings.Count(base.calls, test.sound) != 1 {
				t.Fatalf("%q is in the history %d times", test.sound, strings.Count(base.calls, test.sound))
			}
			h := history.History{Traits: base.Traits, Calls: read(t, strings.Replace(base.calls, test.sound, test.wrong, 1))}
			if err := h.Check(limit); !errors.Is(err, history.ErrViolation) {
				t.Errorf("the check returns %v for\n%v", err, h)
			}
			if h.Explain(limit) == "" {
				t.Error("there is no explanation")
			}
		})
	}
}

// A search that is out of time is no success.
func TestUnknown(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 16 {
		lines = append(lines, fmt.Sprintf("@%d-1000 provision v%d -> lost", i, i), fmt.Sprintf("@%d-1000 deprovision -> lost", i))
	}
	lines = append(lines, "@2000-2001 fetch -> 200 v99 by P")
	h := history.History{Calls: read(t, strings.Join(lines, "\n"))}
	if err := h.Check(time.Millisecond); !errors.Is(err, history.ErrUnknown) {
		t.Errorf("the check returns %v", err)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	calls := read(t, "@2000000-3000000 bind b v1 sync -> 201 by B\n@0-1000000 poll P -> 200 in_progress\n@0-4000000 update v2 -> lost")
	slices.Reverse(calls)
	want := `     0.000 to      1.000 ms, client 1: poll "P" -> 200 state in progress
     2.000 to      3.000 ms, client 0: bind b v1 sync -> 201 by B
     0.000 to      4.000 ms, client 2: update v2 -> lost
`
	if got := (history.History{Calls: calls}).String(); got != want {
		t.Errorf("%s", got)
	}
}
