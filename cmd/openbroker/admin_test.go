package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// stuck configures a broker whose provisions never end.
const stuck = `
policies: {default: {mode: asynchronous}}
provider: {sqlitefile: {directory: openbroker-data/instances, create_delay: 1h}}
engine: {replica: replica-1, lease: 3s, stop_grace: 1s}
shutdown: {operation_grace: 100ms}
`

// A world is a running broker, with the flags that name its store.
type world struct {
	*process
	directory string
	flags     []string
}

// forEachStore runs a test on both stores, with a running broker.
func forEachStore(t *testing.T, configuration string, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, flags := range map[string]func(t *testing.T) []string{
		"sqlite":   func(t *testing.T) []string { t.Helper(); return nil },
		"postgres": func(t *testing.T) []string { t.Helper(); return []string{"--store", postgres.NewDatabase(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{directory: t.TempDir(), flags: flags(t)}
			w.flags = append(w.flags, "--config", write(t, w.directory, "openbroker.yaml", "data: openbroker-data\n"+configuration))
			w.process = serve(t, w.directory, nil, w.flags...)
			test(t, w)
		})
	}
}

// admin runs an admin command, which must succeed, and returns its output.
func (w *world) admin(args ...string) string {
	w.t.Helper()
	code, stdout, stderr := w.try(args...)
	if code != 0 || stderr != "" {
		w.t.Fatalf("admin %q: exit code %d, %s", args, code, stderr)
	}
	return stdout
}

func (w *world) try(args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	return command(w.t, w.directory, nil, append(append([]string{"admin"}, w.flags...), args...)...)
}

// list returns the records of an admin command.
func (w *world) list(args ...string) []map[string]any {
	w.t.Helper()
	var records []map[string]any
	for line := range strings.Lines(w.admin(append(args, "-o", "json")...)) {
		record := map[string]any{}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			w.t.Fatalf("%v in %q", err, line)
		}
		records = append(records, record)
	}
	return records
}

// provision starts to create an instance, and returns the operation.
func (w *world) provision(id string) string {
	w.t.Helper()
	return w.expect(http.StatusAccepted, "PUT", "/v2/service_instances/"+id+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID)).text("operation")
}

func (w *world) state(id, operation string) string {
	w.t.Helper()
	return w.expect(http.StatusOK, "GET", "/v2/service_instances/"+id+"/last_operation?operation="+operation, nil).text("state")
}

// awaitStatus waits until an instance has a status.
func (w *world) awaitStatus(id, status string) {
	w.t.Helper()
	await(w.t, id+" is "+status, func() bool {
		records := w.list("instances", "--instance", id)
		return len(records) == 1 && records[0]["status"] == status
	})
}

// plain replaces random parts of an output of an admin command.
func plain(text string) string {
	text = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`).ReplaceAllString(text, "2026-01-02T03:04:05Z")
	text = regexp.MustCompile(`"chain":"[^"]+","seq":\d+`).ReplaceAllString(text, `"chain":"CHAIN","seq":1`)
	known := map[string]string{}
	return regexp.MustCompile(`\b[A-Z2-7]{26}\b`).ReplaceAllStringFunc(text, func(id string) string {
		if known[id] == "" {
			known[id] = fmt.Sprintf("OPERATION%017d", len(known)+1)
		}
		return known[id]
	})
}

