package sqlitefile_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// A database is opened with the DSN of the credentials, as a client opens it.
type database struct{ *sql.DB }

func open(t *testing.T, dsn string) database {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return database{db}
}

func (d database) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := d.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// fill writes until SQLite refuses, and returns its error.
func (d database) fill(t *testing.T, megabytes int) error {
	t.Helper()
	d.exec(t, "CREATE TABLE IF NOT EXISTS filler (x)")
	for range megabytes * 4 {
		if _, err := d.ExecContext(t.Context(), "INSERT INTO filler VALUES (zeroblob(250000))"); err != nil {
			return err
		}
	}
	return nil
}

func TestModes(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	provision(t, p, small("one"))
	for i, c := range []struct {
		parameters string
		mode       string
	}{{"{}", "rw"}, {`{"mode":"rw"}`, "rw"}, {`{"mode":"ro"}`, "ro"}} {
		credentials := bind(t, p, durable.Binding{Instance: small("one"), ID: strconv.Itoa(i), Parameters: openbroker.Parameters(c.parameters)})
		if len(credentials) != 3 || credentials["mode"] != c.mode {
			t.Errorf("%s: mode %v of %d credentials", c.parameters, credentials["mode"], len(credentials))
		}
		db := open(t, credentials["dsn"].(string))
		_, err := db.ExecContext(t.Context(), fmt.Sprintf("CREATE TABLE t%d (x)", i))
		if (err == nil) != (c.mode == "rw") {
			t.Errorf("%s: writing: %v", c.parameters, err)
		}
		var tables int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			t.Errorf("%s: reading: %v", c.parameters, err)
		}
	}
}

func TestNilParameters(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	if err := p.CheckInstance(t.Context(), small("one"), nil); err != nil {
		t.Error(err)
	}
	provision(t, p, small("one"))
	binding := durable.Binding{Instance: small("one"), ID: "b"}
	if err := p.CheckBinding(t.Context(), binding); err != nil {
		t.Error(err)
	}
	if mode := bind(t, p, binding)["mode"]; mode != "rw" {
		t.Errorf("mode %v", mode)
	}
}

func TestInvalidParameters(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	provision(t, p, small("one"))
	long := strings.Repeat("x", 100000)
	for parameters, want := range map[string]string{
		`{"mode":"RW"}`:                       `parameters.mode must be "rw" or "ro".`,
		`{"mode":""}`:                         `parameters.mode must be "rw" or "ro".`,
		`{"mode":null}`:                       `parameters.mode must be "rw" or "ro".`,
		`{"mode":["ro"]}`:                     `parameters.mode must be "rw" or "ro".`,
		`{"mode":"ro&mode=rwc"}`:              `parameters.mode must be "rw" or "ro".`,
		`{"Mode":"ro"}`:                       `parameters."Mode" is unknown: the parameters are ["mode"].`,
		`{"mode":"ro","path":"/etc/passwd"}`:  `parameters."path" is unknown: the parameters are ["mode"].`,
		`{"dsn":1,"a":2}`:                     `parameters."a" is unknown: the parameters are ["mode"].`,
		`{"\n\u0000":1}`:                      `parameters."\n\x00" is unknown: the parameters are ["mode"].`,
		`{"` + long + `":"` + "secret" + `"}`: `parameters."` + long[:64] + `..." is unknown: the parameters are ["mode"].`,
	} {
		binding := durable.Binding{Instance: small("one"), ID: "b", Parameters: openbroker.Parameters(parameters)}
		for method, err := range map[string]error{
			"check": p.CheckBinding(t.Context(), binding),
			"bind": func() error {
				_, err := p.Bind(t.Context(), task, binding)
				return err
			}(),
		} {
			var answer *openbroker.Error
			if !errors.Is(err, openbroker.ErrInvalidParameters) || !errors.As(err, &answer) || answer.Description != want {
				t.Errorf("%.60s: %s: %.200v", parameters, method, err)
			}
		}
	}
	instance := small("one")
	instance.Parameters = openbroker.Parameters(`{"pages":1000000}`)
	var answer *openbroker.Error
	if err := p.CheckInstance(t.Context(), instance, nil); !errors.As(err, &answer) || answer.Description != `parameters."pages" is unknown: remove it, since this service has no parameters.` {
		t.Errorf("instance: %v", err)
	}
	previous := small("one")
	if err := p.CheckInstance(t.Context(), instance, &previous); !errors.Is(err, openbroker.ErrInvalidParameters) {
		t.Errorf("update: %v", err)
	}
}

