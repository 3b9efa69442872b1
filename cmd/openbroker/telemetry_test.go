package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/openbroker/openbroker/provider/sqlitefile"
)

const measured = "telemetry: {listen: 127.0.0.1:0, count_interval: 50ms}\n"

var metricsURL = regexp.MustCompile(`msg="serving metrics" url=(http://\S+)/metrics`)

// telemetryURL returns the URL of the listener for metrics and probes, from the log.
func (p *process) telemetryURL() string {
	p.t.Helper()
	found := metricsURL.FindStringSubmatch(p.stderr.String())
	if found == nil {
		p.t.Fatalf("the log does not say where the metrics are:\n%s", p.stderr)
	}
	return found[1]
}

// get reads a page without a login.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// scrape reads the metrics until they have each of the lines, which may lack the value.
func (p *process) scrape(lines ...string) string {
	p.t.Helper()
	var page string
	var missing []string
	await(p.t, "the metrics", func() bool {
		var status int
		if status, page = get(p.t, p.telemetryURL()+"/metrics"); status != http.StatusOK {
			p.t.Fatalf("status %d", status)
		}
		missing = slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.Contains("\n"+page, "\n"+line) })
		return len(missing) == 0
	})
	return page
}

// promtool checks a page of metrics as Prometheus' linter does.
func promtool(t *testing.T, input string, args ...string) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatalf("%v: run make tools, which installs what the tests need", err)
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Stdin = strings.NewReader(input)
	if output, err := command.CombinedOutput(); err != nil || len(output) > 0 && input != "" {
		t.Errorf("promtool %q: %v\n%s", args, err, output)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", measured))
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.expect(http.StatusOK, "PATCH", instance, map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.LargePlanID})
	p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/b", map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.LargePlanID})
	p.expect(http.StatusNotFound, "GET", "/nowhere", nil)
	login := p.password
	p.password = "wrong"
	p.expect(http.StatusUnauthorized, "GET", "/v2/catalog", nil)
	p.password = login
	page := p.scrape(
		`http_server_request_duration_seconds_bucket{http_request_method="PUT",http_response_status_code="201",http_route="/v2/service_instances/{instance_id}",le="60"} 1`,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404"} 1`,
		`openbroker_authentication_failures_total 1`,
		`openbroker_operation_duration_seconds_bucket{kind="provision",outcome="succeeded",service="sqlite",le="1"} `,
		`openbroker_operation_duration_seconds_bucket{kind="provision",outcome="succeeded",service="sqlite",le="604800"} 1`,
		`openbroker_operation_queue_duration_seconds_count{kind="bind",service="sqlite"} 1`,
		`openbroker_operation_attempt_duration_seconds_count{kind="update",outcome="succeeded",service="sqlite"} 1`,
		`openbroker_operations_finished_total{kind="provision",outcome="succeeded",plan="small",service="sqlite"} 1`,
		`openbroker_operations{kind="provision",state="active"} 0`,
		`openbroker_operation_oldest_age_seconds{kind="deprovision"} 0`,
		`openbroker_instances{plan="large",service="sqlite",status="ready"} 1`,
		`openbroker_bindings{plan="large",service="sqlite",status="ready"} 1`,
		`openbroker_workers 128`,
		`openbroker_workers_busy 0`,
		`openbroker_leases_lost_total 0`,
		`openbroker_store_duration_seconds_count{method="accept",outcome="ok"} 3`,
		`openbroker_catalog_info{revision="`,
		`openbroker_build_info{go_version="go1`,
		`target_info{`,
	)
	promtool(t, page, "check", "metrics")
	checkNames(t, page)
	for _, id := range []string{sqlitefile.ServiceID, sqlitefile.SmallPlanID, strings.TrimPrefix(instance, "/v2/service_instances/") + `"`, "otel_scope"} {
		if strings.Contains(page, id) {
			t.Errorf("the metrics contain %q", id)
		}
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 404, "/v2/catalog": 404} {
		if status, body := get(t, p.telemetryURL()+path); status != want {
			t.Errorf("GET %s: %d %s", path, status, body)
		}
	}
	p.stop()
}

