package mysql_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	sqldriver "github.com/go-sql-driver/mysql"

	"github.com/openbroker/openbroker/internal/testserver"
)

// temporaryName is the directory of a server's temporary tables, in its home.
const temporaryName = "tmp"

// The passwords of the accounts on test servers.
const (
	rootPassword   = "rootPasswordOfTests"
	brokerPassword = "brokerPasswordOfTests"
)

// A kind of server says how to run it.
type kind struct {
	name string
	// program returns the start of the command line, install that of the command that
	// makes the data directory.
	program func(home string) ([]string, error)
	install func(home string) ([]string, error)
}

var kinds = map[string]kind{
	"mariadb": {
		name: "mariadb",
		program: func(home string) ([]string, error) {
			return found("mariadbd", "/usr/sbin/mariadbd", "--no-defaults", "--datadir="+filepath.Join(home, "data"))
		},
		install: func(home string) ([]string, error) {
			return found("mariadb-install-db", "/usr/bin/mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal",
				"--datadir="+filepath.Join(home, "data"))
		},
	},
	"mysql": {
		name:    "mysql",
		program: mysqld,
		install: func(home string) ([]string, error) {
			command, err := mysqld(home)
			return append(command, "--initialize-insecure"), err
		},
	},
}

// tested returns the names of the kinds to test: MariaDB, or those in MYSQLTEST_SERVERS,
// which make mysql-server sets.
func tested() []string {
	if names := strings.Fields(os.Getenv("MYSQLTEST_SERVERS")); len(names) > 0 {
		return names
	}
	return []string{"mariadb"}
}

// found returns a command whose program is in PATH or at the path.
func found(name, path string, arguments ...string) ([]string, error) {
	if inPath, err := exec.LookPath(name); err == nil {
		path = inPath
	} else if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s is not installed: run .ci/tools, or apt-get install mariadb-server-core", name)
	}
	return append([]string{path}, arguments...), nil
}

// mysqlTree is where .ci/mysql unpacks MySQL, with its libraries: those of the system may
// be too old for it.
func mysqlTree() string {
	if tree := os.Getenv("OPENBROKER_TEST_MYSQL"); tree != "" {
		return tree
	}
	if os.Geteuid() == 0 {
		return "/var/cache/openbroker-tests/mysql"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = "/tmp"
	}
	return filepath.Join(cache, "openbroker-tests", "mysql")
}

func mysqld(home string) ([]string, error) {
	tree := mysqlTree()
	program := filepath.Join(tree, "usr/sbin/mysqld")
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("MySQL is not at %s: run .ci/mysql, which unpacks it there from Debian's packages", tree)
	}
	var libraries []string
	for _, directory := range []string{"usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib/mysql/private"} {
		libraries = append(libraries, filepath.Join(tree, directory))
	}
	loaders, err := filepath.Glob(filepath.Join(tree, "usr/lib*/ld-linux-*.so.*"))
	if err != nil || len(loaders) == 0 {
		return nil, fmt.Errorf("%s has no dynamic loader: delete it, and run .ci/tools", tree)
	}
	share := filepath.Join(tree, "usr/share/mysql")
	return []string{
		loaders[0], "--library-path", strings.Join(libraries, ":"), program, "--no-defaults", "--datadir=" + filepath.Join(home, "data"), "--basedir=" + filepath.Join(tree, "usr"),
		"--lc-messages-dir=" + share, "--character-sets-dir=" + filepath.Join(share, "charsets"), "--plugin-dir=" + filepath.Join(tree, "usr/lib/mysql/plugin"),
		"--secure-file-priv=NULL", "--mysqlx=OFF", "--performance-schema=OFF", "--innodb-redo-log-capacity=64M", "--log-bin-trust-function-creators=ON",
	}, nil
}

// A server is a server of MariaDB or MySQL that demands passwords. Its broker's account
// has the privileges of the documentation.
type server struct {
	kind    kind
	home    *testserver.Home
	port    int
	options []string
	process *testserver.Process
	// inUse is held by the test that uses a shared server.
	inUse sync.Mutex
}

// newServer makes and starts a server with further options. With bare, it keeps what an
// installation makes: anonymous accounts, and grants to everybody.
func newServer(ctx context.Context, name string, bare bool, options ...string) (*server, error) {
	home, err := testserver.NewHome("mysql")
	if err != nil {
		return nil, err
	}
	s := &server{kind: kinds[name], home: home, options: options}
	if err := s.setUp(ctx, bare); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *server) setUp(ctx context.Context, bare bool) error {
	install, err := s.kind.install(s.home.Path)
	if err != nil {
		return err
	}
	if s.port, err = testserver.FreePort(ctx); err != nil {
		return err
	}
	// A starting server deletes the temporary tables of all servers that share its
	// directory for them, so each has its own.
	for _, name := range []string{"data", temporaryName} {
		if _, err := s.home.Mkdir(name); err != nil {
			return err
		}
	}
	install = append(install, "--tmpdir="+s.file(temporaryName))
	if err := s.home.Run(exec.CommandContext(ctx, install[0], install[1:]...)); err != nil {
		return err
	}
	if err := s.certificates(); err != nil {
		return err
	}
	if err := s.start(ctx, ""); err != nil {
		return err
	}
	root, err := s.connect("root", "")
	if err != nil {
		return err
	}
	defer root.Close()
	return s.secure(ctx, root, bare)
}

