//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/internal/testserver"
)

var errNoBouncer = errors.New("pgtest: PgBouncer is not installed: `make tools` installs it, or: sudo apt-get install pgbouncer")

// A Bouncer is a private PgBouncer in front of a [Server].
type Bouncer struct {
	server  *Server
	home    *testserver.Home
	port    int
	process *testserver.Process
}

// StartBouncer starts a PgBouncer for one test, with a pool_mode and with more settings such as
// "default_pool_size = 5". The test fails if PgBouncer is not installed.
func (s *Server) StartBouncer(tb testing.TB, mode string, settings ...string) *Bouncer {
	tb.Helper()
	b := &Bouncer{server: s}
	tb.Cleanup(func() {
		if err := b.close(); err != nil {
			tb.Error(err)
		}
	})
	if err := b.start(tb.Context(), append([]string{"pool_mode = " + mode}, settings...)); err != nil {
		tb.Fatal(err)
	}
	return b
}

func (b *Bouncer) start(ctx context.Context, settings []string) error {
	program, err := findBouncer()
	if err != nil {
		return err
	}
	if b.home, err = testserver.NewHome("postgres"); err != nil {
		return err
	}
	if b.port, err = testserver.FreePort(ctx); err != nil {
		return err
	}
	users, err := b.home.WriteFile("users", []byte(`"postgres" "`+b.server.password+"\"\n"))
	if err != nil {
		return err
	}
	configuration, err := b.home.WriteFile("pgbouncer.ini", []byte(strings.Join(append([]string{
		"[databases]",
		"* = host=127.0.0.1 port=" + strconv.Itoa(b.server.port),
		"[pgbouncer]",
		"listen_addr = 127.0.0.1",
		"listen_port = " + strconv.Itoa(b.port),
		"unix_socket_dir =",
		"auth_type = trust",
		"auth_file = " + users,
	}, settings...), "\n")+"\n"))
	if err != nil {
		return err
	}
	if b.process, err = b.home.Launch(exec.Command(program, configuration)); err != nil { //nolint:gosec,noctx // An installed program; it outlives the call.
		return err
	}
	return b.process.WaitReady(ctx, func(ctx context.Context) error {
		conn, err := pgconn.Connect(ctx, b.DSN(b.server.DSN()))
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
}

// findBouncer returns the path of PgBouncer. Debian installs it where only root looks.
func findBouncer() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoBouncer
}

// DSN returns the URL of a database through PgBouncer, given its URL at the server.
func (b *Bouncer) DSN(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		panic(fmt.Sprintf("pgtest: a URL of the server: %v", err))
	}
	u.Host = "127.0.0.1:" + strconv.Itoa(b.port)
	return u.String()
}

// Log returns what PgBouncer has logged.
func (b *Bouncer) Log() (string, error) { return b.home.Log() }

func (b *Bouncer) close() error {
	var err error
	if b.process != nil {
		err = b.process.End(syscall.SIGTERM)
	}
	if b.home != nil {
		err = errors.Join(err, b.home.Remove())
	}
	return err
}
