package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// catalogText returns a catalog of the service sqlite with some plans.
func catalogText(plans ...string) string {
	head := "services:\n  - id: " + sqlitefile.ServiceID + "\n    name: sqlite\n    description: A database.\n    bindable: true\n    plan_updateable: true\n    instances_retrievable: true\n    bindings_retrievable: true\n    plans:\n"
	return head + "      - " + strings.Join(plans, "\n      - ") + "\n"
}

const (
	smallPlan  = "{id: " + sqlitefile.SmallPlanID + ", name: small, description: A small one.}"
	customID   = "0d2c9a1e-7b64-4a57-9a53-6f1de4f6a001"
	customPlan = "{id: " + customID + ", name: custom, description: A custom one., sqlitefile: {max_bytes: 40960}}"
)

// replace replaces a file atomically.
func replace(t *testing.T, directory, name, content string) {
	t.Helper()
	if err := os.Rename(write(t, directory, name+".new", content), filepath.Join(directory, name)); err != nil {
		t.Fatal(err)
	}
}

// etag returns the version of the served catalog, and the names of its plans.
func (p *process) etag() (tag, plans string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/v2/catalog", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	request.SetBasicAuth(p.username, p.password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	var names []string
	services, _ := p.expect(http.StatusOK, "GET", "/v2/catalog", nil).body["services"].([]any)
	for _, service := range services {
		list, _ := service.(map[string]any)["plans"].([]any)
		for _, plan := range list {
			names = append(names, fmt.Sprint(plan.(map[string]any)["name"]))
		}
	}
	return response.Header.Get("ETag"), strings.Join(names, " ")
}

func (p *process) awaitPlans(want string) {
	p.t.Helper()
	await(p.t, "the plans "+want, func() bool {
		_, plans := p.etag()
		return plans == want
	})
}

func (p *process) awaitLog(want string) {
	p.t.Helper()
	await(p.t, "the log to have "+want, func() bool { return strings.Contains(p.stderr.String(), want) })
}

// withCatalog starts a process that serves the catalog file catalog.yaml.
func withCatalog(t *testing.T, directory, more string, plans ...string) *process {
	t.Helper()
	write(t, directory, "catalog.yaml", catalogText(plans...))
	config := write(t, directory, "openbroker.yaml", "data: openbroker-data\ncatalog: {file: catalog.yaml, poll_interval: 50ms"+more+"}\n")
	return serve(t, directory, nil, "--config", config)
}

func TestCatalogFile(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := withCatalog(t, directory, "", smallPlan)
	first, plans := p.etag()
	if plans != "small" || first == "" {
		t.Fatalf("plans %q, ETag %q", plans, first)
	}
	write(t, directory, "catalog.yaml", catalogText(smallPlan, customPlan)) // In place.
	p.awaitPlans("small custom")
	second, _ := p.etag()
	if second == first {
		t.Error("the ETag has not changed")
	}
	p.awaitLog(`change="the plan \"custom\" (` + customID + `) is new"`)
	p.expect(http.StatusCreated, "PUT", instance, provision(customID))
	credentials, _ := p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/b", map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": customID}).body["credentials"].(map[string]any)
	if dsn, _ := credentials["dsn"].(string); !strings.Contains(dsn, "max_page_count(10)") {
		t.Errorf("the DSN is %q", dsn)
	}

	// An error has its position, and changes nothing.
	replace(t, directory, "catalog.yaml", catalogText(smallPlan, "{id: 5, name: five}"))
	p.awaitLog("catalog.yaml:11:14: error: id must be a string")
	if stdout, stderr := ok(t, directory, "admin", "instances", "--config", "openbroker.yaml"); !strings.Contains(stdout, "custom") || !strings.Contains(stderr, "served last") {
		t.Errorf("admin prints %q, %q", stdout, stderr)
	}
	replace(t, directory, "catalog.yaml", catalogText(smallPlan, customPlan, "{id: x, name: x, description: X.}"))
	p.awaitLog("the plan \\\"x\\\" cannot be served: it has no quota")
	if tag, _ := p.etag(); tag != second {
		t.Error("a wrong catalog has changed the ETag")
	}

	// A plan in use stays until its last instance is gone.
	replace(t, directory, "catalog.yaml", catalogText(smallPlan))
	p.awaitLog("the changed catalog is refused: the former one stays")
	p.awaitLog(`at least the instance \"one\" of the platform \"default\" uses the plan ` + customID)
	if tag, _ := p.etag(); tag != second {
		t.Error("a refused catalog is served")
	}
	deleted := "?service_id=" + sqlitefile.ServiceID + "&plan_id=" + customID
	p.expect(http.StatusOK, "DELETE", instance+"/service_bindings/b"+deleted, nil)
	p.expect(http.StatusOK, "DELETE", instance+deleted, nil)
	p.awaitPlans("small")
	p.awaitLog("the catalog has changed")
	if tag, _ := p.etag(); tag == second {
		t.Error("the ETag has not changed")
	}
	if n := strings.Count(p.stderr.String(), "is refused: the former one stays"); n != 1 {
		t.Errorf("the refusal was logged %d times", n)
	}
	p.expect(http.StatusBadRequest, "PUT", instance, provision(customID))
	p.stop()
}