func TestAdminInterventions(t *testing.T) {
	t.Parallel()
	forEachStore(t, stuck, func(t *testing.T, w *world) {
		t.Helper()
		var printed strings.Builder
		do := func(args ...string) {
			t.Helper()
			printed.WriteString(w.admin(append(args, "--actor", "ada", "--reason", "ticket 42: it hangs")...))
		}
		// After retry the next attempt begins immediately.
		one := w.provision("one")
		do("retry", "one")
		await(t, "the second attempt", func() bool { return w.list("operations", "--state", "active")[0]["attempt"] == 2.0 })
		// Cancelled: it fails when the worker has stopped, and the engine cleans up.
		do("cancel", one)
		await(t, "the end", func() bool { return w.state("one", one) == "failed" })
		w.awaitStatus("one", "deleted")
		// fail ends the operation immediately.
		two := w.provision("two")
		do("fail", "two")
		if state := w.state("two", two); state != "failed" {
			t.Errorf("the failed operation is %q", state)
		}
		w.awaitStatus("two", "deleted")
		// Left behind, and deleted later.
		w.provision("three")
		do("fail", "three", "--no-cleanup")
		w.awaitStatus("three", "create failed")
		do("retry", "three")
		w.awaitStatus("three", "deleted")
		// Forgotten.
		four := w.provision("four")
		code, _, stderr := w.try("forget", "four", "--reason", "x")
		if want := fmt.Sprintf("openbroker: four: refused: the provision %q is active: fail it first\n", four); code != 1 || stderr != want {
			t.Errorf("exit code %d, %q, want %q", code, stderr, want)
		}
		do("fail", "four", "--no-cleanup")
		do("forget", "four")
		w.expect(http.StatusNotFound, "GET", "/v2/service_instances/four/last_operation", nil)

		golden(t, "admin_interventions", plain(printed.String()))
		golden(t, "admin_audit", plain(w.admin("audit", "--platform", "default")))
		golden(t, "admin_audit_json", plain(w.admin("audit", "-o", "json", "--instance", "two")))
		golden(t, "admin_operations", plain(w.admin("operations")))
		golden(t, "admin_instances", plain(w.admin("instances")))
		w.stop()
		if strings.Contains(w.stderr.String(), "ticket 42") {
			t.Error("the broker's log has the reason")
		}
	})
}

func TestAdminLists(t *testing.T) {
	t.Parallel()
	forEachStore(t, "", func(t *testing.T, w *world) {
		t.Helper()
		for _, id := range []string{"a", "b", "c%2Fd"} {
			path := "/v2/service_instances/" + id
			w.expect(http.StatusCreated, "PUT", path, provision(sqlitefile.SmallPlanID))
			w.expect(http.StatusCreated, "PUT", path+"/service_bindings/x", binding(nil))
			w.expect(http.StatusCreated, "PUT", path+"/service_bindings/y", binding(nil))
		}
		w.expect(http.StatusOK, "PATCH", "/v2/service_instances/a", map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.LargePlanID})
		w.expect(http.StatusOK, "DELETE", "/v2/service_instances/b/service_bindings/x"+deletion, nil)
		for _, c := range []struct {
			args  string
			count int
		}{
			{"instances", 3},
			{"instances --platform default", 3},
			{"instances --platform other", 0},
			{"instances --instance c/d", 1},
			{"instances --service sqlite", 3},
			{"instances --service sqlite --plan large", 1},
			{"instances --plan " + sqlitefile.SmallPlanID, 2},
			{"instances --service other", 0},
			{"instances --status ready", 3},
			{"instances --status create-failed", 0},
			{"instances --after default/a", 2},
			{"instances --all --limit 1", 3},
			{"bindings", 6},
			{"bindings --instance a", 2},
			{"bindings --binding x", 3},
			{"bindings --status deleted", 1},
			{"bindings --after default/c%2Fd/x", 1},
			{"operations", 11},
			{"operations --instance a", 4},
			{"operations --binding y", 3},
			{"operations --kind bind", 6},
			{"operations --state active", 0},
			{"operations --kind unbind --state succeeded --platform default", 1},
			{"audit --action forget", 0},
			{"audit --action update", 1},
		} {
			if records := w.list(strings.Fields(c.args)...); len(records) != c.count {
				t.Errorf("%s: %d records, want %d: %v", c.args, len(records), c.count, records)
			}
		}
		golden(t, "admin_lists", plain(w.admin("instances")+w.admin("bindings")+w.admin("operations", "--instance", "a")+
			w.admin("instances", "-o", "json", "--instance", "a")+w.admin("bindings", "-o", "json", "--binding", "x", "--instance", "a")+w.admin("operations", "-o", "json", "--kind", "update")))

		// Page after page, as a script does.
		for what, want := range map[string]string{"instances": "default/a default/b", "bindings": "default/a/x default/a/y default/b/x default/b/y default/c%2Fd/x"} {
			var pages []string
			for args := []string{what, "--limit", "1"}; ; {
				code, stdout, stderr := w.try(args...)
				if code != 0 || strings.Count(stdout, "\n") != 2 {
					t.Fatalf("%q: exit code %d, %s", args, code, stdout)
				}
				next := regexp.MustCompile(`^openbroker: there may be more records: add --after (\S+), or --all\n$`).FindStringSubmatch(stderr)
				if next == nil {
					t.Fatalf("%q: %s", args, stderr)
				}
				if len(w.list(what, "--after", next[1])) == 0 {
					break
				}
				pages = append(pages, next[1])
				args = []string{what, "--limit", "1", "--after", next[1]}
			}
			if got := strings.Join(pages, " "); got != want {
				t.Errorf("pages of %s: %s, want %s", what, got, want)
			}
		}
		w.stop()
	})
}

