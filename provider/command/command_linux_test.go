package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/command"
)

const digits = "12345678901234567890.10"

// The life cycle: what the program gets, and what of its answers arrives. Numbers keep
// their digits in both directions.
func TestLifeCycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
printf '%s\n' "$REQUEST" >> "$DIR/requests"
case $OPERATION in
provision) echo '{"dashboard_url":"https://d","metadata":{"labels":{"a":"b"}},"state":{"port":`+digits+`}}' ;;
update) echo '{"state":{"port":2}}' ;;
bind) echo '{"credentials":{"password":"made<&>","port":`+digits+`},"state":"of the binding","endpoints":[{"host":"h","ports":["1"]}]}' ;;
*) echo '{}' ;;
esac`).start()
	w.expect(w.end("PUT", "i", `{"service_id":"s","plan_id":"p1","organization_guid":"o","space_guid":"sp","parameters":{"n":`+digits+`},"context":{"platform":"cloudfoundry","organization_guid":"o","space_guid":"sp","x":`+digits+`}}`), 200, `"succeeded"`)
	w.expect(w.send("GET", "i", ""), 200, `"dashboard_url":"https://d"`, `"labels":{"a":"b"}`)
	w.expect(w.end("PATCH", "i", `{"service_id":"s","plan_id":"p2"}`), 200, `"succeeded"`)
	w.expect(w.end("PUT", "i/service_bindings/b", `{"service_id":"s","plan_id":"p2","parameters":{"mode":"ro"}}`), 200, `"succeeded"`)
	w.expect(w.send("GET", "i/service_bindings/b", ""), 200, `"port":`+digits, `"password":"made<&>"`, `"host":"h"`)
	w.expect(w.end("DELETE", "i/service_bindings/b"+deletion, ""), 200, `"succeeded"`)
	w.expect(w.end("DELETE", "i"+deletion, ""), 200, `"succeeded"`)

	var got strings.Builder
	for line := range strings.Lines(w.read("requests")) {
		var r map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		deadline, err := time.Parse(time.RFC3339, strings.Trim(string(r["deadline"]), `"`))
		if err != nil || time.Until(deadline) < 30*time.Minute || time.Until(deadline) > time.Hour || len(r["id"]) < 10 || string(r["provider"]) != `"blue"` {
			t.Errorf("%s: %v", line, err)
		}
		for _, name := range []string{"operation", "attempt", "generation", "instance", "previous", "binding", "checkpoint"} {
			if len(r[name]) > 0 {
				fmt.Fprintf(&got, "%s %s\n", name, r[name])
			}
		}
	}
	const want = `operation "provision"
attempt 1
generation 1
instance {"id":"i","platform":"default","resource_name":"ob-vvmshgotdbfepzkc4gyzys4ru6","service":{"id":"s","name":"service"},"plan":{"id":"p1","name":"small","settings":{"disk":12345678901234567890.10,"tags":["a",{"b":"c"}]}},"organization_guid":"o","space_guid":"sp","parameters":{"n":12345678901234567890.10},"context":{"platform":"cloudfoundry","organization_guid":"o","space_guid":"sp","x":12345678901234567890.10}}
operation "update"
attempt 1
generation 1
instance {"id":"i","platform":"default","resource_name":"ob-vvmshgotdbfepzkc4gyzys4ru6","service":{"id":"s","name":"service"},"plan":{"id":"p2","name":"large","settings":{}},"organization_guid":"o","space_guid":"sp","parameters":{"n":12345678901234567890.10},"context":{"platform":"cloudfoundry","organization_guid":"o","space_guid":"sp","x":12345678901234567890.10},"state":{"port":12345678901234567890.10}}
previous {"id":"i","platform":"default","resource_name":"ob-vvmshgotdbfepzkc4gyzys4ru6","service":{"id":"s","name":"service"},"plan":{"id":"p1","name":"small","settings":{"disk":12345678901234567890.10,"tags":["a",{"b":"c"}]}},"organization_guid":"o","space_guid":"sp","parameters":{"n":12345678901234567890.10},"context":{"platform":"cloudfoundry","organization_guid":"o","space_guid":"sp","x":12345678901234567890.10},"state":{"port":12345678901234567890.10}}
`
	if text := got.String(); !strings.HasPrefix(text, want) || strings.Count(text, `"state":{"port":2}`) != 3 || strings.Count(text, `"state":"of the binding"`) != 1 || strings.Count(text, "\nbinding ") != 2 {
		t.Errorf("the program gets\n%s", text)
	}
	if found, err := os.ReadDir(filepath.Join(w.directory, "data", "command-blue", "locks")); err != nil || len(found) > 0 {
		t.Errorf("locks are left: %v, %v", found, err)
	}
}

