package command_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/provider"
)

// faultless is a program that does everything right. Its instances are directories below
// $DIR/made, its bindings files in them.
const faultless = `
set -e
mkdir -p "$DIR/made"
set -- $(printf '%s' "$REQUEST" | grep -o '"resource_name":"ob-[a-z2-7]*"' | cut -d'"' -f4) none none
I=$DIR/made/$1 B=$DIR/made/$1/$2
case $OPERATION in
provision) mkdir -p "$I"; sleep 0.1; touch "$I/done"; echo '{}' ;;
update) test -e "$I/done"; sleep 0.1; echo '{}' ;;
bind) test -e "$I/done"; touch "$B"; sleep 0.1; echo '{"credentials":{"password":"made-password"}}' ;;
unbind) sleep 0.1; rm -f "$B"; echo '{}' ;;
deprovision) sleep 0.1; rm -rf "$I"; echo '{}' ;;
check) echo '{}' ;;
list) printf '{"resources":['; c=; for n in $(ls "$DIR/made"); do printf '%s"%s"' "$c" "$n"; c=,; done; echo ']}' ;;
*) exit 1 ;;
esac`

// middle is where a test interrupts a program: it waits there, but only in a call that is
// interrupted.
const middle = ` touch "$DIR/middle"; while test -e "$DIR/hold"; do sleep 0.01; done`

// interruptor interrupts a program that comes to its middle, and any other after a
// duration.
func (w *world) interruptor(script string) func(time.Duration, func()) (stop func()) {
	if !strings.Contains(script, middle) {
		return func(d time.Duration, end func()) func() {
			timer := time.AfterFunc(d, end)
			return func() { timer.Stop() }
		}
	}
	remove := func(name string) { _ = os.Remove(filepath.Join(w.directory, name)) }
	return func(_ time.Duration, end func()) func() {
		remove("middle")
		w.write("hold", "")
		over := make(chan struct{})
		go func() {
			for tick := time.NewTicker(time.Millisecond); ; {
				select {
				case <-over:
					return
				case <-tick.C:
					if _, err := os.Stat(filepath.Join(w.directory, "middle")); err == nil {
						end()
						return
					}
				}
			}
		}()
		return func() {
			close(over)
			remove("hold")
		}
	}
}

// locked is a lock that a killed program leaves behind.
func locked(operation string) []string {
	return []string{"\n" + operation + ") ", "\n" + operation + `) test ! -e "$I.lock"; touch "$I.lock"; trap 'rm -f "$I.lock"' EXIT;` + middle + "; "}
}

func rehearse(t *testing.T, script string, change func(*world), steps ...string) map[string]provider.TestStep {
	t.Helper()
	w := newWorld(t, script)
	w.settings.Check, w.settings.List, w.settings.Grace = true, true, provider.Duration(time.Second)
	if change != nil {
		change(w)
	}
	w.start()
	c, err := catalog.Parse("catalog.yaml", []byte(testCatalog))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]provider.TestStep{}
	tester := w.provider.(interface {
		TestInterrupting(ctx context.Context, run provider.TestRun, after func(time.Duration, func()) (stop func())) error
	})
	err = tester.TestInterrupting(t.Context(), provider.TestRun{
		Service: &c.Services[0], Plan: &c.Services[0].Plans[0], NewPlan: &c.Services[0].Plans[1],
		Parameters: openbroker.Parameters(`{"a":"parameter"}`), Timeout: patience, Interruptions: 3, Kind: "command", Steps: steps,
		Report: func(s provider.TestStep) { found[s.Name] = s },
	}, w.interruptor(script))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A program without a fault passes each step.
func TestFaultlessProgram(t *testing.T) {
	t.Parallel()
	steps := rehearse(t, faultless, nil)
	if len(steps) != 28 {
		t.Errorf("%d steps", len(steps))
	}
	for _, s := range steps {
		if len(s.Problems) > 0 || s.Skipped != "" {
			t.Errorf("%+v", s)
		}
	}
}