func TestAdminOrphans(t *testing.T) {
	t.Parallel()
	forEachStore(t, "", func(t *testing.T, w *world) {
		t.Helper()
		w.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
		name := "ob-" + strings.Repeat("a", 26)
		write(t, w.directory, "openbroker-data/instances/"+name+"/database.sqlite", "")
		golden(t, "admin_orphans", w.admin("orphans"))
		golden(t, "admin_orphans_json", w.admin("orphans", "-o", "json"))
		// A forgotten resource is an orphan, too. After a wrong id, the command continues
		// with the next one.
		code, stdout, stderr := w.try("forget", "nothing", "one", "neither", "-o", "json", "--reason", "x", "--actor", "ada")
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, `"nothing"`) || !strings.Contains(stderr, `"neither"`) {
			t.Errorf("exit code %d, %s", code, stderr)
		}
		golden(t, "admin_forget_json", plain(stdout))
		if found := w.list("orphans"); len(found) != 2 {
			t.Errorf("orphans: %v", found)
		}
		w.stop()
	})
}

func TestAdminErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code int
		args string
	}{
		"admin_no_command":       {2, "admin show"},
		"admin_no_store":         {1, "admin instances"},
		"admin_no_directory":     {1, "admin orphans --data elsewhere"},
		"admin_bad_store":        {2, "admin instances --store mysql:x"},
		"admin_no_reason":        {2, "admin fail one"},
		"admin_no_id":            {2, "admin fail --reason x"},
		"admin_bad_status":       {2, "admin instances --status alive"},
		"admin_bad_kind":         {2, "admin operations --kind create"},
		"admin_bad_state":        {2, "admin operations --state open"},
		"admin_bad_action":       {2, "admin audit --action delete"},
		"admin_bad_limit":        {2, "admin audit --limit 0"},
		"admin_bad_after":        {2, "admin bindings --after a/b"},
		"admin_empty_filter":     {2, "admin bindings --instance="},
		"admin_import_missing":   {1, "admin import nothing.archive"},
		"admin_import_no_file":   {2, "admin import"},
		"admin_import_other":     {1, "admin import other.txt"},
		"keyset_missing":         {1, "keyset list"},
		"keyset_bad_id":          {2, "keyset delete first"},
		"keyset_no_id":           {2, "keyset promote"},
		"keyset_no_subcommand":   {2, "keyset make"},
		"admin_argument":         {2, "admin instances one"},
		"admin_bad_postgres_url": {2, "admin instances --store postgres://u:hunter2@%zz/d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			write(t, directory, "other.txt", "text\n")
			code, stdout, stderr := command(t, directory, nil, strings.Fields(c.args)...)
			if code != c.code || stdout != "" || strings.Contains(stderr, "hunter2") {
				t.Errorf("exit code %d, standard output %q", code, stdout)
			}
			golden(t, name, strings.ReplaceAll(stderr, directory, "/directory"))
			if files := snapshot(t, directory); len(files) != 1 {
				t.Errorf("the command created %d files", len(files))
			}
		})
	}
}

