package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/simulator"
)

// TestServeUpstream puts serve in front of a simulator, stops the simulator and starts it
// again.
func TestServeUpstream(t *testing.T) {
	t.Parallel()
	behind := simulate(t, t.TempDir(), nil)
	directory := t.TempDir()
	file := filepath.Join(directory, "openbroker.yaml")
	text := "listen: 127.0.0.1:0\nauth:\n  basic:\n    - {username: openbroker, password: in front}\n" +
		"upstream: {url: '" + behind.url + "', username: openbroker, password: '${env:BEHIND}', catalog_max_age: 1ms}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	front := listen(t, directory, []string{"BEHIND=openbroker"}, "serve", "--config", file)
	front.username, front.password = "openbroker", "in front"
	front.expect(http.StatusOK, "GET", "/v2/catalog", nil)
	front.expect(http.StatusCreated, "PUT", "/v2/service_instances/one", simulated(simulator.SyncPlanID, nil))
	behind.expect(http.StatusOK, "GET", "/v2/service_instances/one", nil)
	front.expect(http.StatusOK, "GET", "/readyz", nil)
	front.expect(http.StatusBadRequest, "PUT", "/v2/service_instances/two", simulated("no such plan", nil))
	front.expect(http.StatusOK, "DELETE", "/v2/service_instances/one?service_id="+simulator.ServiceID+"&plan_id="+simulator.SyncPlanID, nil)

	behind.stop()
	front.expect(http.StatusServiceUnavailable, "PUT", "/v2/service_instances/three", simulated(simulator.SyncPlanID, nil))
	front.expect(http.StatusServiceUnavailable, "GET", "/readyz", nil)
	front.expect(http.StatusOK, "GET", "/v2/catalog", nil)

	if stdout, stderr, code := (&cli{t, []string{"PATH=" + os.Getenv("PATH"), "BEHIND=x"}}).run("admin", "operations", "--config", file); code == 0 || !strings.Contains(stderr, "passes calls on") {
		t.Errorf("admin: %d\n%s%s", code, stdout, stderr)
	}
	front.stop()
	if strings.Contains(front.stderr.String(), "BEHIND") || strings.Contains(front.stderr.String(), "in front") {
		t.Error("the log has a password")
	}
}