var metricName = regexp.MustCompile(`\b(?:openbroker|http_server|process)_[a-z_]+`)

// checkNames checks that the alerts, the dashboard and the manual name metrics that
// exist, and that the manual has all of openbroker.
func checkNames(t *testing.T, page string) {
	t.Helper()
	exist := map[string]bool{}
	for line := range strings.Lines(page) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[1] == "TYPE" {
			exist[fields[2]] = true
		}
	}
	for _, file := range []string{"deploy/prometheus/openbroker.rules.yml", "deploy/grafana/openbroker.json", "docs/telemetry.md"} {
		content, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(content), -1) {
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if base := strings.TrimSuffix(name, suffix); exist[base] {
					name = base
				}
			}
			if !exist[name] && name != "process_" {
				t.Errorf("%s names %s, which does not exist", file, name)
			}
		}
		if strings.HasSuffix(file, ".json") && !json.Valid(content) {
			t.Errorf("%s is not valid", file)
		}
		for name := range exist {
			if strings.HasSuffix(file, ".md") && strings.HasPrefix(name, "openbroker_") && !strings.Contains(string(content), name) {
				t.Errorf("%s does not explain %s", file, name)
			}
		}
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	rules := filepath.Join("..", "..", "deploy", "prometheus", "openbroker.rules")
	promtool(t, "", "check", "rules", rules+".yml")
	promtool(t, "", "test", "rules", rules+".test.yml")
}

// An operation that does not end shows by its age.
func TestStuckOperationShows(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", slow+measured))
	p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", provision(sqlitefile.SmallPlanID))
	p.scrape(`openbroker_operations{kind="provision",state="active"} 1`, `openbroker_workers_busy 1`,
		`openbroker_instances{plan="small",service="sqlite",status="creating"} 1`)
	age := regexp.MustCompile(`(?m)^openbroker_operation_oldest_age_seconds\{kind="provision"\} [1-9]`)
	await(t, "the age of the operation", func() bool { return age.MatchString(p.scrape()) })
	p.kill()
}

// TestSeries: the number of series depends on the catalog, and not on how many requests
// and operations there were.
func TestSeries(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	const plans = 20
	var catalog strings.Builder
	catalog.WriteString("services:\n- id: many-plans\n  name: many-plans\n  description: Twenty plans.\n  bindable: true\n  plans:\n")
	for i := range plans {
		fmt.Fprintf(&catalog, "  - {id: plan-id-%d, name: plan-%[1]d, description: A plan., sqlitefile: {max_bytes: 1048576}}\n", i)
	}
	write(t, directory, "catalog.yaml", catalog.String())
	p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", "catalog: {file: catalog.yaml}\n"+measured))
	made := 0
	round := func() int {
		for i := range plans {
			made++
			body := map[string]any{"service_id": "many-plans", "plan_id": fmt.Sprintf("plan-id-%d", i), "organization_guid": uuid.NewString(), "space_guid": uuid.NewString()}
			path := "/v2/service_instances/" + uuid.NewString()
			p.expect(http.StatusCreated, "PUT", path, body)
			p.expect(http.StatusCreated, "PUT", path+"/service_bindings/"+uuid.NewString(), body)
			p.expect(http.StatusNotFound, "GET", "/"+uuid.NewString(), nil)
			p.request("X"+strings.ToUpper(uuid.NewString()[:4]), path, nil)
		}
		page := p.scrape(fmt.Sprintf(`openbroker_instances{plan="plan-%d",service="many-plans",status="ready"} %d`, plans-1, made/plans),
			fmt.Sprintf(`openbroker_operations_finished_total{kind="bind",outcome="succeeded",plan="plan-0",service="many-plans"} %d`, made/plans))
		series := 0
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, "openbroker_") && !strings.HasPrefix(line, "openbroker_store_") || strings.HasPrefix(line, "http_") {
				series++
			}
		}
		return series
	}
	first := round()
	if again := round(); again != first {
		t.Errorf("%d series after one round, %d after two", first, again)
	}
	const limit = 300
	if first > limit {
		t.Errorf("%d series for %d plans", first, plans)
	}
	t.Logf("%d series for %d plans", first, plans)
	p.stop()
}
