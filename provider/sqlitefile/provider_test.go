package sqlitefile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/sqlitefile"
)

// The provider does not use the task.
var task *durable.Task

func newProvider(t *testing.T) (*sqlitefile.Provider, string) {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "made", "on demand")
	provider, err := sqlitefile.New(sqlitefile.Config{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	return provider, directory
}

func small(id string) durable.Instance {
	return durable.Instance{Platform: "default", ID: id, ServiceID: sqlitefile.ServiceID, PlanID: sqlitefile.SmallPlanID}
}

func large(id string) durable.Instance {
	instance := small(id)
	instance.PlanID = sqlitefile.LargePlanID
	return instance
}

func provision(t *testing.T, p *sqlitefile.Provider, instance durable.Instance) {
	t.Helper()
	if _, err := p.Provision(t.Context(), task, instance); err != nil {
		t.Fatal(err)
	}
}

func bind(t *testing.T, p *sqlitefile.Provider, binding durable.Binding) openbroker.Credentials {
	t.Helper()
	bound, err := p.Bind(t.Context(), task, binding)
	if err != nil {
		t.Fatal(err)
	}
	return bound.Credentials
}

func resources(t *testing.T, p *sqlitefile.Provider) []string {
	t.Helper()
	var names []string
	for name, err := range p.Resources(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// entries lists everything below a directory.
func entries(t *testing.T, directory string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(directory, func(path string, _ os.DirEntry, err error) error {
		if path != directory {
			found = append(found, strings.TrimPrefix(path, directory+string(filepath.Separator)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Each method can be called again: the engine repeats a call whose result it did
// not record.
func TestEachMethodTwice(t *testing.T) {
	t.Parallel()
	p, directory := newProvider(t)
	instance := small("one")
	binding := durable.Binding{Instance: instance, ID: "binding"}

	provision(t, p, instance)
	open(t, bind(t, p, binding)["dsn"].(string)).exec(t, "CREATE TABLE kept (x)")
	provision(t, p, instance)
	credentials := bind(t, p, binding)
	if again := bind(t, p, binding); again["dsn"] != credentials["dsn"] || again["path"] != credentials["path"] || again["mode"] != credentials["mode"] {
		t.Error("the second bind has other credentials")
	}
	open(t, credentials["dsn"].(string)).exec(t, "INSERT INTO kept VALUES (1)")
	for range 2 {
		if _, err := p.Update(t.Context(), task, large("one"), instance); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := p.Unbind(t.Context(), task, binding); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := p.Deprovision(t.Context(), task, instance); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Unbind(t.Context(), task, binding); err != nil {
		t.Errorf("unbind after deprovision: %v", err)
	}
	if left := entries(t, directory); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	provision(t, p, instance)
	if _, err := open(t, bind(t, p, binding)["dsn"].(string)).ExecContext(t.Context(), "INSERT INTO kept VALUES (1)"); err == nil {
		t.Error("the new instance has the data of the deleted one")
	}
}

// Incomplete directories of a crash are not instances, and are deleted.
func TestAfterCrash(t *testing.T) {
	t.Parallel()
	p, directory := newProvider(t)
	name := small("one").ResourceName()
	for _, stale := range []string{".new-" + name + "-A/database.sqlite", ".old-" + name + "-B/bindings/x", ".new-" + small("other").ResourceName() + "-C/x"} {
		if err := os.MkdirAll(filepath.Join(directory, stale), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if found := resources(t, p); len(found) > 0 {
		t.Errorf("incomplete directories count as instances: %q", found)
	}
	provision(t, p, small("one"))
	if found := entries(t, directory); slices.Contains(found, ".new-"+name+"-A") {
		t.Errorf("provision left %q", found)
	}
	if err := p.Deprovision(t.Context(), task, small("one")); err != nil {
		t.Fatal(err)
	}
	if found := entries(t, directory); len(found) != 2 {
		t.Errorf("only entries of other instances may be left: %q", found)
	}
}

func TestConcurrentProvision(t *testing.T) {
	t.Parallel()
	p, directory := newProvider(t)
	results := make(chan error)
	for range 8 {
		go func() {
			_, err := p.Provision(context.WithoutCancel(t.Context()), task, small("one"))
			results <- err
		}()
	}
	succeeded := 0
	for range 8 {
		// An attempt may fail if a newer one has deleted its incomplete directory.
		if err := <-results; err == nil {
			succeeded++
		}
	}
	if succeeded == 0 {
		t.Error("no attempt succeeded")
	}
	provision(t, p, small("one"))
	if found := resources(t, p); !slices.Equal(found, []string{small("one").ResourceName()}) {
		t.Errorf("resources: %q", found)
	}
	open(t, bind(t, p, durable.Binding{Instance: small("one"), ID: "b"})["dsn"].(string)).exec(t, "CREATE TABLE t (x)")
	if err := p.Deprovision(t.Context(), task, small("one")); err != nil {
		t.Fatal(err)
	}
	if left := entries(t, directory); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A slow attempt does not change the database that a faster one has created.
func TestSlowProvision(t *testing.T) {
	t.Parallel()
	p, directory := newProvider(t)
	slow, err := sqlitefile.New(sqlitefile.Config{Directory: directory, CreateDelay: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	returned := make(chan error)
	go func() {
		_, err := slow.Provision(context.WithoutCancel(t.Context()), task, small("one"))
		returned <- err
	}()
	provision(t, p, small("one"))
	db := open(t, bind(t, p, durable.Binding{Instance: small("one"), ID: "b"})["dsn"].(string))
	db.exec(t, "CREATE TABLE kept (x)")
	if err := <-returned; err != nil {
		t.Errorf("the slower attempt: %v", err)
	}
	db.exec(t, "INSERT INTO kept VALUES (1)")
	if found := entries(t, directory); len(found) != 4 {
		t.Errorf("left behind: %q", found)
	}
}

func TestCreateDelay(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p, err := sqlitefile.New(sqlitefile.Config{Directory: directory, CreateDelay: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	returned := make(chan error)
	go func() {
		_, err := p.Provision(ctx, task, small("one"))
		returned <- err
	}()
	cancel(cause)
	if err := <-returned; !errors.Is(err, cause) {
		t.Errorf("the cancelled provision returned %v", err)
	}
	if left := entries(t, directory); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestNewErrors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config sqlitefile.Config
		want   string
	}{
		"no directory":   {sqlitefile.Config{}, "name of the directory is empty"},
		"a file":         {sqlitefile.Config{Directory: file}, "create the directory"},
		"negative delay": {sqlitefile.Config{Directory: t.TempDir(), CreateDelay: -1}, "must not be negative"},
	} {
		if _, err := sqlitefile.New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMissingDatabase(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	if _, err := p.Bind(t.Context(), task, durable.Binding{Instance: small("never"), ID: "b"}); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("bind: %v", err)
	}
	if _, err := p.Update(t.Context(), task, large("never"), small("never")); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("update: %v", err)
	}
	if err := p.Deprovision(t.Context(), task, small("never")); err != nil {
		t.Errorf("deprovision: %v", err)
	}
}

func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	p, directory := newProvider(t)
	provision(t, p, small("one"))
	for path, want := range map[string]os.FileMode{
		directory: 0o700,
		filepath.Join(directory, small("one").ResourceName()):                    0o700,
		filepath.Join(directory, small("one").ResourceName(), "database.sqlite"): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
	}
}

func TestPlatformsAreSeparate(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	other := small("one")
	other.Platform = "other"
	provision(t, p, small("one"))
	provision(t, p, other)
	if err := p.Deprovision(t.Context(), task, other); err != nil {
		t.Fatal(err)
	}
	if found := resources(t, p); !slices.Equal(found, []string{small("one").ResourceName()}) {
		t.Errorf("resources: %q", found)
	}
}

// The engine calls ResourceExists before it reuses an id.
func TestExists(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t)
	exists := func(want bool) {
		t.Helper()
		if got, err := p.ResourceExists(t.Context(), small("one")); err != nil || got != want {
			t.Errorf("exists: %v, %v", got, err)
		}
	}
	exists(false)
	provision(t, p, small("one"))
	exists(true)
	if err := p.Deprovision(t.Context(), task, small("one")); err != nil {
		t.Fatal(err)
	}
	exists(false)
}
