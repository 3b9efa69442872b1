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

// A lost database is not replaced by an empty one if its keyset exists, unless the user
// asks for it.
func TestDatabaseIsGone(t *testing.T) {
	t.Parallel()
	directory := used(t)
	database := filepath.Join(directory, "openbroker-data", "openbroker.db")
	kept, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(database); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "the keyset exists, but the store, openbroker-data/openbroker.db, is missing or empty")
	if err := os.Remove(database + ".lock"); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "use --new-store once")
	write(t, filepath.Dir(database), "openbroker.db", string(kept))
	p := serve(t, directory, nil)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()

	if err := os.Remove(database); err != nil {
		t.Fatal(err)
	}
	p = serve(t, directory, nil, "--new-store")
	p.expect(http.StatusNotFound, "GET", instance, nil)
	p.stop()
	p = serve(t, directory, nil, "--new-store")
	if !strings.Contains(p.stderr.String(), "remove --new-store") {
		t.Errorf("the second start does not mention --new-store:\n%s", p.stderr)
	}
	p.stop()
}

// An empty database in PostgreSQL beside a keyset is refused as well.
func TestPostgresIsGone(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if _, err := seal.Create(filepath.Join(directory, "keyset.json")); err != nil {
		t.Fatal(err)
	}
	config := write(t, directory, "openbroker.yaml", "encryption: {keyset_file: keyset.json}\n")
	args := []string{"--config", config, "--store", postgres.NewDatabase(t)}
	refused(t, directory, nil, "the store, in PostgreSQL, is missing or empty", args...)
	p := serve(t, directory, nil, append(args, "--new-store")...)
	p.stop()
	p = serve(t, directory, nil, args...)
	p.stop()
}

// The first start can be interrupted after it has created the keyset.
func TestFirstStartIsInterrupted(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := write(t, directory, "openbroker.yaml", "provider: {sqlitefile: {directory: /dev/null/x}}\n")
	code, _, stderr := command(t, directory, nil, "serve", "--listen", "127.0.0.1:0", "--config", file)
	if code != 1 {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	p := serve(t, directory, nil)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.stop()
}

func TestSimulatedDatabaseIsGone(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	simulate := []string{"simulate", "--listen", "127.0.0.1:0", "--store", "sqlite:s.db"}
	p := listen(t, directory, nil, simulate...)
	p.stop()
	if err := os.Remove(filepath.Join(directory, "s.db")); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, directory, nil, simulate...)
	if code != 1 || !strings.Contains(stderr, "the database is missing") || !strings.Contains(stderr, "--new-store") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	p = listen(t, directory, nil, append(simulate, "--new-store")...)
	p.stop()
}

// If another file replaces the open database, requests fail, and the broker is not
// ready.
func TestDatabaseIsLostWhileServing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"removed":     os.Remove,
		"renamed":     func(path string) error { return os.Rename(path, path+".old") },
		"log removed": func(path string) error { return os.Remove(path + "-wal") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			p := serve(t, directory, nil)
			p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
			p.expect(http.StatusOK, "GET", "/readyz", nil)
			if err := change(filepath.Join(directory, "openbroker-data", "openbroker.db")); err != nil {
				t.Fatal(err)
			}
			p.expect(http.StatusServiceUnavailable, "PUT", instance+"-2", provision(sqlitefile.SmallPlanID))
			p.expect(http.StatusServiceUnavailable, "PUT", instance, provision(sqlitefile.SmallPlanID))
			p.expect(http.StatusServiceUnavailable, "GET", "/readyz", nil)
			p.kill()
			if name == "log removed" {
				refused(t, directory, nil, "acknowledged changes may be missing")
			}
		})
	}
}

// A backup of a running broker is verified, restored and served.
func TestBackup(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	admin := func(args ...string) (string, string) {
		t.Helper()
		code, stdout, stderr := command(t, directory, nil, append([]string{"admin"}, args...)...)
		if code != 0 {
			t.Fatalf("%q: exit code %d, %s", args, code, stderr)
		}
		return stdout, stderr
	}
	admin("backup", "backup.db", "--actor", "cron", "--reason", "each night")
	if trail, _ := admin("audit", "--action", "back-up", "-o", "csv"); !strings.Contains(trail, "cron") || !strings.Contains(trail, "to backup.db: each night") {
		t.Errorf("the audit trail of the backup is\n%s", trail)
	}
	fails(t, directory, "backup.db: file already exists", "admin", "backup", "backup.db")
	p.expect(http.StatusCreated, "PUT", instance+"-later", provision(sqlitefile.SmallPlanID))
	for _, args := range [][]string{{"verify"}, {"verify", "--store", "sqlite:backup.db"}} {
		if stdout, _ := admin(args...); !strings.Contains(stdout, ": ok, ") {
			t.Errorf("%q: %s", args, stdout)
		}
	}
	fails(t, directory, "the broker is running: stop it first", "admin", "restore", "backup.db")
	before, _ := admin("audit", "verify")
	write(t, directory, "heads", before)
	p.kill()
	if err := os.Remove(filepath.Join(directory, "openbroker-data", "openbroker.db-wal")); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "openbroker admin restore")
	if _, message := admin("restore", "backup.db"); !strings.Contains(message, "the replaced file is now openbroker-data/openbroker.db.replaced-") && !strings.Contains(message, ".replaced-") {
		t.Errorf("restore prints %s", message)
	}
	p = serve(t, directory, nil)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.expect(http.StatusNotFound, "GET", instance+"-later", nil)
	p.kill()
	if err := os.Remove(filepath.Join(directory, "openbroker-data", "openbroker.db-wal")); err != nil {
		t.Fatal(err)
	}
	admin("adopt")
	p = serve(t, directory, nil)
	p.kill() // At once: the lock file has the new id.
	p = serve(t, directory, nil)
	p.stop()

	// The trail goes on in new chains, which say why. What was lost shows.
	trail, _ := admin("audit", "-o", "csv", "--all")
	for _, want := range []string{",restore,", ",from backup.db\n", ",adopt,", ",as it is\n"} {
		if strings.Count(trail, want) != 1 {
			t.Errorf("the audit trail has not one %q:\n%s", want, trail)
		}
	}
	if chains := strings.Count(trail, ",begin chain,"); chains != 3 {
		t.Errorf("the audit trail has %d chains, want 3:\n%s", chains, trail)
	}
	if verified, _ := admin("audit", "verify"); !strings.HasPrefix(verified, "ok: ") {
		t.Error(verified)
	}
	if code, stdout, _ := command(t, directory, nil, "admin", "audit", "verify", "--heads", "heads"); code != 1 || !strings.Contains(stdout, "the batch is missing: its hash is in the heads given") ||
		!strings.Contains(stdout, ", from backup.db: later entries were lost") {
		t.Errorf("with the heads from before the restore: exit code %d, %s", code, stdout)
	}

	// The wrong keyset is refused.
	write(t, directory, "openbroker.yaml", "data: other\nstore: sqlite:backup.db\n")
	if err := os.Mkdir(filepath.Join(directory, "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Create(filepath.Join(directory, "other", "keyset.json")); err != nil {
		t.Fatal(err)
	}
	fails(t, directory, "wrong keyset", "admin", "verify", "--config", "openbroker.yaml")
}
