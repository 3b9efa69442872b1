package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/postgres"
)

// The accounts of the broker: one that only may create databases and roles, as in
// production, and the superuser.
const (
	plainAccount     = "broker_account"
	superuser        = "postgres"
	accountPassword  = "MarkedAccountPassword7Qx"
	templateDatabase = "openbroker_template"
)

// template is that of all servers which demand passwords.
var template pgtest.Template

func TestMain(m *testing.M) { template.Run(m) }

// A testServer is a PostgreSQL server that demands passwords.
type testServer struct {
	*pgtest.Server
	major int
}

// startServer starts a server with the accounts. Before version 15, only a superuser can
// close the schema public, in a template database.
func startServer(t *testing.T, settings ...string) *testServer {
	t.Helper()
	options := []pgtest.Option{pgtest.WithTemplate(&template), pgtest.WithPassword(accountPassword), pgtest.WithSetting("max_prepared_transactions", "10")}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		options = append(options, pgtest.WithSetting(name, value))
	}
	s := &testServer{Server: pgtest.Start(t, options...)}
	version := s.query(t, "postgres", "SHOW server_version_num")
	number, err := strconv.Atoi(version)
	if err != nil {
		t.Fatal(err)
	}
	s.major = number / 10000
	s.exec(t, "postgres", "SET log_statement = 'none'; SET log_min_duration_statement = -1",
		"CREATE ROLE "+plainAccount+" LOGIN CREATEDB CREATEROLE PASSWORD '"+accountPassword+"'")
	if s.major < 15 {
		s.exec(t, "postgres", "CREATE DATABASE "+templateDatabase+" TEMPLATE template0 IS_TEMPLATE true")
		s.exec(t, templateDatabase, "ALTER SCHEMA public OWNER TO pg_database_owner; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	}
	return s
}

// url returns the URL of a database for an account.
func (s *testServer) url(account, password, database string) string {
	u, err := url.Parse(s.DSN())
	if err != nil {
		panic(err)
	}
	u.User, u.Path = url.UserPassword(account, password), "/"+database
	return u.String()
}

// settings returns the settings of the provider, in YAML.
func (s *testServer) settings(account string, more ...string) string {
	lines := append([]string{fmt.Sprintf("url: %q", s.url(account, accountPassword, "postgres"))}, more...)
	if s.major < 15 && account != superuser {
		lines = append(lines, "template: "+templateDatabase)
	}
	return strings.Join(lines, "\n")
}

// service describes the provider to the kit.
func (s *testServer) service(account string, more ...string) *servicetest.Service {
	return &servicetest.Service{
		Definition: postgres.Definition, Settings: s.settings(account, append(more, "overcommit: 0")...),
		Small: "small", Large: "large", Open: open, Reach: reach, Dump: s.dump, Server: s.Server, Log: s.Log, ReadOnly: true,
	}
}

// exec executes statements one by one as the superuser.
func (s *testServer) exec(t *testing.T, database string, statements ...string) {
	t.Helper()
	conn := connect(t, s.url(superuser, accountPassword, database))
	for _, statement := range statements {
		if _, err := conn.PgConn().Exec(t.Context(), statement).ReadAll(); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// query returns the only value of a query of the superuser, as text.
func (s *testServer) query(t *testing.T, database, statement string) string {
	t.Helper()
	conn := connect(t, s.url(superuser, accountPassword, database))
	value := query(t, conn, statement)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return value
}

// connect opens a connection that ends with the test at the latest.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func query(t *testing.T, conn *pgx.Conn, statement string, args ...any) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), statement, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	values, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) { return string(row.RawValues()[0]), nil })
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return strings.Join(values, "\n")
}

// code returns the SQLSTATE of an error.
func code(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Code
	}
	return fmt.Sprint(err)
}

// dump lists what a broker may have made: databases with their privileges, roles with
// memberships and settings, comments, prepared transactions; and in the databases that
// everybody can reach, what a login may have left.
func (s *testServer) dump(ctx context.Context) ([]string, error) {
	global := []string{
		"SELECT 'database', datname, datdba::regrole::text, datacl::text, datallowconn::text, datconnlimit::text FROM pg_database",
		"SELECT 'role', rolname, rolsuper::text, rolcanlogin::text, rolconnlimit::text, rolvaliduntil::text FROM pg_roles",
		"SELECT 'member', roleid::regrole::text, member::regrole::text, admin_option::text, '', '' FROM pg_auth_members",
		"SELECT 'setting', setdatabase::text, setrole::regrole::text, setconfig::text, '', '' FROM pg_db_role_setting",
		"SELECT 'dependency', d.dbid::text, classid::text, objid::text, refobjid::regrole::text, deptype::text FROM pg_shdepend d",
		"SELECT 'prepared', gid, database, owner, '', '' FROM pg_prepared_xacts",
	}
	local := []string{
		"SELECT 'large object', oid::text, lomowner::regrole::text, lomacl::text, '', '' FROM pg_largeobject_metadata",
		"SELECT 'default', defaclrole::regrole::text, defaclobjtype::text, defaclacl::text, '', '' FROM pg_default_acl",
		"SELECT 'schema', nspname, nspowner::regrole::text, nspacl::text, '', '' FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'",
		"SELECT 'relation', relname, relowner::regrole::text, relacl::text, '', '' FROM pg_class WHERE relnamespace >= 16384 OR relnamespace = 'public'::regnamespace",
		"SELECT 'extension', extname, extowner::regrole::text, '', '', '' FROM pg_extension",
	}
	lines, err := s.lines(ctx, "postgres", global)
	if err != nil {
		return nil, err
	}
	for _, database := range []string{"postgres", "template1"} {
		found, err := s.lines(ctx, database, local)
		if err != nil {
			return nil, err
		}
		for _, line := range found {
			lines = append(lines, database+": "+line)
		}
	}
	return lines, nil
}

func (s *testServer) lines(ctx context.Context, database string, queries []string) ([]string, error) {
	conn, err := pgx.Connect(ctx, s.url(superuser, accountPassword, database))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	var lines []string
	for _, statement := range queries {
		rows, err := conn.Query(ctx, statement+" ORDER BY 2, 3, 4", pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
		found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
			var line strings.Builder
			for _, value := range row.RawValues() {
				line.WriteString(string(value) + " ")
			}
			return line.String(), nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
		lines = append(lines, found...)
	}
	return lines, nil
}

// An application has a table of names and values.
type application struct{ *pgx.Conn }

func open(ctx context.Context, credentials openbroker.Credentials) (servicetest.Session, error) {
	uri, ok := credentials["uri"].(string)
	if !ok {
		return nil, errors.New("the credentials have no uri")
	}
	conn, err := pgx.Connect(ctx, uri)
	if err != nil {
		return nil, err
	}
	return &application{conn}, nil
}

func (a *application) Write(ctx context.Context, name, value string) error {
	if _, err := a.Exec(ctx, "CREATE TABLE IF NOT EXISTS entries (name text PRIMARY KEY, value text)"); err != nil {
		return err
	}
	_, err := a.Exec(ctx, "INSERT INTO entries (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

func (a *application) Read(ctx context.Context, name string) (value string, err error) {
	err = a.QueryRow(ctx, "SELECT value FROM entries WHERE name = $1", name).Scan(&value)
	return value, err
}

func (a *application) Alter(ctx context.Context, _ string) error {
	for _, statement := range []string{"ALTER TABLE entries ADD COLUMN IF NOT EXISTS more int", "ALTER TABLE entries DROP COLUMN more"} {
		if _, err := a.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (a *application) Close() error { return a.Conn.Close(context.Background()) }

// reach tries the database of another instance, with the own password and in the open
// session.
func reach(ctx context.Context, own servicetest.Session, other openbroker.Credentials) error {
	session, ok := own.(*application)
	if !ok {
		return errors.New("not an application")
	}
	config := session.Config().Copy()
	config.Database = fmt.Sprint(other["database"])
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		defer func() { _ = conn.Close(ctx) }()
		if config.Database != session.Config().Database {
			return nil
		}
	}
	// In a shared database, the schema of the other instance is closed.
	schema := fmt.Sprint(other["username"])[:28]
	if _, err := session.Read(ctx, "shared"); err != nil {
		return nil // It must work for itself.
	}
	for _, statement := range []string{
		"SET ROLE " + schema + "_owner", "SET ROLE " + fmt.Sprint(other["username"]), "GRANT " + schema + "_owner TO CURRENT_USER",
		"DROP DATABASE " + fmt.Sprint(other["database"]), "ALTER ROLE " + fmt.Sprint(other["username"]) + " NOLOGIN",
		"SELECT * FROM " + schema + ".entries",
	} {
		if _, err := session.Exec(ctx, statement); err == nil {
			return nil
		}
	}
	return errors.New("closed")
}
