package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A kitService is a service of examples/kit.
type kitService struct{ name, service, plan string }

var kitServices = []kitService{
	{"database", "4d7a0f5e-6c1b-4a52-9f3d-8a1b2c3d4e51", "4d7a0f5e-6c1b-4a52-9f3d-8a1b2c3d4e52"},
	{"note", "4d7a0f5e-6c1b-4a52-9f3d-8a1b2c3d4e61", "4d7a0f5e-6c1b-4a52-9f3d-8a1b2c3d4e62"},
	{"folder", "4d7a0f5e-6c1b-4a52-9f3d-8a1b2c3d4e71", "4d7a0f5e-6c1b-4a52-9f3d-8a1b2c3d4e72"},
}

func (k kitService) body() map[string]any {
	return map[string]any{"service_id": k.service, "plan_id": k.plan, "organization_guid": "o", "space_guid": "s"}
}

// One process serves sqlitefile, a program and an HTTP server from one file. kill -9 in a
// provision of each one, and in those of all, leads to one resource for each instance,
// under the same operation. Deletions leave nothing behind.
func TestKit(t *testing.T) {
	t.Parallel()
	directory, r := t.TempDir(), startReceiver(t, pythonReceiver(t))
	for _, name := range []string{"openbroker.yaml", "catalog.yaml", "notes.py"} {
		content, err := os.ReadFile(filepath.Join("../../examples/kit", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("http://127.0.0.1:9000/", r.url, "create_delay: 3s", "create_delay: 5s", "seconds: 3", "seconds: 5").Replace(string(content))
		if name == "openbroker.yaml" {
			text += "engine: {lease: 4s}\n" // The next process resumes operations after it.
			// The provisions still run when all have been accepted.
			text += "policies: {default: {sync_wait: 100ms}}\n"
		}
		write(t, directory, name, text)
	}
	environment := []string{"WEBHOOK_SECRET=" + webhookSecret, "OPENBROKER_USERNAME=openbroker", "OPENBROKER_PASSWORD=secret"}
	start := func() *process {
		p := serve(t, directory, environment, "--config", "openbroker.yaml")
		p.username, p.password = "openbroker", "secret"
		return p
	}
	resources := func(kind string) int {
		t.Helper()
		pattern := map[string]string{
			"database": filepath.Join(directory, "data", "instances-databases", "*"), "note": filepath.Join(directory, "notes", "*"), "folder": filepath.Join(r.folders, "*"),
		}[kind]
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	p := start()
	// provision begins provisions, kills the broker and waits for their ends.
	provision := func(id string, services ...kitService) {
		t.Helper()
		operations := map[string]string{}
		for _, k := range services {
			operations[k.name] = p.expect(http.StatusAccepted, "PUT", "/v2/service_instances/"+id+"-"+k.name+"?accepts_incomplete=true", k.body()).text("operation")
		}
		for _, k := range services {
			if state := p.expect(http.StatusOK, "GET", "/v2/service_instances/"+id+"-"+k.name+"/last_operation?operation="+operations[k.name], nil).text("state"); state != "in progress" {
				t.Errorf("the provision of a %s is %q before the kill", k.name, state)
			}
		}
		p.kill()
		p = start()
		for _, k := range services {
			at := "/v2/service_instances/" + id + "-" + k.name
			await(t, "the "+k.name, func() bool {
				return p.expect(http.StatusOK, "GET", at+"/last_operation?operation="+operations[k.name], nil).text("state") == "succeeded"
			})
			p.expect(http.StatusOK, "PUT", at+"?accepts_incomplete=true", k.body())
		}
	}
	for i, k := range kitServices {
		provision("one", k)
		for j, other := range kitServices {
			if want := map[bool]int{true: 1, false: 0}[j <= i]; resources(other.name) != want {
				t.Errorf("after the provision of a %s there are %d of %s, want %d", k.name, resources(other.name), other.name, want)
			}
		}
	}
	provision("all", kitServices...)
	for _, k := range kitServices {
		if resources(k.name) != 2 {
			t.Errorf("there are %d of %s", resources(k.name), k.name)
		}
		for _, id := range []string{"one-", "all-"} {
			at := "/v2/service_instances/" + id + k.name
			if bound := p.expect(http.StatusCreated, "PUT", at+"/service_bindings/b", k.body()); len(bound.body) == 0 {
				t.Errorf("the binding is %v", bound.body)
			}
			p.expect(http.StatusOK, "DELETE", at+"?service_id="+k.service+"&plan_id="+k.plan, nil)
		}
		if resources(k.name) != 0 {
			t.Errorf("left behind: %d of %s", resources(k.name), k.name)
		}
	}
	p.stop()
	for _, args := range [][]string{{"config", "check", "openbroker.yaml"}, {"lint", "--strict", "--config", "openbroker.yaml"}} {
		if code, stdout, stderr := command(t, directory, environment, args...); code != 0 || stderr != "" || !strings.Contains(stdout, "ok") {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
}