// The abilities of existing instances cannot be withdrawn.
func TestCatalogFileWithdrawn(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := withCatalog(t, directory, "", smallPlan, customPlan)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	before, _ := p.etag()
	replace(t, directory, "catalog.yaml", strings.Replace(catalogText(smallPlan, customPlan), "instances_retrievable: true", "instances_retrievable: false", 1))
	p.awaitLog("instances_retrievable is withdrawn")
	replace(t, directory, "catalog.yaml", catalogText(strings.Replace(smallPlan, "{", "{bindable: false, ", 1), customPlan))
	p.awaitLog("bindable is withdrawn")
	if tag, _ := p.etag(); tag != before {
		t.Error("a refused catalog is served")
	}
	// No instance has the other plan.
	replace(t, directory, "catalog.yaml", catalogText(smallPlan, strings.Replace(customPlan, "{id", "{bindable: false, id", 1)))
	await(t, "the change", func() bool {
		tag, _ := p.etag()
		return tag != before
	})
	p.stop()
}

// A valid schema that cannot validate parameters is refused, as it is at the start.
func TestCatalogFileUnusableSchema(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := withCatalog(t, directory, "", smallPlan, customPlan)
	before, _ := p.etag()
	const schemas = `{schemas: {service_instance: {create: {parameters: {$schema: "http://json-schema.org/draft-04/schema#", properties: {a: {pattern: "(?=a)b"}}}}}}, `
	replace(t, directory, "catalog.yaml", catalogText(smallPlan, strings.Replace(customPlan, "{", schemas, 1)))
	p.awaitLog("services[0].plans[1].schemas.service_instance.create.parameters: is not valid in its draft: /properties/a/pattern: the pattern is not valid in RE2")
	if tag, _ := p.etag(); tag != before {
		t.Error("a schema that cannot be used is served")
	}
	p.stop()
}

// Policies of a refused plan would prevent the next start, so the refusal mentions them.
func TestCatalogFileRefusedPolicies(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := withCatalog(t, directory, "}\npolicies: {plans: {custom: {mode: synchronous}}", smallPlan, customPlan)
	p.expect(http.StatusCreated, "PUT", instance, provision(customID))
	replace(t, directory, "catalog.yaml", catalogText(smallPlan))
	p.awaitLog("the changed catalog is refused")
	p.awaitLog("the next start will refuse them: ")
	p.awaitLog("policies.plans.custom is not a plan of the catalog")
	p.stop()
}