func TestAdminOnPostgresWithoutSchema(t *testing.T) {
	t.Parallel()
	code, _, stderr := command(t, t.TempDir(), nil, "admin", "instances", "--store", postgres.NewDatabase(t))
	if code != 1 || !strings.Contains(stderr, `the database has no schema "openbroker" with the tables of a broker`) {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestKeysetCommands(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	run := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := command(t, directory, nil, append([]string{"keyset"}, args...)...)
		if code != 0 || stderr != "" {
			t.Fatalf("%q: exit code %d, %s", args, code, stderr)
		}
		return stdout
	}
	keys := regexp.MustCompile(`(?m)^(\d+) `)
	first := keys.FindStringSubmatch(run("list"))[1]
	added := regexp.MustCompile(`^key (\d+): added\n$`).FindStringSubmatch(run("add"))[1]
	run("promote", added)
	needed := func(args ...string) {
		t.Helper()
		code, stdout, stderr := command(t, directory, nil, append([]string{"keyset"}, args...)...)
		if code != 1 || stdout != "" || stderr != "openbroker: key "+first+" is needed by 2 records, which the broker could not decrypt without it: run openbroker keyset reseal first\n" {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
	needed("disable", first)
	await(t, "the keyset to be loaded", func() bool { return strings.Contains(p.stderr.String(), "keyset.primary="+added) })
	loaded := strings.Count(p.stderr.String(), "changed keyset in use")
	code, resealed, stderr := command(t, directory, nil, "keyset", "reseal")
	if want := "2 values encrypted again, 0 values of ended operations removed\nkey " + first + ": enabled, needed by 0 records\nkey " + added + ": enabled, primary, needed by 2 records\n"; code != 0 || resealed != want {
		t.Errorf("reseal: exit code %d, %s%s", code, resealed, stderr)
	}
	run("disable", first)
	await(t, "the keyset to be loaded", func() bool { return strings.Count(p.stderr.String(), "changed keyset in use") > loaded })
	p.expect(http.StatusOK, "GET", instance, nil)
	list := run("list", "-o", "json")
	if want := fmt.Sprintf(`{"id":%s,"status":"disabled","primary":false}`+"\n"+`{"id":%s,"status":"enabled","primary":true}`+"\n", first, added); list != want {
		t.Errorf("list %s, want %s", list, want)
	}
	run("enable", first)
	rotated := regexp.MustCompile(`^key (\d+): added, primary\n$`).FindStringSubmatch(run("rotate", "--keyset", "openbroker-data/keyset.json"))[1]
	text := run("list")
	for id, mark := range map[string]string{first: "OLD", added: "NEW", rotated: "TOP"} {
		text = regexp.MustCompile(`(?m)^`+id+` +`).ReplaceAllString(text, mark+"  ")
	}
	golden(t, "keyset_list", regexp.MustCompile(`(?m)^KEY +`).ReplaceAllString(text, "KEY  "))
	code, _, stderr = command(t, directory, nil, "keyset", "delete", first)
	if code != 1 || !strings.Contains(stderr, "disable it first") {
		t.Errorf("deleted an enabled key: %d, %s", code, stderr)
	}
	run("disable", "--force", added) // It has encrypted everything.
	run("disable", first)
	code, _, stderr = command(t, directory, nil, "keyset", "delete", added)
	if code != 1 || !strings.Contains(stderr, "is needed by 2 records") {
		t.Errorf("deleted a key that is needed: %d, %s", code, stderr)
	}
	run("enable", added)
	if code, out, stderr := command(t, directory, nil, "keyset", "reseal"); code != 0 {
		t.Errorf("reseal: %s%s", out, stderr)
	}
	run("disable", added)
	if out := run("delete", added); out != "key "+added+": deleted\n" {
		t.Errorf("deleted: %s", out)
	}
	await(t, "the rotated keyset to be loaded", func() bool { return strings.Contains(p.stderr.String(), "keyset.primary="+rotated) })
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()
}
