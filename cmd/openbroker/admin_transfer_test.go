package main_test

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/archive"
	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/seal"
)

// ok runs a command, which must succeed, and returns its output.
func ok(t *testing.T, directory string, args ...string) (stdout, stderr string) {
	t.Helper()
	code, stdout, stderr := command(t, directory, nil, args...)
	if code != 0 {
		t.Fatalf("%q: exit code %d, %s", args, code, stderr)
	}
	return stdout, stderr
}

// fails runs a command, which must fail with a message.
func fails(t *testing.T, directory, want string, args ...string) {
	t.Helper()
	code, stdout, stderr := command(t, directory, nil, args...)
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("%q: exit code %d, standard output %q, standard error %q, want %q", args, code, stdout, stderr, want)
	}
}

// From SQLite to PostgreSQL and back nothing is lost: the credentials are the same, and
// another export is identical.
func TestMove(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	config := write(t, directory, "openbroker.yaml", "data: openbroker-data\npolicies: {plans: {large: {mode: asynchronous}}}\n")
	p := serve(t, directory, nil, "--config", config)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/rw", binding(nil))
	p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/gone", binding(nil))
	p.expect(http.StatusOK, "DELETE", instance+"/service_bindings/gone"+deletion, nil)
	p.expect(http.StatusCreated, "PUT", "/v2/service_instances/forgotten", provision(sqlitefile.SmallPlanID))
	ok(t, directory, "admin", "forget", "forgotten", "--reason", "to have an audit trail")
	credentials := func(p *process, id string) map[string]any {
		t.Helper()
		c, _ := p.expect(http.StatusOK, "GET", instance+"/service_bindings/"+id, nil).body["credentials"].(map[string]any)
		return c
	}
	rw := credentials(p, "rw")
	fails(t, directory, "the broker is running: stop it", "admin", "export", "refused")
	ok(t, directory, "admin", "export", "forced", "--force")
	p.stop()

	_, message := ok(t, directory, "admin", "export", "first")
	if want := "openbroker: exported 1 instances, 2 bindings, 4 operations, 7 other entries of the audit trail and 3 settings; keep the keyset: the export cannot be decrypted without it\n"; message != want {
		t.Errorf("the command printed %q, want %q", message, want)
	}
	first := readFile(t, directory, "first")
	if recordsOf(first) != recordsOf(readFile(t, directory, "forced")) {
		t.Error("the export of the running broker differs")
	}
	for _, secret := range []string{rw["path"].(string), rw["dsn"].(string)} {
		if strings.Contains(first, secret) {
			t.Error("the export has credentials")
		}
	}
	if info, err := os.Stat(filepath.Join(directory, "first")); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file has the mode %v, %v", info.Mode(), err)
	}
	fails(t, directory, "first exists: remove it", "admin", "export", "first")
	if _, err := os.Stat(filepath.Join(directory, "refused")); !os.IsNotExist(err) {
		t.Errorf("a refused export left a file: %v", err)
	}

	// To PostgreSQL.
	dsn := postgres.NewDatabase(t)
	_, message = ok(t, directory, "admin", "import", "first", "--store", dsn)
	if !strings.HasSuffix(message, "; the keyset matches\n") {
		t.Errorf("the command printed %q", message)
	}
	if again, _ := ok(t, directory, "admin", "export", "--store", dsn); recordsOf(again) != recordsOf(first) {
		t.Errorf("PostgreSQL exports\n%s\nSQLite exported\n%s", again, first)
	}
	fails(t, directory, "the store is not empty: import into a new database", "admin", "import", "first", "--store", dsn)
	p = serve(t, directory, nil, "--config", config, "--store", dsn)
	if c := credentials(p, "rw"); !maps.Equal(c, rw) {
		t.Errorf("credentials %v, want %v", c, rw)
	}
	p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/new", binding(nil))
	p.expect(http.StatusAccepted, "PUT", "/v2/service_instances/two?accepts_incomplete=true", provision(sqlitefile.LargePlanID))
	await(t, "the provision", func() bool {
		return p.expect(http.StatusOK, "GET", "/v2/service_instances/two/last_operation", nil).text("state") == "succeeded"
	})
	fresh := credentials(p, "new")
	p.stop()

	// And back, into a new file.
	ok(t, directory, "admin", "export", "second", "--store", dsn)
	ok(t, directory, "admin", "import", "second", "--store", "sqlite:moved/broker.db", "--reason", "the old server ends")
	if trail, _ := ok(t, directory, "admin", "audit", "--action", "export,import", "-o", "csv", "--store", "sqlite:moved/broker.db"); strings.Count(trail, ",import,") != 2 ||
		strings.Count(trail, ",export,") != 2 || !strings.Contains(trail, ",from second: the old server ends\n") {
		t.Errorf("the audit trail of the moves is\n%s", trail)
	}
	if verified, _ := ok(t, directory, "admin", "audit", "verify", "--store", "sqlite:moved/broker.db"); !strings.HasPrefix(verified, "ok: ") {
		t.Error(verified)
	}
	if again, _ := ok(t, directory, "admin", "export", "--store", "sqlite:moved/broker.db"); recordsOf(again) != recordsOf(readFile(t, directory, "second")) {
		t.Error("the exports of SQLite and PostgreSQL differ")
	}
	p = serve(t, directory, nil, "--config", config, "--store", "sqlite:moved/broker.db")
	for id, want := range map[string]map[string]any{"rw": rw, "new": fresh} {
		if c := credentials(p, id); !maps.Equal(c, want) {
			t.Errorf("credentials of %s: %v, want %v", id, c, want)
		}
	}
	p.expect(http.StatusOK, "DELETE", instance+"/service_bindings/rw"+deletion, nil)
	p.expect(http.StatusOK, "DELETE", instance+deletion, nil)
	p.stop()
	fails(t, directory, "the store is not empty", "admin", "import", "second", "--store", "sqlite:moved/broker.db")
}