func TestCatalogFileAllowBreaking(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := withCatalog(t, directory, ", allow_breaking: true", smallPlan, customPlan)
	p.expect(http.StatusCreated, "PUT", instance, provision(customID))
	replace(t, directory, "catalog.yaml", catalogText(smallPlan))
	p.awaitPlans("small")
	p.awaitLog("the changed catalog breaks existing instances")
	// Existing instances can be fetched and deleted.
	p.expect(http.StatusOK, "GET", instance, nil)
	p.expect(http.StatusBadRequest, "PUT", instance+"/service_bindings/b", map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": customID})
	p.expect(http.StatusOK, "DELETE", instance+"?service_id="+sqlitefile.ServiceID+"&plan_id="+customID, nil)
	p.stop()
}

// A restart keeps the catalog that was served last, as long as instances need it.
func TestCatalogFileRestart(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := withCatalog(t, directory, "", smallPlan, customPlan)
	p.expect(http.StatusCreated, "PUT", instance, provision(customID))
	replace(t, directory, "catalog.yaml", catalogText(smallPlan))
	p.awaitLog("the changed catalog is refused")
	p.kill()
	p = withCatalog(t, directory, "", smallPlan)
	if _, plans := p.etag(); plans != "small custom" {
		t.Errorf("the broker starts with the plans %q", plans)
	}
	p.awaitLog("the changed catalog is refused")
	p.kill()
	p = withCatalog(t, directory, ", allow_breaking: true", smallPlan)
	if _, plans := p.etag(); plans != "small" {
		t.Errorf("with allow_breaking the broker starts with the plans %q", plans)
	}
	p.awaitLog("the changed catalog breaks existing instances")
	p.stop()
	// The next start keeps it.
	p = withCatalog(t, directory, "", smallPlan)
	if _, plans := p.etag(); plans != "small" {
		t.Errorf("the broker starts with the plans %q", plans)
	}
	p.expect(http.StatusOK, "DELETE", instance+"?service_id="+sqlitefile.ServiceID+"&plan_id="+customID, nil)
	p.stop()
	if info, err := os.Stat(filepath.Join(directory, "openbroker-data", "catalog.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the stored catalog has the mode %v, %v", info.Mode(), err)
	}
}

// With a broken catalog file, a broker starts with the catalog that it served last.
func TestCatalogFileBrokenAtStart(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	withCatalog(t, directory, "", smallPlan, customPlan).kill()
	p := withCatalog(t, directory, "", "{id: 5}")
	if _, plans := p.etag(); plans != "small custom" {
		t.Errorf("the broker starts with the plans %q", plans)
	}
	for _, want := range []string{"THE CATALOG FILE CANNOT BE USED", "catalog.yaml:", "level=ERROR"} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, p.stderr.String())
		}
	}
	if a := p.expect(http.StatusOK, "GET", "/readyz", nil); a.text("status") != "degraded" {
		t.Errorf("the status is %q", a.text("status"))
	}
	replace(t, directory, "catalog.yaml", strings.Replace(catalogText(smallPlan), "bindable: true", "bindable: true\n    require: [syslog_drain]", 1))
	p.awaitPlans("small")
	p.awaitLog("a field of the catalog has no effect")
	await(t, "/readyz to be ok", func() bool { a := p.request("GET", "/readyz", nil); return a.text("status") == "ok" })
	p.kill()
	// Another error still prevents the start.
	write(t, directory, "catalog.yaml", "services: {}\n")
	if err := os.Remove(filepath.Join(directory, "openbroker-data", "catalog.json")); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, directory, nil, "serve", "--config", "openbroker.yaml")
	if code == 0 || !strings.Contains(stderr, "catalog.yaml:1:1") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// The first file is compared with the catalog of the provider.
func TestCatalogFileFirst(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.LargePlanID))
	p.stop()
	p = withCatalog(t, directory, "", smallPlan)
	if _, plans := p.etag(); plans != "small large" {
		t.Errorf("the broker starts with the plans %q", plans)
	}
	p.expect(http.StatusOK, "DELETE", instance+"?service_id="+sqlitefile.ServiceID+"&plan_id="+sqlitefile.LargePlanID, nil)
	p.awaitPlans("small")
	p.stop()
}

