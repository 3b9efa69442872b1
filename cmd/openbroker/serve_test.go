package main_test

import (
	"database/sql"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite" // the driver of the databases that bindings are for

	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// provision returns the body of a request that creates an instance.
func provision(plan string) map[string]any {
	return map[string]any{
		"service_id": sqlitefile.ServiceID, "plan_id": plan,
		"organization_guid": "org", "space_guid": "space",
	}
}

func binding(parameters map[string]any) map[string]any {
	return map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.SmallPlanID, "parameters": parameters}
}

const (
	instance = "/v2/service_instances/one"
	deletion = "?service_id=" + sqlitefile.ServiceID + "&plan_id=" + sqlitefile.SmallPlanID
)

func TestFirstStart(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil)
	if !regexp.MustCompile(`^http://127\.0\.0\.1:[1-9][0-9]*$`).MatchString(p.url) {
		t.Errorf("the URL is %q", p.url)
	}
	var message []string
	await(t, "the password", func() bool { // The two outputs arrive in any order.
		message = regexp.MustCompile(`(?m)^openbroker: log in as "openbroker" with the password (\S+), which is stored in (\S+)$`).FindStringSubmatch(p.stderr.String())
		return message != nil
	})
	if message[1] != p.password || message[2] != "openbroker-data/password" || len(p.password) < 20 {
		t.Fatalf("the message about the password is %q", message)
	}
	for name, mode := range map[string]os.FileMode{"": 0o700, "password": 0o600, "keyset.json": 0o600, "openbroker.db": 0o600, "instances": 0o700} {
		info, err := os.Stat(filepath.Join(directory, "openbroker-data", name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("openbroker-data/%s has mode %v, want %v", name, info.Mode().Perm(), mode)
		}
	}
	p.expect(http.StatusOK, "GET", "/v2/catalog", nil)
	if a := p.expect(http.StatusOK, "GET", "/readyz", nil); a.text("status") != "ok" {
		t.Errorf("readiness: %v", a.body)
	}
	first := p.password
	p.password = "wrong"
	p.expect(http.StatusUnauthorized, "GET", "/v2/catalog", nil)
	p.stop()

	p = serve(t, directory, nil)
	await(t, "the place of the password", func() bool {
		return strings.Contains(p.stderr.String(), "openbroker: log in as \"openbroker\" with the password in openbroker-data/password\n")
	})
	if p.password != first || strings.Contains(p.stderr.String(), first) {
		t.Errorf("the second start wrote\n%s", p.stderr)
	}
	p.expect(http.StatusOK, "GET", "/v2/catalog", nil)
	p.stop()
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	withParameters := provision(sqlitefile.SmallPlanID)
	withParameters["parameters"] = map[string]any{"pages": 1}
	if a := p.expect(http.StatusBadRequest, "PUT", instance, withParameters); a.text("description") != "parameters: 1 violation: /pages: is unknown: there are no properties here" {
		t.Errorf("unknown parameter: %v", a.body)
	}
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.expect(http.StatusOK, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.expect(http.StatusConflict, "PUT", instance, provision(sqlitefile.LargePlanID))
	if a := p.expect(http.StatusOK, "GET", instance, nil); a.text("plan_id") != sqlitefile.SmallPlanID {
		t.Errorf("instance: %v", a.body)
	}

	rw, _ := p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/rw", binding(map[string]any{})).body["credentials"].(map[string]any)
	ro, _ := p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/ro", binding(map[string]any{"mode": "ro"})).body["credentials"].(map[string]any)
	again, _ := p.expect(http.StatusOK, "PUT", instance+"/service_bindings/rw", binding(map[string]any{})).body["credentials"].(map[string]any)
	if rw["mode"] != "rw" || ro["mode"] != "ro" || !maps.Equal(rw, again) {
		t.Fatalf("credentials: %v, %v, %v", rw, ro, again)
	}
	wrong := binding(map[string]any{"mode": "hunter2", "more": 1})
	if a := p.expect(http.StatusBadRequest, "PUT", instance+"/service_bindings/wrong", wrong); a.text("description") != `parameters: 2 violations: /mode: must be "rw" or "ro"; /more: is unknown: the properties here are mode` {
		t.Errorf("wrong mode: %v", a.body)
	}
	// A request without plan_id is validated, too: the engine knows the plan.
	if a := p.expect(http.StatusBadRequest, "PATCH", instance, map[string]any{"service_id": sqlitefile.ServiceID, "parameters": map[string]any{"pages": 1}}); !strings.HasPrefix(a.text("description"), "parameters: 1 violation: /pages: ") {
		t.Errorf("update: %v", a.body)
	}
	execute(t, rw["dsn"], "CREATE TABLE t AS SELECT 42 AS x", true)
	execute(t, ro["dsn"], "INSERT INTO t VALUES (1)", false)
	execute(t, rw["dsn"], "INSERT INTO t VALUES (zeroblob(3000000))", false)

	p.expect(http.StatusOK, "PATCH", instance, map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.LargePlanID})
	large, _ := p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/large", map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.LargePlanID}).body["credentials"].(map[string]any)
	execute(t, large["dsn"], "INSERT INTO t VALUES (zeroblob(3000000))", true)
	if a := p.expect(http.StatusUnprocessableEntity, "PATCH", instance, map[string]any{"service_id": sqlitefile.ServiceID, "plan_id": sqlitefile.SmallPlanID}); a.text("error") != "PlanQuotaExceeded" || a.body["instance_usable"] != true {
		t.Errorf("downgrade: %v", a.body)
	}

	p.expect(http.StatusOK, "DELETE", instance+"/service_bindings/rw"+deletion, nil)
	p.expect(http.StatusGone, "DELETE", instance+"/service_bindings/rw"+deletion, nil)
	execute(t, rw["dsn"], "SELECT x FROM t", false)
	execute(t, ro["dsn"], "SELECT x FROM t", true)
	p.expect(http.StatusOK, "DELETE", instance+deletion, nil)
	p.expect(http.StatusGone, "DELETE", instance+deletion, nil)
	if entries, err := os.ReadDir(filepath.Join(p.cmd.Dir, "openbroker-data", "instances")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	p.stop()
	for _, secret := range []string{p.password, rw["path"].(string)} {
		if log, _, _ := strings.Cut(p.stderr.String(), "which is stored"); strings.Contains(strings.TrimPrefix(p.stderr.String(), log), secret) {
			t.Error("the log has a secret")
		}
	}
}

// Without validation, the provider checks the parameters.
func TestWithoutValidation(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", "api: {skip_parameter_validation: true}\n"))
	withParameters := provision(sqlitefile.SmallPlanID)
	withParameters["parameters"] = map[string]any{"pages": 1}
	if a := p.expect(http.StatusBadRequest, "PUT", instance, withParameters); !strings.HasPrefix(a.text("description"), `parameters."pages" is unknown`) {
		t.Errorf("unknown parameter: %v", a.body)
	}
	p.stop()
}

// execute runs a query with the DSN of a binding.
func execute(t *testing.T, dsn any, query string, succeeds bool) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn.(string))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query); (err == nil) != succeeds {
		t.Errorf("%s: %v", query, err)
	}
}