// The program has only the variables of the settings. Its arguments have nothing of the
// request.
func TestEnvironment(t *testing.T) {
	t.Setenv("OPENBROKER_TEST_INHERITED", "inherited")
	t.Setenv("OPENBROKER_TEST_HIDDEN", "hidden")
	w := newWorld(t, "")
	w.settings.Command = []string{"/usr/bin/env", "sh", "-c", `xargs -0 -n1 < /proc/$$/environ > variables; xargs -0 < /proc/$$/cmdline > arguments; cat > request; echo {}`, "name", "argument"}
	w.settings.InheritEnvironment = []string{"OPENBROKER_TEST_INHERITED", "OPENBROKER_TEST_ABSENT"}
	w.settings.Secrets = map[string]provider.Secret{"ADMIN": "admin-secret", "OTHER": "other-secret"}
	w.settings.SecretsInEnvironment = []string{"ADMIN"}
	w.start()
	w.expect(w.end("PUT", "i", provisionBody), 200, `"succeeded"`)
	want := "ADMIN=admin-secret\nDIR=" + w.directory + "\nOPENBROKER_TEST_INHERITED=inherited\nOPENBROKER_TEST_MARK=" + w.mark + "\nPATH=" + os.Getenv("PATH") + "\n"
	if got := w.read("variables"); got != want {
		t.Errorf("the variables are\n%swant\n%s", got, want)
	}
	if got := w.read("arguments"); !strings.HasPrefix(got, "sh -c ") || !strings.HasSuffix(got, "echo {} name argument\n") {
		t.Errorf("the arguments are %s", got)
	}
	if got := w.read("request"); !strings.Contains(got, `"secrets":{"ADMIN":"admin-secret","OTHER":"other-secret"}`) {
		t.Errorf("the request is %s", got)
	}
}

// Operations can have programs of their own. Without one for update, there is none.
func TestProgramsPerOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	script := func(name string) []string {
		w.write(name, "#!/bin/sh\ncat >/dev/null; echo "+name+" $1 >> calls; echo {}\n")
		return []string{"./" + name, "x"}
	}
	w.settings.Command = nil
	w.settings.Operations = command.Operations{Provision: script("create"), Deprovision: script("remove"), Bind: script("join"), Unbind: script("leave")}
	w.start()
	w.expect(w.end("PUT", "i", provisionBody), 200, `"succeeded"`)
	w.expect(w.end("PATCH", "i", `{"service_id":"s","plan_id":"p2"}`), 200, `"failed"`, "does not support")
	w.expect(w.end("PUT", "i/service_bindings/b", `{"service_id":"s","plan_id":"p1"}`), 200, `"succeeded"`)
	w.expect(w.end("DELETE", "i"+deletion, ""), 200, `"succeeded"`)
	if got := w.read("calls"); got != "create x\njoin x\nleave x\nremove x\n" {
		t.Errorf("the calls are\n%s", got)
	}
}

// Descriptions reach polls. A checkpoint is acknowledged, and reaches the next attempt, in
// another process too.
func TestProgressAndResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
printf '%s\n' "$REQUEST" >> "$DIR/requests"
if [ ! -e "$DIR/second" ]; then
	echo '{"description":"step one"}' >&3
	echo '{"checkpoint":{"step":`+digits+`}}' >&3
	read -r saved <&4
	echo "$saved" > "$DIR/saved"
	exec sleep 1000
