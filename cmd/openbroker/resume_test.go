package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/seal"
)

// slow configures a broker whose provisions never end.
const slow = `
policies: {default: {mode: asynchronous}}
provider: {sqlitefile: {directory: openbroker-data/instances, create_delay: 1h}}
shutdown: {operation_grace: 100ms}
`

const swift = "policies: {default: {mode: asynchronous}}\n"

func poll(p *process, operation string) brokerResponse {
	p.t.Helper()
	return p.expect(http.StatusOK, "GET", instance+"/last_operation?operation="+operation, nil)
}

func TestKillAndResume(t *testing.T) {
	t.Parallel()
	resume(t, func(p *process) { p.kill() })
}

func TestStopAndResume(t *testing.T) {
	t.Parallel()
	resume(t, func(p *process) { p.stop() })
}

// resume ends a process during an asynchronous provision. The next process completes the
// same operation.
func resume(t *testing.T, end func(*process)) {
	t.Helper()
	directory := t.TempDir()
	p := serve(t, directory, nil, "--config", write(t, directory, "slow.yaml", slow))
	p.expect(http.StatusUnprocessableEntity, "PUT", instance, provision(sqlitefile.SmallPlanID))
	accepted := p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID))
	operation := accepted.text("operation")
	if state := poll(p, operation).text("state"); operation == "" || state != "in progress" {
		t.Fatalf("operation %q is %q", operation, state)
	}
	end(p)

	p = serve(t, directory, nil, "--config", write(t, directory, "slow.yaml", slow))
	if again := p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID)); again.text("operation") != operation {
		t.Errorf("the operation is %q, was %q", again.text("operation"), operation)
	}
	end(p)

	p = serve(t, directory, nil, "--config", write(t, directory, "swift.yaml", swift))
	await(t, "the provision", func() bool { return poll(p, operation).text("state") == "succeeded" })
	p.expect(http.StatusOK, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID))
	databases, err := filepath.Glob(filepath.Join(directory, "openbroker-data", "instances", "ob-*", "database.sqlite"))
	if err != nil || len(databases) != 1 {
		t.Errorf("databases: %q, %v", databases, err)
	}
	p.stop()
	if left, err := os.ReadDir(filepath.Join(directory, "openbroker-data", "instances")); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A running process uses a new key, and still reads older data.
func TestRotateKey(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	keyset := filepath.Join(directory, "openbroker-data", "keyset.json")
	if _, err := seal.RotateKey(keyset); err != nil {
		t.Fatal(err)
	}
	await(t, "the new key", func() bool { return strings.Contains(p.stderr.String(), "changed keyset in use") })
	p.expect(http.StatusCreated, "PUT", "/v2/service_instances/two", provision(sqlitefile.SmallPlanID))
	other := filepath.Join(t.TempDir(), "other.json")
	if _, err := seal.Create(other); err != nil {
		t.Fatal(err)
	}
	right, err := os.ReadFile(keyset)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, keyset); err != nil {
		t.Fatal(err)
	}
	await(t, "the refusal of another keyset", func() bool { return strings.Contains(p.stderr.String(), "changed keyset refused") })
	p.expect(http.StatusOK, "GET", instance, nil)
	write(t, filepath.Dir(keyset), "keyset.json", string(right))
	p.stop()
	p = serve(t, directory, nil)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.expect(http.StatusOK, "GET", "/v2/service_instances/two", nil)
	p.stop()
}