// Each replica watches its file, and sees the instances of all.
func TestCatalogFileReplicas(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	dsn := postgres.Server(t).NewDatabase(t)
	replicas := make([]*process, 2)
	for i := range replicas {
		name := fmt.Sprintf("catalog-%d.yaml", i)
		write(t, directory, name, catalogText(smallPlan, customPlan))
		arguments := replica(t, directory, dsn, fmt.Sprintf("%dms", i))
		content, err := os.ReadFile(arguments[1])
		if err != nil {
			t.Fatal(err)
		}
		write(t, directory, filepath.Base(arguments[1]), string(content)+"catalog: {file: "+name+", poll_interval: 50ms}\n")
		replicas[i] = serve(t, directory, nil, arguments...)
		replicas[i].password = "shared"
	}
	one, two := replicas[0], replicas[1]
	one.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", provision(customID))
	replace(t, directory, "catalog-1.yaml", catalogText(smallPlan))
	two.awaitLog("the changed catalog is refused")
	two.expect(http.StatusAccepted, "DELETE", instance+"?accepts_incomplete=true&service_id="+sqlitefile.ServiceID+"&plan_id="+customID, nil)
	two.awaitPlans("small")
	if _, plans := one.etag(); plans != "small custom" {
		t.Errorf("the other replica has the plans %q", plans)
	}
	replace(t, directory, "catalog-0.yaml", catalogText(smallPlan))
	one.awaitPlans("small")
	one.stop()
	two.stop()
}

// A catalog that cannot be served is refused at the start, and by config check.
func TestCatalogFileErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ catalog, config string }{
		"catalog_missing":  {"", "catalog: {file: catalog.yaml}\n"},
		"catalog_invalid":  {catalogText(smallPlan, "{id: 5, name: five}"), "catalog: {file: catalog.yaml}\n"},
		"catalog_no_quota": {catalogText(smallPlan, "{id: x, name: x, description: X.}"), "catalog: {file: catalog.yaml}\n"},
		"catalog_lint":     {catalogText(strings.Replace(smallPlan, "{", "{maintenance_info: {version: two}, ", 1)), "catalog: {file: catalog.yaml}\n"},
		"catalog_twice":    {catalogText(smallPlan, smallPlan), "catalog: {file: catalog.yaml}\n"},
		"catalog_override": {catalogText(smallPlan), "catalog:\n  file: catalog.yaml\n  services: {sqlite: {plans: {large: {free: true}}}}\n"},
		"catalog_policy":   {catalogText(smallPlan), "catalog: {file: catalog.yaml}\npolicies:\n  plans:\n    large: {mode: synchronous}\n"},
		"catalog_schema": {
			catalogText(strings.Replace(smallPlan, "{", `{schemas: {service_binding: {create: {parameters: {$schema: "http://json-schema.org/draft-04/schema#", allOf: [{$ref: "#"}]}}}}, `, 1)),
			"catalog: {file: catalog.yaml}\n",
		},
		"catalog_alone": {"", "catalog: {allow_breaking: true}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			if c.catalog != "" {
				write(t, directory, "catalog.yaml", c.catalog)
			}
			write(t, directory, "openbroker.yaml", c.config)
			for _, args := range [][]string{{"config", "check", "openbroker.yaml"}, {"serve", "--config", "openbroker.yaml"}} {
				code, stdout, stderr := command(t, directory, nil, args...)
				if code != 1 || stdout != "" {
					t.Errorf("%q: exit code %d, standard output %q", args, code, stdout)
				}
				golden(t, name, strings.ReplaceAll(stderr, directory, "DIRECTORY"))
			}
		})
	}
	directory := t.TempDir()
	write(t, directory, "catalog.yaml", catalogText(smallPlan, customPlan))
	write(t, directory, "openbroker.yaml", "catalog: {file: catalog.yaml}\npolicies: {plans: {custom: {mode: synchronous}}}\n")
	if code, stdout, stderr := command(t, directory, nil, "config", "check", "openbroker.yaml"); code != 0 || stdout != "openbroker.yaml: ok\n" {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
}