// secure gives root a password and a host of its own, so that all accounts need one.
func (s *server) secure(ctx context.Context, root *sql.DB, bare bool) error {
	statements := []string{
		"CREATE USER root@'127.0.0.%' IDENTIFIED BY '" + rootPassword + "'", "GRANT ALL ON *.* TO root@'127.0.0.%' WITH GRANT OPTION",
		"ALTER USER root@localhost IDENTIFIED BY '" + rootPassword + "'",
	}
	if s.kind.name == "mariadb" {
		statements = append(statements, "DROP USER root@'127.0.0.1', root@'::1'", "FLUSH PRIVILEGES")
		if !bare {
			host, err := os.Hostname()
			if err != nil {
				return err
			}
			statements = append(statements,
				"DROP USER IF EXISTS root@'"+host+"', ''@localhost, ''@'"+host+"'", "DROP DATABASE IF EXISTS test",
				"REVOKE ALL ON test.* FROM PUBLIC", "REVOKE ALL ON `test\\_%`.* FROM PUBLIC")
		}
	}
	for _, statement := range statements {
		if _, err := root.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// certificates makes an authority, and a certificate for the server.
func (s *server) certificates() error {
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server of a test"}, NotAfter: authority.NotAfter,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	files := map[string]*pem.Block{"key.pem": {Type: "EC PRIVATE KEY", Bytes: keyDER}}
	for name, c := range map[string]struct{ template, parent *x509.Certificate }{"ca.pem": {authority, authority}, "cert.pem": {leaf, authority}} {
		public := &key.PublicKey
		if name == "ca.pem" {
			public = &authorityKey.PublicKey
		}
		der, err := x509.CreateCertificate(rand.Reader, c.template, c.parent, public, authorityKey)
		if err != nil {
			return err
		}
		files[name] = &pem.Block{Type: "CERTIFICATE", Bytes: der}
	}
	for name, block := range files {
		if _, err := s.home.WriteFile(name, pem.EncodeToMemory(block)); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) file(name string) string { return filepath.Join(s.home.Path, name) }

// Start starts the server unless it runs.
func (s *server) Start(ctx context.Context) error { return s.start(ctx, rootPassword) }

func (s *server) start(ctx context.Context, password string) error {
	if s.process != nil {
		return nil
	}
	command, err := s.kind.program(s.home.Path)
	if err != nil {
		return err
	}
	command = append(command, "--port="+strconv.Itoa(s.port), "--bind-address=127.0.0.1", "--tmpdir="+s.file(temporaryName), "--socket="+s.file("socket"), "--pid-file="+s.file("pid"),
		"--general-log=ON", "--general-log-file="+s.file("general.log"), "--slow-query-log=ON", "--slow-query-log-file="+s.file("slow.log"), "--long-query-time=0",
		"--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-buffer-pool-size=32M", "--max-connections=400",
		"--ssl-ca="+s.file("ca.pem"), "--ssl-cert="+s.file("cert.pem"), "--ssl-key="+s.file("key.pem"))
	command = append(command, s.options...)
	// The server outlives the context of its start.
	if s.process, err = s.home.Launch(exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...)); err != nil {
		return err
	}
	err = s.process.WaitReady(ctx, func(ctx context.Context) error {
		db, err := s.connect("root", password)
		if err != nil {
			return err
		}
		defer db.Close()
		return db.PingContext(ctx)
	})
	if err != nil {
		return errors.Join(err, s.end(syscall.SIGKILL))
	}
	return nil
}

// Stop shuts the server down, and Kill ends it like a crash.
func (s *server) Stop() error { return s.end(syscall.SIGTERM) }
func (s *server) Kill() error { return s.end(syscall.SIGKILL) }

func (s *server) end(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	err := s.process.End(signal)
	s.process = nil
	return err
}

// Close ends the server and deletes its files.
func (s *server) Close() error { return errors.Join(s.Kill(), s.home.Remove()) }

// log returns all that the server wrote: errors, statements, slow statements and the
// binary log.
func (s *server) log() (string, error) {
	var all strings.Builder
	names := []string{"log", "general.log", "slow.log"}
	binary, err := filepath.Glob(s.file("data/*bin*.0*"))
	if err != nil {
		return "", err
	}
	for _, name := range names {
		binary = append(binary, s.file(name))
	}
	for _, path := range binary {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

// forgetLogs deletes what the server has logged, which includes the passwords that the
// test gave to accounts.
func (s *server) forgetLogs(t *testing.T) {
	t.Helper()
	reset := "RESET MASTER"
	if s.kind.name == "mysql" {
		reset = "RESET BINARY LOGS AND GTIDS"
	}
	s.exec(t, reset)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log", "general.log", "slow.log"} {
		if err := os.Remove(s.file(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// connect returns connections of an account, without logging in yet.
func (s *server) connect(user, password string) (*sql.DB, error) {
	config := sqldriver.NewConfig()
	config.Net, config.Addr, config.User, config.Passwd = "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), user, password
	config.Logger = &sqldriver.NopLogger{}
	connector, err := sqldriver.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// root returns connections of the administrator, until the test ends.
func (s *server) root(t *testing.T) *sql.DB {
	t.Helper()
	db, err := s.connect("root", rootPassword)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// exec executes statements as the administrator.
func (s *server) exec(t *testing.T, statements ...string) {
	t.Helper()
	root := s.root(t)
	for _, statement := range statements {
		if _, err := root.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// dump lists all that a broker can have made.
func (s *server) dump(ctx context.Context) (lines []string, err error) {
	root, err := s.connect("root", rootPassword)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	queries := []string{
		"SELECT CONCAT_WS(' ', 'database', SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME) FROM information_schema.SCHEMATA",
		"SELECT CONCAT_WS(' ', 'account', User, Host, max_user_connections, password_expired) FROM mysql.user",
		"SELECT CONCAT_WS(' ', 'db', User, Host, Db, Select_priv, Insert_priv) FROM mysql.db",
		"SELECT CONCAT_WS(' ', 'table', User, Host, Db, Table_name, Table_priv) FROM mysql.tables_priv",
		"SELECT CONCAT_WS(' ', 'column', User, Host, Db, Table_name, Column_name) FROM mysql.columns_priv",
		"SELECT CONCAT_WS(' ', 'routine', User, Host, Db, Routine_name) FROM mysql.procs_priv",
		"SELECT CONCAT_WS(' ', 'proxy', User, Host, Proxied_user) FROM mysql.proxies_priv",
		"SELECT CONCAT_WS(' ', 'table of', TABLE_SCHEMA, TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ('information_schema')",
		"SELECT CONCAT_WS(' ', 'routine of', ROUTINE_SCHEMA, ROUTINE_NAME, DEFINER) FROM information_schema.ROUTINES",
		"SELECT CONCAT_WS(' ', 'trigger of', TRIGGER_SCHEMA, TRIGGER_NAME, DEFINER) FROM information_schema.TRIGGERS",
		"SELECT CONCAT_WS(' ', 'event of', EVENT_SCHEMA, EVENT_NAME, DEFINER) FROM information_schema.EVENTS",
	}
	if s.kind.name == "mariadb" {
		queries = append(queries, "SELECT CONCAT_WS(' ', 'privileges', User, Host) FROM mysql.global_priv",
			"SELECT CONCAT_WS(' ', 'role', User, Host, Role) FROM mysql.roles_mapping")
	} else {
		queries = append(queries, "SELECT CONCAT_WS(' ', 'privileges', USER, HOST, PRIV) FROM mysql.global_grants",
			"SELECT CONCAT_WS(' ', 'role', FROM_USER, TO_USER) FROM mysql.role_edges")
	}
	for _, query := range queries {
		found, err := column(ctx, root, query)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		lines = append(lines, found...)
	}
	slices.Sort(lines)
	return lines, nil
}

// column returns the first column of a query.
func column(ctx context.Context, db *sql.DB, query string) (lines []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// shared are servers for all tests that leave them as they were. Each starts when a test
// first needs it.
var shared = struct {
	sync.Mutex
	servers map[string]*server
}{servers: map[string]*server{}}

func TestMain(m *testing.M) {
	m.Run()
	shared.Lock()
	defer shared.Unlock()
	for _, s := range shared.servers {
		if err := s.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// sharedServer returns the shared server of the kind, with the broker's account.
func sharedServer(t *testing.T, name string) *server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if s := shared.servers[name]; s != nil {
		return s
	}
	s, err := newServer(context.WithoutCancel(t.Context()), name, false)
	if err != nil {
		t.Fatal(err)
	}
	s.createBroker(t)
	shared.servers[name] = s
	return s
}

// startServer starts a server for one test, which may stop and change it.
func startServer(t *testing.T, name string, options ...string) *server {
	t.Helper()
	s, err := newServer(t.Context(), name, false, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.createBroker(t)
	return s
}

// createBroker creates the broker's account by the statements of the documentation.
func (s *server) createBroker(t *testing.T) {
	t.Helper()
	for _, statement := range documentedStatements(t, s.kind.name) {
		s.exec(t, strings.ReplaceAll(statement, "PASSWORD", brokerPassword))
	}
}
