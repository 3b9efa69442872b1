//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openbroker/openbroker/internal/testserver"
)

// A Server is a private PostgreSQL server. DSN and CreateDatabase are safe for
// concurrent use. Only one goroutine at a time may call the other methods.
type Server struct {
	fsync    bool
	settings []string
	// password is empty if the server trusts its clients.
	password string
	// certificate and key are empty if the server has no TLS.
	certificate, key []byte
	// template is nil if the server has a data directory of its own making.
	template *Template

	binaries string
	home     *testserver.Home
	port     int
	created  atomic.Int64

	mu        sync.Mutex
	fileLimit int64
	// process is nil while the server is stopped.
	process *testserver.Process
}

// New creates a server and starts it. Close it when done.
func New(ctx context.Context, options ...Option) (*Server, error) {
	s := &Server{}
	for _, option := range options {
		option(s)
	}
	if err := s.setUp(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) setUp(ctx context.Context) error {
	var err error
	if s.binaries == "" {
		if s.binaries, err = findBinaries(); err != nil {
			return err
		}
	}
	if s.home, err = testserver.NewHome("postgres"); err != nil {
		return err
	}
	if s.port, err = testserver.FreePort(ctx); err != nil {
		return err
	}
	if len(s.certificate) > 0 {
		if err := s.setUpTLS(); err != nil {
			return err
		}
	}
	if s.template != nil {
		return s.template.copy(ctx, s)
	}
	return s.initialize(ctx, s.home, s.data())
}

// initialize makes a data directory in a home.
func (s *Server) initialize(ctx context.Context, home *testserver.Home, data string) error {
	arguments := []string{"--pgdata", data, "--username", "postgres", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--auth-local", "trust", "--auth-host"}
	if s.password == "" {
		arguments = append(arguments, "trust")
	} else {
		file, err := home.WriteFile("password", []byte(s.password))
		if err != nil {
			return err
		}
		arguments = append(arguments, "scram-sha-256", "--pwfile", file)
	}
	return home.Run(exec.CommandContext(ctx, filepath.Join(s.binaries, "initdb"), arguments...)) //nolint:gosec // The path is that of an installed program.
}

// setUpTLS writes the files of the certificate.
func (s *Server) setUpTLS() error {
	s.settings = append(s.settings, "ssl=on")
	for setting, content := range map[string][]byte{"ssl_cert_file": s.certificate, "ssl_key_file": s.key} {
		path, err := s.home.WriteFile(setting, content)
		if err != nil {
			return err
		}
		s.settings = append(s.settings, setting+"="+path)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.home.Path, "data") }

// DSN returns the URL of the database postgres of the server, for its superuser. It
// stays the same when the server is started again.
func (s *Server) DSN() string { return s.dsn("postgres") }

func (s *Server) dsn(database string) string {
	account := url.User("postgres")
	if s.password != "" {
		account = url.UserPassword("postgres", s.password)
	}
	return "postgres://" + account.String() + "@127.0.0.1:" + strconv.Itoa(s.port) + "/" + database + "?sslmode=disable"
}

// Log returns what the server has logged, over all its starts.
func (s *Server) Log() (string, error) { return s.home.Log() }

// CreateDatabase creates an empty database and returns its URL.
func (s *Server) CreateDatabase(ctx context.Context) (string, error) {
	name := "test_" + strconv.FormatInt(s.created.Add(1), 10)
	if err := s.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	return s.dsn(name), nil
}

// Exec executes statements as the superuser in the database postgres.
func (s *Server) Exec(ctx context.Context, statements string) error {
	conn, err := pgconn.Connect(ctx, s.DSN())
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	_, err = conn.Exec(ctx, statements).ReadAll()
	return errors.Join(err, conn.Close(ctx))
}

// Start starts the server unless it runs, and returns when it accepts connections.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return nil
	}
	if err := s.launch(); err != nil {
		return err
	}
	err := s.process.WaitReady(ctx, func(ctx context.Context) error {
		conn, err := pgconn.Connect(ctx, s.DSN())
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	})
	if err != nil {
		return errors.Join(err, s.end(syscall.SIGQUIT))
	}
	return nil
}

// launch starts the process of the server.
func (s *Server) launch() error {
	arguments := []string{"-D", s.data(), "-c", "port=" + strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + s.home.Path}
	if !s.fsync {
		arguments = append(arguments, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	for _, setting := range s.settings {
		arguments = append(arguments, "-c", setting)
	}
	program := filepath.Join(s.binaries, "postgres")
	if s.fileLimit > 0 {
		// POSIX counts in blocks of 512 bytes.
		arguments = append([]string{"-c", `ulimit -S -f "$0" && exec "$@"`, strconv.FormatInt(s.fileLimit/512, 10), program}, arguments...)
		program = "/bin/sh"
	}
	process, err := s.home.Launch(exec.Command(program, arguments...)) //nolint:gosec,noctx // An installed program; it outlives the call.
	if err != nil {
		return err
	}
	s.process = process
	return nil
}

// Stop shuts the server down: it disconnects clients and writes all data to disk.
func (s *Server) Stop() error { return s.shutDown(syscall.SIGINT) }

// Kill ends the server like a crash. Its next start recovers.
func (s *Server) Kill() error { return s.shutDown(syscall.SIGQUIT) }

// Restart calls Stop and Start.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	return s.Start(ctx)
}

func (s *Server) shutDown(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(signal)
}

// end sends the signal to the server and waits until it has ended.
func (s *Server) end(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	err := s.process.End(signal)
	s.process = nil
	return err
}

// LimitFiles sets the maximum size in bytes of each file of the server, to simulate
// a full disk; 0 removes the limit. It takes effect at the next start. The limit
// must exceed 16 MiB, the size of a WAL file.
func (s *Server) LimitFiles(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fileLimit = bytes
}

// ErrNotRunning means that the server does not run.
var ErrNotRunning = errors.New("pgtest: the server is not running")

// Pause stops all processes of the server with SIGSTOP: connections stay open, and
// nothing answers. It needs Linux. The error is [ErrNotRunning] if the server does
// not run.
func (s *Server) Pause() error { return s.signalAll((*testserver.Process).Pause) }

// Resume continues the processes after Pause. Its errors are those of Pause.
func (s *Server) Resume() error { return s.signalAll((*testserver.Process).Resume) }

func (s *Server) signalAll(send func(*testserver.Process) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return ErrNotRunning
	}
	return send(s.process)
}

// Close ends the server and deletes its directory. It can be called twice.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.process != nil {
		// A paused process handles only SIGCONT.
		err = errors.Join(s.process.Continue(), s.end(syscall.SIGQUIT))
	}
	if s.home != nil {
		err = errors.Join(err, s.home.Remove())
	}
	return err
}
