package pgstore_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/pgstore"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

func TestOpenByManyReplicasAtOnce(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	var replicas errgroup.Group
	for i := range 8 {
		replicas.Go(func() error {
			s, err := pgstore.Open(t.Context(), dsn)
			if err != nil {
				return err
			}
			defer s.Close()
			return s.Accept(t.Context(), provision(strconv.Itoa(i)))
		})
	}
	if err := replicas.Wait(); err != nil {
		t.Fatal(err)
	}
	records, err := open(t, dsn).Instances(t.Context(), durable.Filter{})
	if err != nil || len(records) != 8 {
		t.Errorf("%d instances, %v", len(records), err)
	}
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	if err := open(t, dsn).Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, connect(t, dsn), "INSERT INTO openbroker.schema_version (version_id, is_applied) VALUES (4711, true)")
	_, err := pgstore.Open(t.Context(), dsn)
	if err == nil || !strings.Contains(err.Error(), "has version 4711, but this binary knows versions up to ") {
		t.Errorf("error %v", err)
	}
}

func TestCheckServer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ version, encoding, want string }{
		{"13.0", "UTF8", ""},
		{"15.4 (Debian 15.4-1.pgdg120+1)", "UTF8", ""},
		{"19beta1", "UTF8", ""},
		{"12.22", "UTF8", "is PostgreSQL 12.22, but 13 or newer is needed"},
		{"9.6.24", "UTF8", "is PostgreSQL 9.6.24"},
		{"", "UTF8", "is it PostgreSQL?"},
		{"15.4", "LATIN1", "encoding is LATIN1, but UTF8 is needed"},
	} {
		err := pgstore.CheckServer(test.version, test.encoding)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("version %q, encoding %q: %v, want %q", test.version, test.encoding, err, test.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	for name, test := range map[string]struct {
		dsn     string
		options []pgstore.Option
		want    string
	}{
		"an invalid DSN":       {"postgres://%", nil, "pgstore: "},
		"a missing database":   {strings.Replace(dsn, "/test_", "/missing_", 1), nil, "does not exist"},
		"no server":            {"postgres://postgres:hunter2@127.0.0.1:1/x", nil, "refused"},
		"an empty schema":      {dsn, []pgstore.Option{pgstore.WithSchema("")}, "of the schema is invalid"},
		"a schema's long name": {dsn, []pgstore.Option{pgstore.WithSchema(strings.Repeat("x", 49))}, "of the schema is invalid"},
		"a timeout of zero":    {dsn, []pgstore.Option{pgstore.WithTimeout(0)}, "timeout"},
		"a parameter of text":  {dsn + "&pool_max_conns=many", nil, "pool_max_conns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := pgstore.Open(t.Context(), test.dsn, test.options...)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// A role that owns a schema needs no other privileges. The store overrides
// unsafe defaults of the role.
func TestRole(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	admin := connect(t, dsn)
	role := "role_" + admin.Config().Database
	execute(t, admin,
		"CREATE ROLE "+role+" LOGIN",
		"ALTER ROLE "+role+" SET synchronous_commit = off",
		"ALTER ROLE "+role+" SET default_transaction_isolation = serializable",
		"ALTER ROLE "+role+" SET search_path = pg_catalog",
		"ALTER ROLE "+role+" SET timezone = 'Asia/Tokyo'",
		"ALTER ROLE "+role+" SET bytea_output = escape",
		`REVOKE ALL ON SCHEMA public FROM PUBLIC`,
	)
	t.Cleanup(func() { admin.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	theirs := strings.Replace(dsn, "postgres@", role+"@", 1)
	const schema = `My "schema"; DROP`
	if s, err := pgstore.Open(t.Context(), theirs, pgstore.WithSchema(schema)); err == nil || !strings.Contains(err.Error(), "let an administrator create it") {
		if s != nil {
			s.Close()
		}
		t.Fatalf("without a schema: %v", err)
	}
	execute(t, admin, `CREATE SCHEMA "My ""schema""; DROP" AUTHORIZATION `+role)
	s := open(t, theirs, pgstore.WithSchema(schema))
	a := provision("i")
	if err := s.Accept(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if !accepted(t, s, a) {
		t.Error("the change is not stored")
	}
	for name, want := range map[string]string{"synchronous_commit": "on", "transaction_isolation": "read committed"} {
		if got, err := s.Show(t.Context(), name); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", name, got, err, want)
		}
	}
	if other := open(t, dsn); accepted(t, other, a) {
		t.Error("two schemas share their records")
	}
}

func TestStrongerSynchronousCommit(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	execute(t, connect(t, dsn), "ALTER DATABASE "+connect(t, dsn).Config().Database+" SET synchronous_commit = remote_apply")
	if got, err := open(t, dsn).Show(t.Context(), "synchronous_commit"); err != nil || got != "remote_apply" {
		t.Errorf("synchronous_commit is %q, %v", got, err)
	}
}

// Open waits for the migration of another replica until ctx ends.
func TestOpenGivesUp(t *testing.T) {
	t.Parallel()
	dsn := postgres.NewDatabase(t)
	open(t, dsn)
	blocker := connect(t, dsn)
	execute(t, blocker, "BEGIN", "LOCK TABLE openbroker.schema_version")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if s, err := pgstore.Open(ctx, dsn); err == nil {
		s.Close()
		t.Error("opened while the schema is locked")
	}
}

// A host that accepts connections and does not answer must not block the start.
func TestOpenOfSilentHost(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	opened := make(chan error, 1)
	go func() {
		s, err := pgstore.Open(t.Context(), "postgres://postgres@"+listener.Addr().String()+"/postgres?sslmode=disable")
		if err == nil {
			s.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		if err == nil {
			t.Error("opened")
		}
	case <-time.After(30 * time.Minute):
		t.Error("Open still waits")
	}
}

// Open takes the host that can write.
func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	// All hosts have a database of this name, as a primary and its standbys do.
	direct, schema := postgres.Server(t).DSN(), pgstore.WithSchema("several_hosts")
	t.Cleanup(func() {
		if err := postgres.Server(t).Exec(context.WithoutCancel(t.Context()), "DROP SCHEMA several_hosts CASCADE"); err != nil {
			t.Error(err)
		}
	})
	reader := pgtest.Start(t, pgtest.WithSetting("default_transaction_read_only", "on"))
	config, err := pgx.ParseConfig(reader.DSN())
	if err != nil {
		t.Fatal(err)
	}
	dsn := strings.Replace(direct, "@", "@127.0.0.1:1,127.0.0.1:"+strconv.Itoa(int(config.Port))+",", 1) + "&target_session_attrs=read-write"
	a := provision("i")
	if err := open(t, dsn, schema).Accept(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if !accepted(t, open(t, direct, schema), a) {
		t.Error("the change is in another database")
	}
}
