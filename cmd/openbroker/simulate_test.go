package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/simulator"
)

// simulate starts `openbroker simulate` on a free port.
func simulate(t *testing.T, directory string, environment []string, args ...string) *process {
	t.Helper()
	p := listen(t, directory, environment, append([]string{"simulate", "--listen", "127.0.0.1:0"}, args...)...)
	p.username, p.password = "openbroker", "openbroker"
	return p
}

func simulated(planID string, parameters map[string]any) map[string]any {
	return map[string]any{
		"service_id": simulator.ServiceID, "plan_id": planID, "organization_guid": "o", "space_guid": "s", "parameters": parameters,
	}
}

// Without a store, nothing is left after the stop.
func TestSimulate(t *testing.T) {
	t.Parallel()
	directory, temporary := t.TempDir(), t.TempDir()
	p := simulate(t, directory, []string{"TMPDIR=" + temporary})
	await(t, "the credentials", func() bool {
		return strings.Contains(p.stderr.String(), "openbroker: log in as \"openbroker\" with the password \"openbroker\"\n")
	})
	p.expect(http.StatusOK, "GET", "/readyz", nil)
	p.expect(http.StatusCreated, "PUT", instance, simulated(simulator.SyncPlanID, nil))
	p.expect(http.StatusOK, "PUT", "/control/faults", map[string]any{"faults": []any{map[string]any{"on": "get_instance", "status": 418}}})
	p.expect(http.StatusTeapot, "GET", instance, nil)
	if requests, _ := p.expect(http.StatusOK, "GET", "/control/requests", nil).body["requests"].([]any); len(requests) != 2 {
		t.Errorf("recorded %v", requests)
	}
	if files, err := os.ReadDir(temporary); err != nil || len(files) != 1 {
		t.Errorf("while it runs: %v, %v", files, err)
	}
	p.expect(http.StatusAccepted, "PUT", "/v2/service_instances/slow?accepts_incomplete=true",
		simulated(simulator.AsyncPlanID, map[string]any{"delay": "1h"}))
	p.stop()
	for _, place := range []string{directory, temporary} {
		if files, err := os.ReadDir(place); err != nil || len(files) > 0 {
			t.Errorf("left behind: %v, %v", files, err)
		}
	}
}

// With a store, the simulator continues after kill -9: with the operation, and with its
// counters. It needs no other file.
func TestSimulateKillAndResume(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	store := []string{"--store", "sqlite:" + filepath.Join(directory, "simulator.db")}
	p := simulate(t, directory, nil, store...)
	delayed := simulated(simulator.AsyncPlanID, map[string]any{"delay": "2s"})
	operation := p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", delayed).text("operation")
	if state := poll(p, operation).text("state"); state != "in progress" {
		t.Errorf("the operation is %q", state)
	}
	faulty := simulated(simulator.SyncPlanID, map[string]any{"fault": map[string]any{"status": 503, "times": 2}})
	p.expect(http.StatusServiceUnavailable, "PUT", "/v2/service_instances/faulty", faulty)
	p.kill()

	p = simulate(t, t.TempDir(), nil, store...)
	await(t, "the provision", func() bool { return poll(p, operation).text("state") == "succeeded" })
	p.expect(http.StatusOK, "PUT", instance+"?accepts_incomplete=true", delayed)
	p.expect(http.StatusServiceUnavailable, "PUT", "/v2/service_instances/faulty", faulty)
	p.expect(http.StatusCreated, "PUT", "/v2/service_instances/faulty", faulty)
	p.stop()
}

// Two replicas on one database need only its URL.
func TestSimulateReplicas(t *testing.T) {
	t.Parallel()
	dsn := postgres.Server(t).NewDatabase(t)
	one, two := simulate(t, t.TempDir(), nil, "--store", dsn), simulate(t, t.TempDir(), nil, "--store", dsn)
	operation := one.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true",
		simulated(simulator.AsyncPlanID, map[string]any{"delay": "1s"})).text("operation")
	if state := poll(two, operation).text("state"); state != "in progress" {
		t.Errorf("the other replica reports %q", state)
	}
	faulty := simulated(simulator.SyncPlanID, map[string]any{"fault": map[string]any{"status": 503, "times": 2}})
	one.expect(http.StatusServiceUnavailable, "PUT", "/v2/service_instances/faulty", faulty)
	two.expect(http.StatusServiceUnavailable, "PUT", "/v2/service_instances/faulty", faulty)
	one.expect(http.StatusCreated, "PUT", "/v2/service_instances/faulty", faulty)
	one.stop()
	await(t, "the other replica to complete the provision", func() bool { return poll(two, operation).text("state") == "succeeded" })
	two.expect(http.StatusOK, "GET", "/v2/service_instances/faulty", nil)
	two.stop()
}

func TestSimulateCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environment, args  []string
		username, password string
	}{
		"flags":       {nil, []string{"--username", "u", "--password", "p"}, "u", "p"},
		"environment": {[]string{"OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p"}, nil, "u", "p"},
		"both":        {[]string{"OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p"}, []string{"--password", "q"}, "u", "q"},
		"password":    {[]string{"OPENBROKER_PASSWORD=p"}, nil, "openbroker", "p"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := simulate(t, t.TempDir(), c.environment, c.args...)
			for _, path := range []string{"/v2/catalog", "/control"} {
				p.username, p.password = "openbroker", "openbroker"
				p.expect(http.StatusUnauthorized, "GET", path, nil)
				p.username, p.password = c.username, c.password
				p.expect(http.StatusOK, "GET", path, nil)
			}
			if strings.Contains(p.stderr.String(), "log in as") {
				t.Errorf("the output mentions the password: %s", p.stderr)
			}
			p.stop()
		})
	}
}

// A missing version is answered with 400, or with the status of the flag.
func TestSimulateMissingVersion(t *testing.T) {
	t.Parallel()
	for want, args := range map[int][]string{400: nil, 412: {"--missing-version-status", "412"}} {
		p := simulate(t, t.TempDir(), nil, args...)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/v2/catalog", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(p.username, p.password)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%v: got %d", args, response.StatusCode)
		}
		p.expect(http.StatusOK, "GET", "/v2/catalog", nil)
		p.stop()
	}
}

// The simulator and a real broker do not share a store.
func TestSimulateOnStoreOfServe(t *testing.T) {
	t.Parallel()
	directory := used(t)
	store := "sqlite:" + filepath.Join(directory, "openbroker-data", "openbroker.db")
	code, stdout, stderr := command(t, directory, nil, "simulate", "--listen", "127.0.0.1:0", "--password", "p", "--store", store)
	if code != 1 || stdout != "" || stderr != "openbroker: the store belongs to openbroker serve: choose another one; nothing was changed\n" {
		t.Errorf("exit code %d, standard output %q, standard error\n%s", code, stdout, stderr)
	}
	p := serve(t, directory, nil)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()

	store = "sqlite:" + filepath.Join(directory, "simulator.db")
	p = simulate(t, directory, nil, "--store", store)
	p.expect(http.StatusCreated, "PUT", instance, simulated(simulator.SyncPlanID, nil))
	p.stop()
	code, stdout, stderr = command(t, t.TempDir(), nil, "serve", "--listen", "127.0.0.1:0", "--store", store)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "keyset.json does not exist: restore it") {
		t.Errorf("exit code %d, standard output %q, standard error\n%s", code, stdout, stderr)
	}
	p = simulate(t, directory, nil, "--store", store)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()
}