// Each step finds a program with its fault.
func TestFaultyPrograms(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		change []string // old and new
		step   string
		want   string
	}{
		"a second provision fails":   {[]string{`mkdir -p "$I"`, `mkdir "$I"`}, "provision-repeated", "the second provision failed: the program exited with 1"},
		"deletes what is there only": {[]string{`rm -rf "$I"`, `rm -r "$I"`}, "deprovision-of-nothing", "deprovision failed: the program exited with 1"},
		"deletes once":               {[]string{`rm -rf "$I"`, `rm -r "$I"`}, "deprovision-repeated", "the second deprovision failed"},
		"deletes nothing":            {[]string{`rm -rf "$I"`, `:`}, "list-after-deprovision", "the list still has ob-"},
		"unbinds once":               {[]string{`rm -f "$B"`, `rm "$B"`}, "unbind-repeated", "the second unbind failed"},
		"unbinds what is there only": {[]string{`rm -f "$B"`, `rm "$B"`}, "unbind-of-nothing", "unbind failed"},
		"needs the instance":         {[]string{`rm -f "$B"`, `test -d "$I"; rm -f "$B"`}, "unbind-after-deprovision", "unbind after deprovision failed"},
		"fails to unbind":            {[]string{`rm -f "$B"`, `exit 3`}, "unbind", "unbind failed: the program exited with 3"},
		"knows every operation":      {[]string{"*) exit 1", "*) echo '{}'"}, "unknown-operation", `the operation "provider-test" succeeded`},
		"knows every member":         {[]string{"set -e", `case $REQUEST in *unknown_member*) exit 1 ;; esac`}, "unknown-members", "provision with an unknown member failed"},
		"refuses in check":           {[]string{"check) echo '{}'", `check) echo '{"error":{"status":400,"error":"No","description":"Never."}}'`}, "check", "check was refused with the error 400 No: Never."},
		"lists nothing":              {[]string{`for n in $(ls "$DIR/made")`, `for n in`}, "list", "the list has 0 names, but not ob-"},
		"has no credentials":         {[]string{`'{"credentials":{"password":"made-password"}}'`, `'{}'`}, "bind", "bind answers without credentials"},
		"binds once":                 {[]string{`touch "$B"`, `test ! -e "$B"; touch "$B"`}, "bind bind-repeated", "the second bind failed"},
		"binds one at a time":        {[]string{`touch "$B"`, `mkdir "$I/lock"; trap 'rmdir "$I/lock"' EXIT; touch "$B"; sleep 0.3`}, "bind-parallel", "bind at the same time as others failed"},
		"cannot update":              {[]string{`update) `, `update) echo '{"error":{"status":501,"description":"No."}}'; exit 0; `}, "update", "update was refused with the error 501 : No."},
		"updates once":               {[]string{`update) `, `update) mkdir "$I/updated"; `}, "update update-repeated", "the second update failed"},
		"runs what is in ids":        {[]string{"set -e", `case $REQUEST in *'$(touch x)'*) exit 1 ;; esac`}, "odd-ids", "provision failed"},
		"ignores TERM":               {[]string{"provision) ", `provision) trap '' TERM;` + middle + "; "}, "provision-cancelled", "the program ignores TERM: it was killed after the grace of 1s"},
		"keeps half an instance":     {[]string{`mkdir -p "$I"; sleep`, `test -e "$I/done" || mkdir "$I";` + middle + `; sleep`}, "provision-killed", "provision after a crash failed"},
		"forgets half an instance":   {[]string{`rm -rf "$I"`, `test ! -e "$I/done" || rm -rf "$I"`, `mkdir -p "$I"`, `mkdir -p "$I";` + middle}, "provision-killed-deprovision", "the list still has ob-"},
		"keeps a lock of bind":       {locked("bind"), "bind-killed", "bind after a crash failed"},
		"keeps a lock for unbind":    {append(locked("bind"), `rm -f "$B"`, `test ! -e "$I.lock"; rm -f "$B"`), "bind-killed-unbind", "unbind after a crash in bind failed"},
		"keeps a lock of update":     {locked("update"), "update-killed", "update after a crash failed"},
		"keeps a lock of unbind":     {locked("unbind"), "unbind-killed", "unbind after a crash failed"},
		"keeps a lock of deletion":   {locked("deprovision"), "deprovision-killed", "deprovision after a crash failed"},
		"leaves a process":           {[]string{"provision) ", "provision) setsid sleep 1000 & "}, "provision", "the program left processes behind, which were ended: sleep"},
		"talks nonsense":             {[]string{"provision) ", "provision) echo nonsense >&3; "}, "provision", "a line on descriptor 3 is ignored: line 1, column 2: the line is not valid JSON"},
		"answers nonsense":           {[]string{`touch "$I/done"; echo '{}'`, `echo '{"dashboard":1}'`}, "provision", `provision failed: the program exited with 0, but its standard output is no answer to provision: line 1, column 2: "dashboard" is unknown`},
		"never ends":                 {[]string{`touch "$I/done"; echo '{}'`, `echo '{"retry_after":0}'`}, "provision", "provision failed: it asks for another attempt after 20 attempts"},
		"needs a drain":              {[]string{`"credentials":`, `"syslog_drain_url":"syslog://h","credentials":`}, "bind", `the service "service" does not require "syslog_drain"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := 0; i < len(x.change); i += 2 {
				if !strings.Contains(faultless, x.change[i]) {
					t.Fatalf("the program has no %s", x.change[i])
				}
			}
			wanted := strings.Split(x.step, " ")
			found := rehearse(t, strings.NewReplacer(x.change...).Replace(faultless), nil, wanted...)[wanted[len(wanted)-1]].Problems
			if !slices.ContainsFunc(found, func(p string) bool { return strings.Contains(p, x.want) }) {
				t.Errorf("the step finds %q, want %s", found, x.want)
			}
		})
	}
}

// What may be wrong is a note. After a provision that fails, the rest is skipped.
func TestNotesAndSkips(t *testing.T) {
	t.Parallel()
	steps := rehearse(t, strings.Replace(faultless, "bind) ", "bind) echo made-password parameter >&2; ", 1), func(w *world) {
		w.settings.Check, w.settings.List = false, false
	}, "bind", "check", "list")
	if s := steps["bind"]; len(s.Problems) > 0 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "may be secret") || s.Log != "[redacted] [redacted]" {
		t.Errorf("%+v", s)
	}
	if s := steps["check"]; s.Skipped != "the provider has no check" {
		t.Errorf("%+v", s)
	}
	steps = rehearse(t, strings.Replace(faultless, "provision) ", "provision) exit 1; ", 1), nil)
	if s := steps["bind"]; s.Skipped != "provision does not work" || steps["deprovision-of-nothing"].Skipped != "" {
		t.Errorf("%+v", steps)
	}
}