fi
echo '{}'`).start()
	w.settings.Grace = provider.Duration(time.Second)
	a := w.send("PUT", "i?accepts_incomplete=true", provisionBody)
	w.expect(a, 202)
	w.await("i/last_operation", "progress", func(a answer) bool { return a.body["description"] == "step one" })
	w.until("the acknowledgement", func() bool { return w.read("saved") == `{"saved":1}`+"\n" })
	w.stopper()
	w.write("second", "")
	w.start()
	w.expect(w.await("i/last_operation", "an end", func(a answer) bool { return a.body["state"] != "in progress" }), 200, `"succeeded"`)
	first, second, _ := strings.Cut(w.read("requests"), "\n")
	if strings.Contains(first, "checkpoint") || !strings.Contains(second, `"checkpoint":{"step":`+digits+`}`) || !strings.Contains(second, `"generation":2`) ||
		!strings.Contains(second, a.body["operation"].(string)) {
		t.Errorf("the requests are\n%s\n%s", first, second)
	}
}

// A deletion ends the creation with TERM. The deprovision runs when the program has ended.
func TestCancellation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
case $OPERATION in
provision)
	trap 'echo TERM >> "$DIR/calls"; sleep 0.1; echo ended >> "$DIR/calls"; exit 1' TERM
	setsid sleep 1000 &
	echo begun >> "$DIR/calls"
	while :; do sleep 0.01; done ;;
*) echo "$OPERATION" >> "$DIR/calls"; echo '{}' ;;
esac`).start()
	w.expect(w.send("PUT", "i?accepts_incomplete=true", provisionBody), 202)
	w.until("the program runs", func() bool { return w.read("calls") == "begun\n" })
	w.expect(w.end("DELETE", "i"+deletion, ""), 200, `"succeeded"`)
	if got := w.read("calls"); got != "begun\nTERM\nended\ndeprovision\n" {
		t.Errorf("the calls are\n%s", got)
	}
	w.none()
}

// Exit code 75 and retry_after ask for another attempt; errors are for the platform.
func TestAnswersOtherThanResults(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		script string
		state  string
		want   []string
		logged string
		calls  int
	}{
		"75, then success":     {`[ "$CALLS" -lt 2 ] && exit 75; echo '{}'`, "succeeded", nil, "", 2},
		"75 for ever":          {`echo busy >&2; exit 75`, "failed", []string{"could not complete the operation"}, "the provider asks for another attempt", 3},
		"75 with an error":     {`echo '{"error":{"status":503,"description":"Try tomorrow."}}'; exit 75`, "failed", []string{"Try tomorrow."}, "", 3},
		"75 with a time":       {`[ "$CALLS" -lt 2 ] && { echo '{"retry_after":0.001}'; exit 75; }; echo '{}'`, "succeeded", nil, "", 2},
		"75 with anything":     {`echo oops; [ "$CALLS" -lt 3 ] && exit 75`, "failed", nil, "the program exited with 75, and its standard output is ignored", 3},
		"retry_after":          {`[ "$CALLS" -lt 3 ] && echo '{"retry_after":0}' || echo '{}'`, "succeeded", nil, "", 3},
		"an error":             {`echo '{"error":{"status":422,"error":"QuotaExceeded","description":"At most 5."}}'`, "failed", []string{"At most 5."}, "422 QuotaExceeded: At most 5.", 1},
		"an error with secret": {`echo '{"error":{"status":422,"description":"admin-secret is wrong"}}'`, "failed", []string{"[redacted] is wrong"}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, `
[ "$OPERATION" = deprovision ] && { echo '{}'; exit; }
echo >> "$DIR/calls"; CALLS=$(wc -l < "$DIR/calls")
`+x.script)
			w.settings.Secrets = map[string]provider.Secret{"admin": "admin-secret"}
			w.start()
			w.expect(w.end("PUT", "i", provisionBody), 200, append(x.want, `"state":"`+x.state+`"`)...)
			w.logged(x.logged)
			if calls := strings.Count(w.read("calls"), "\n"); calls != x.calls {
				t.Errorf("%d calls, want %d\n%s", calls, x.calls, w.log)
			}
		})
	}
}