func TestEnvironmentOverrides(t *testing.T) {
	t.Parallel()
	configured := "auth: {basic: [{username: configured, password: secret, platform: cf}]}\n"
	for name, c := range map[string]struct {
		config      string
		environment []string
		username    string
		password    string
		// generated means that the broker generates a password.
		generated bool
	}{
		"both":                   {"", []string{"OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p"}, "u", "p", false},
		"password":               {"", []string{"OPENBROKER_PASSWORD=p"}, "openbroker", "p", false},
		"username":               {"", []string{"OPENBROKER_USERNAME=u"}, "u", "", true},
		"empty":                  {"", []string{"OPENBROKER_USERNAME=", "OPENBROKER_PASSWORD="}, "openbroker", "", true},
		"configured":             {configured, nil, "configured", "secret", false},
		"over configuration":     {configured, []string{"OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p"}, "u", "p", false},
		"over no authentication": {"auth: {none: true}\n", []string{"OPENBROKER_PASSWORD=p"}, "openbroker", "p", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			args := []string{}
			if c.config != "" {
				args = append(args, "--config", write(t, directory, "etc/openbroker.yaml", c.config))
			}
			p := serve(t, directory, c.environment, args...)
			if (p.password != "") != c.generated {
				t.Errorf("generated: %v", p.password != "")
			}
			p.username = c.username
			if !c.generated {
				p.password = c.password
			}
			p.expect(http.StatusOK, "GET", "/v2/catalog", nil)
			for _, wrong := range [][2]string{{"configured", "secret"}, {"openbroker", "secret"}, {c.username, "wrong"}} {
				if wrong[0] == c.username && wrong[1] == c.password {
					continue
				}
				p.username, p.password = wrong[0], wrong[1]
				p.expect(http.StatusUnauthorized, "GET", "/v2/catalog", nil)
			}
			p.stop()
		})
	}
}

// The override sees the instances of the credentials that it replaces.
func TestEnvironmentKeepsPlatform(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := write(t, directory, "openbroker.yaml", "auth: {basic: [{username: a, password: b, platform: cf}, {username: c, password: d, platform: cf}]}\n")
	p := serve(t, directory, nil, "--config", file)
	p.username, p.password = "a", "b"
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.stop()
	p = serve(t, directory, []string{"OPENBROKER_USERNAME=e", "OPENBROKER_PASSWORD=f"}, "--config", file)
	p.username, p.password = "e", "f"
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	p.signal(syscall.SIGINT)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestDataAndStoreFlags(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := write(t, directory, "etc/openbroker.yaml", "store: sqlite:ignored.db\ndata: ignored\n")
	p := serve(t, directory, []string{"OPENBROKER_PASSWORD=p"}, "--config", file, "--data", "elsewhere", "--store", "sqlite:records/a.db")
	p.password = "p"
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.stop()
	for name, there := range map[string]bool{
		"records/a.db": true, "elsewhere/keyset.json": true, "elsewhere/instances": true,
		"elsewhere/openbroker.db": false, "elsewhere/password": false, "etc/ignored": false, "etc/ignored.db": false, "openbroker-data": false,
	} {
		if _, err := os.Stat(filepath.Join(directory, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}