// Ids come from the platform, so they must not reach the file system or the DSN.
func TestHostileIDs(t *testing.T) {
	t.Parallel()
	p, directory := newProvider(t)
	for _, id := range []string{"../../escape", "a/b", "a?mode=memory", "a%2fb", "ä b", strings.Repeat("x", 5000)} {
		provision(t, p, small(id))
		path, _ := bind(t, p, durable.Binding{Instance: small(id), ID: id})["path"].(string)
		if !strings.HasPrefix(path, directory+"/ob-") {
			t.Errorf("%.20s: path %s", id, path)
		}
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	provision(t, p, small("one"))
	dsn, _ := bind(t, p, durable.Binding{Instance: small("one"), ID: "small"})["dsn"].(string)
	if err := open(t, dsn).fill(t, 2); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("plan small takes 2 MB: %v", err)
	}

	if _, err := p.Update(t.Context(), task, large("one"), small("one")); err != nil {
		t.Fatal(err)
	}
	dsn, _ = bind(t, p, durable.Binding{Instance: large("one"), ID: "large"})["dsn"].(string)
	if err := open(t, dsn).fill(t, 2); err != nil {
		t.Errorf("plan large refuses 2 MB: %v", err)
	}
	var quota int
	if err := open(t, dsn).QueryRowContext(t.Context(), "PRAGMA max_page_count").Scan(&quota); err != nil || quota != sqlitefile.LargePages {
		t.Errorf("plan large has %d pages, %v", quota, err)
	}
}

// A client that could choose another page size before the first write would change
// the quota.
func TestPageSize(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	provision(t, p, small("one"))
	db := open(t, bind(t, p, durable.Binding{Instance: small("one"), ID: "b"})["dsn"].(string))
	db.SetMaxOpenConns(1)
	db.exec(t, "PRAGMA page_size = 65536")
	db.exec(t, "CREATE TABLE t (x)")
	var size int
	if err := db.QueryRowContext(t.Context(), "PRAGMA page_size").Scan(&size); err != nil || size != sqlitefile.PageSize {
		t.Errorf("pages of %d bytes, %v", size, err)
	}
}

func TestDowngrade(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	provision(t, p, large("one"))
	previous := large("one")
	db := open(t, bind(t, p, durable.Binding{Instance: previous, ID: "b"})["dsn"].(string))
	if err := db.fill(t, 2); err != nil {
		t.Fatal(err)
	}
	update := func() error {
		_, err := p.Update(t.Context(), task, small("one"), previous)
		return err
	}
	for method, err := range map[string]error{"check": p.CheckInstance(t.Context(), small("one"), &previous), "update": update()} {
		var answer *openbroker.Error
		if !errors.Is(err, openbroker.ErrPlanQuotaExceeded) || !errors.As(err, &answer) || answer.Status != 422 || !*answer.InstanceUsable || !*answer.UpdateRepeatable ||
			!strings.Contains(answer.Description, "the plan allows 1048576: delete data and run VACUUM") {
			t.Errorf("%s: %v", method, err)
		}
	}
	db.exec(t, "DROP TABLE filler")
	db.exec(t, "VACUUM")
	if err := errors.Join(p.CheckInstance(t.Context(), small("one"), &previous), update()); err != nil {
		t.Errorf("after the data was deleted: %v", err)
	}
	unknown := large("one")
	unknown.PlanID = "other"
	if err := p.CheckInstance(t.Context(), unknown, &previous); !errors.Is(err, openbroker.ErrPlanChangeNotSupported) {
		t.Errorf("an unknown plan: %v", err)
	}
}

// After unbind, the DSN neither opens nor creates a database.
func TestUnbindRevokes(t *testing.T) {
	t.Parallel()
	p, directory := newProvider(t)
	provision(t, p, small("one"))
	gone := durable.Binding{Instance: small("one"), ID: "gone"}
	dsn, _ := bind(t, p, gone)["dsn"].(string)
	other, _ := bind(t, p, durable.Binding{Instance: small("one"), ID: "other"})["dsn"].(string)
	open(t, other).exec(t, "CREATE TABLE t (x)")
	if err := p.Unbind(t.Context(), task, gone); err != nil {
		t.Fatal(err)
	}
	before := len(entries(t, directory))
	if err := open(t, dsn).PingContext(t.Context()); err == nil {
		t.Error("the DSN still opens the database")
	}
	if after := len(entries(t, directory)); after != before {
		t.Error("opening the DSN created a file")
	}
	open(t, other).exec(t, "INSERT INTO t VALUES (1)")
}

// Clients of two links to a database share its locks.
func TestBindingsShareLocks(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	provision(t, p, small("one"))
	one := open(t, bind(t, p, durable.Binding{Instance: small("one"), ID: "1"})["dsn"].(string))
	two := open(t, bind(t, p, durable.Binding{Instance: small("one"), ID: "2"})["dsn"].(string))
	two.SetMaxOpenConns(1)
	two.exec(t, "PRAGMA busy_timeout = 0")
	one.exec(t, "CREATE TABLE t (x)")
	tx, err := one.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := two.ExecContext(context.WithoutCancel(t.Context()), "INSERT INTO t VALUES (2)"); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("writing beside a transaction: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	two.exec(t, "INSERT INTO t VALUES (2)")
}