// At most Concurrency programs run at a time.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
mkdir "$DIR/running" || echo overlap >> "$DIR/overlaps"
sleep 0.02
rmdir "$DIR/running"
echo '{}'`)
	w.settings.Concurrency = 1
	w.start()
	var operations []string
	for i := range 6 {
		w.expect(w.send("PUT", fmt.Sprintf("i%d?accepts_incomplete=true", i), provisionBody), 202)
		operations = append(operations, fmt.Sprintf("i%d/last_operation", i))
	}
	for _, path := range operations {
		w.expect(w.await(path, "an end", func(a answer) bool { return a.body["state"] != "in progress" }), 200, `"succeeded"`)
	}
	if got := w.read("overlaps"); got != "" {
		t.Errorf("programs have run at the same time: %s", got)
	}
}

// With check, the program can refuse requests before they are accepted.
func TestCheckOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
echo "$OPERATION" >> "$DIR/calls"
case "$OPERATION $REQUEST" in
check*refuse*) echo '{"error":{"status":400,"description":"No such size."}}' ;;
check*busy*) echo '{"retry_after":7}' ;;
check*hang*) exec sleep 1000 ;;
check*broken*) exit 3 ;;
*) echo '{}' ;;
esac`)
	w.settings.Check, w.settings.CheckTimeout, w.settings.Grace = true, provider.Duration(patience), provider.Duration(time.Millisecond)
	w.start()
	w.expect(w.end("PUT", "i", provisionBody), 200, `"succeeded"`)
	w.expect(w.send("PUT", "i/service_bindings/refuse?accepts_incomplete=true", `{"service_id":"s","plan_id":"p1"}`), 400, "No such size.")
	w.expect(w.send("PUT", "refuse?accepts_incomplete=true", provisionBody), 400, "No such size.")
	w.expect(w.send("PUT", "busy?accepts_incomplete=true", provisionBody), 503, "temporarily unavailable")
	w.expect(w.send("PUT", "broken?accepts_incomplete=true", provisionBody), 500)
	w.logged("the program exited with 3")
	if got := strings.Count(w.read("calls"), "provision"); got != 1 {
		t.Errorf("the calls are\n%s", w.read("calls"))
	}
	w.expect(w.send("PATCH", "i?accepts_incomplete=true", `{"service_id":"s","plan_id":"p2","parameters":{"refuse":1}}`), 400, "No such size.")

	slow := newWorld(t, `exec sleep 1000`)
	slow.settings.Check, slow.settings.CheckTimeout, slow.settings.Grace = true, provider.Duration(time.Millisecond), provider.Duration(time.Millisecond)
	slow.start()
	slow.expect(slow.send("PUT", "i?accepts_incomplete=true", provisionBody), 503, "temporarily unavailable")
}

// With list, the program lists its instances.
func TestListOperation(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`echo '{"resources":["ob-a","ob-b"]}'`: "ob-a ob-b", `echo '{}'`: "", `exit 1`: "the program exited with 1", `echo '{"retry_after":1}'`: "the provider asks for another attempt",
	} {
		w := newWorld(t, `[ "$OPERATION" = list ] || exit 9
`+script)
		w.settings.List = true
		w.start()
		lister, ok := w.provider.(durable.ResourceLister)
		if !ok {
			t.Fatal("it lists nothing")
		}
		var got []string
		for name, err := range lister.Resources(t.Context()) {
			if err != nil {
				name = err.Error()
			}
			got = append(got, name)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %s, want %s", script, text, want)
		}
	}
	if _, ok := newWorld(t, "").start().provider.(durable.ResourceLister); ok {
		t.Error("it lists without list")
	}
}

// Close ends programs.
func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `echo >> "$DIR/begun"; exec sleep 1000`)
	w.settings.List = true
	w.start()
	done := make(chan error, 1)
	go func() {
		for _, err := range w.provider.(durable.ResourceLister).Resources(context.Background()) {
			done <- err
		}
	}()
	w.until("the program runs", func() bool { return w.read("begun") != "" })
	w.stopper()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "the provider is closed") {
		t.Error(err)
	}
}
