//go:build unix

package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// helper, in the environment, makes the test binary start a server, print its URL,
// and wait to be killed.
const helper = "PGTEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helper) == "" {
		m.Run()
		return
	}
	s, err := pgtest.New(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(s.DSN())
	select {}
}

// Servers of a template have nothing in common but their beginning.
func TestTemplate(t *testing.T) {
	t.Parallel()
	var template pgtest.Template
	var dsns []string
	for range 2 {
		s := pgtest.Start(t, pgtest.WithTemplate(&template), pgtest.WithPassword("Open/Sesame"))
		if err := s.Exec(t.Context(), "CREATE TABLE t (i INT)"); err != nil {
			t.Fatal(err)
		}
		dsns = append(dsns, s.DSN())
	}
	for _, dsn := range dsns {
		if _, err := pgx.Connect(t.Context(), strings.Replace(dsn, "Open%2FSesame", "wrong", 1)); err == nil {
			t.Error("a wrong password is accepted")
		}
	}
	if err := template.Close(); err != nil {
		t.Error(err)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Start(t, pgtest.WithSetting("max_connections", "17"))
	dsn := s.NewDatabase(t)
	if other := s.NewDatabase(t); other == dsn {
		t.Fatalf("two databases at %s", dsn)
	}
	if got := query(t, dsn, "SHOW max_connections"); got != "17" {
		t.Errorf("max_connections is %s", got)
	}
	if got := query(t, dsn, "SHOW fsync"); got != "off" {
		t.Errorf("fsync is %s", got)
	}
	query(t, dsn, "CREATE TABLE kept AS SELECT 'yes'::text AS value; SELECT ''")
	for name, interrupt := range map[string]func() error{
		"stop":    s.Stop,
		"kill":    s.Kill,
		"restart": func() error { return s.Restart(ctx) },
	} {
		if err := interrupt(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if conn, err := pgx.Connect(ctx, dsn); name != "restart" && err == nil {
			t.Errorf("after %s, the server accepts connections: %v", name, conn.Close(ctx))
		}
		if err := s.Start(ctx); err != nil {
			t.Fatalf("start after %s: %v", name, err)
		}
		if got := query(t, dsn, "SELECT value FROM kept"); got != "yes" {
			t.Errorf("after %s, the table holds %q", name, got)
		}
	}
}

func TestFsync(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t, pgtest.WithFsync())
	if got := query(t, s.DSN(), "SHOW fsync"); got != "on" {
		t.Errorf("fsync is %s", got)
	}
}

// A server with a password refuses other passwords, and does not log its own.
func TestPassword(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t, pgtest.WithPassword("Open/Sesame"), pgtest.WithSetting("log_connections", "on"))
	if got := query(t, s.NewDatabase(t), "SELECT current_user"); got != "postgres" {
		t.Errorf("the user is %q", got)
	}
	var refused *pgconn.PgError
	conn, err := pgx.Connect(t.Context(), strings.Replace(s.DSN(), "Sesame", "Barley", 1))
	if !errors.As(err, &refused) || refused.Code != "28P01" {
		t.Errorf("a login with another password: %v, %v", conn, err)
	}
	log, err := s.Log()
	if err != nil || !strings.Contains(log, `password authentication failed for user "postgres"`) || strings.Contains(log, "Sesame") {
		t.Errorf("the log: %v\n%s", err, log)
	}
}

func TestBinaries(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	s, err := pgtest.New(t.Context(), pgtest.WithBinaries(directory))
	if err == nil || !strings.Contains(err.Error(), filepath.Join(directory, "initdb")) {
		t.Errorf("a directory without programs: %v, %v", s, err)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	conn, err := pgx.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	brief, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := conn.Ping(brief); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a paused server answers: %v", err)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if got := query(t, s.DSN(), "SELECT 'again'"); got != "again" {
		t.Errorf("after resuming: %q", got)
	}
}

// A killed test must leave no server. The next start deletes its directory.
func TestEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	temporary, err := os.MkdirTemp("", "pgtest") //nolint:usetesting // t.TempDir is too long for a socket's path, and closed to other accounts.
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temporary)
	if err := os.Chmod(temporary, 0o755); err != nil {
		t.Fatal(err)
	}
	dsn := startHelper(t, temporary)
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", config.Port)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Minute)
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			break
		}
		conn.Close()
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal("the server outlives the process that started it")
		}
	}
	startHelper(t, temporary)
	left, err := filepath.Glob(filepath.Join(temporary, "openbroker-test-*"))
	if err != nil || len(left) != 1 {
		t.Errorf("remaining directories: %v, %v", left, err)
	}
}

// startHelper starts a process with a server, kills the process, and returns the URL
// of the server.
func startHelper(t *testing.T, temporary string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), helper+"=1", "TMPDIR="+temporary)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	command.Wait()
	return strings.TrimSpace(line)
}

// query executes statements and returns the last value.
func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := results[len(results)-1].Rows
	return string(rows[len(rows)-1][0])
}