// recordsOf returns an export without the entries for exports and imports, and without
// what depends on them.
func recordsOf(export string) string {
	var kept strings.Builder
	for line := range strings.Lines(export) {
		if !slices.ContainsFunc([]string{`{"audit_entry":`, `{"audit_batch":`, `{"end":`}, func(kind string) bool { return strings.HasPrefix(line, kind) }) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func readFile(t *testing.T, directory, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A store with leased operations is not exported. Operations continue in the new store,
// with their ids.
func TestMoveOpenOperation(t *testing.T) {
	t.Parallel()
	forEachStore(t, stuck, func(t *testing.T, w *world) {
		t.Helper()
		operation := w.provision("one")
		code, _, stderr := w.try("export")
		if code != 1 || !strings.Contains(stderr, "or use --force") {
			t.Errorf("exit code %d, %s", code, stderr)
		}
		w.kill()
		await(t, "the end of the lease", func() bool {
			code, _, _ := w.try("export", "archive")
			return code == 0
		})
		ok(t, w.directory, "admin", "import", "archive", "--store", "sqlite:new.db")
		p := serve(t, w.directory, nil, "--config", write(t, w.directory, "swift.yaml", swift), "--data", "openbroker-data", "--store", "sqlite:new.db")
		await(t, "the provision", func() bool {
			return p.expect(http.StatusOK, "GET", instance+"/last_operation?operation="+operation, nil).text("state") == "succeeded"
		})
		p.stop()
	})
}

func TestImportNeedsTheKeyset(t *testing.T) {
	t.Parallel()
	directory := used(t)
	ok(t, directory, "admin", "export", "archive")
	_, message := ok(t, directory, "admin", "import", "archive", "--data", "new")
	if !strings.HasSuffix(message, "; copy the keyset of the old broker before you start the new one\n") {
		t.Errorf("the command printed %q", message)
	}
	refused(t, directory, nil, "the keyset file new/keyset.json does not exist", "--data", "new")
	write(t, filepath.Join(directory, "new"), "keyset.json", readFile(t, directory, "openbroker-data/keyset.json"))
	p := serve(t, directory, []string{"OPENBROKER_PASSWORD=p"}, "--data", "new")
	p.password = "p"
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()

	if err := os.MkdirAll(filepath.Join(directory, "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Create(filepath.Join(directory, "other", "keyset.json")); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, directory)
	fails(t, directory, "wrong keyset", "admin", "import", "archive", "--data", "other")
	fails(t, directory, "truncated", "admin", "import", write(t, directory, "cut", readFile(t, directory, "archive")[:500]), "--data", "third")
	delete(before, filepath.Join(directory, "cut"))
	if after := snapshot(t, directory); len(after) != len(before)+1 {
		t.Errorf("after a refused import there are %d files, before %d", len(after), len(before))
	}
	// The wrong keyset cannot intervene, either.
	if err := os.Rename(filepath.Join(directory, "other", "keyset.json"), filepath.Join(directory, "openbroker-data", "keyset.json")); err != nil {
		t.Fatal(err)
	}
	fails(t, directory, "configure the keyset of the broker", "admin", "forget", "one", "--reason", "x")
}

// killedImport kills an import while it writes. It returns an empty directory if the
// import has ended earlier.
func killedImport(t *testing.T, place func(*testing.T, string) (string, func() bool), many int) (directory, file, store string) {
	t.Helper()
	directory = t.TempDir()
	file = manyInstances(t, directory, many)
	store, writing := place(t, directory)
	p := start(t, directory, nil, "admin", "import", file, "--store", store)
	await(t, "the import", func() bool {
		select {
		case <-p.exited:
			return true
		default:
			return writing()
		}
	})
	p.kill()
	if p.cmd.ProcessState.Success() {
		return "", "", ""
	}
	return directory, file, store
}

// manyInstances writes an archive whose import takes a while.
func manyInstances(t *testing.T, directory string, n int) string {
	t.Helper()
	path := filepath.Join(directory, "many")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, fs.FileMode(0o600))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := archive.NewWriter(file)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range n {
		key := durable.Key{Platform: "p", InstanceID: fmt.Sprintf("i%09d", i)}
		if err := w.Write(admin.ExportItem{Instance: &durable.InstanceRecord{
			Key: key, Revision: 1, Status: durable.StatusReady, ServiceID: "s", PlanID: "p", Data: make([]byte, 2000), CreatedAt: at, UpdatedAt: at,
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A killed import leaves an empty store, which can be filled.
func TestKilledImport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(t *testing.T, directory string) (store string, writing func() bool){
		"sqlite": func(_ *testing.T, directory string) (string, func() bool) {
			return "sqlite:broker.db", func() bool {
				info, err := os.Stat(filepath.Join(directory, "broker.db-wal"))
				return err == nil && info.Size() > 10_000_000
			}
		},
		"postgres": func(t *testing.T, _ string) (string, func() bool) {
			t.Helper()
			dsn := postgres.NewDatabase(t)
			conn, err := pgx.Connect(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close(t.Context()) })
			return dsn, func() bool {
				var size int64
				err := conn.QueryRow(t.Context(), `SELECT coalesce(pg_total_relation_size(to_regclass('openbroker.instances')), 0)`).Scan(&size)
				return err == nil && size > 2_000_000
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// On some machines the import ends before it can be killed.
			many := 20000
			directory, file, store := killedImport(t, c, many)
			for ; directory == ""; directory, file, store = killedImport(t, c, many) {
				if many *= 2; many > 1_000_000 {
					t.Fatal("the import of a million instances is too fast to be killed")
				}
			}
			if stdout, _ := ok(t, directory, "admin", "instances", "-o", "json", "--store", store); stdout != "" {
				t.Errorf("there are instances: %.200s", stdout)
			}
			_, message := ok(t, directory, "admin", "import", file, "--store", store)
			if !strings.Contains(message, "imported "+strconv.Itoa(many)+" instances") {
				t.Errorf("the command printed %q", message)
			}
			if stdout, _ := ok(t, directory, "admin", "instances", "-o", "json", "--store", store, "--all"); strings.Count(stdout, "\n") != many {
				t.Errorf("%d instances", strings.Count(stdout, "\n"))
			}
		})
	}
}
