//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// startTimeout bounds how long a server may take to accept connections. After a
	// kill it may have to recover first.
	startTimeout = time.Minute
	// stopTimeout bounds how long a server may take to end before it is killed.
	stopTimeout = 20 * time.Second
	// pollInterval is the interval of connection attempts to a starting server.
	pollInterval = 10 * time.Millisecond
	// directoryPrefix marks the temporary directories of this package.
	directoryPrefix = "openbroker-pgtest-"
)

// A Server is a private PostgreSQL server. DSN and CreateDatabase are safe for
// concurrent use. Only one goroutine at a time may call the other methods.
type Server struct {
	fsync    bool
	settings []string

	binaries  string
	directory string
	// owned is the lock of the directory. This process holds it as long as it lives,
	// see sweep.
	owned   *os.File
	account *syscall.Credential
	port    int
	created atomic.Int64

	mu        sync.Mutex
	fileLimit int64
	// process and exited belong to the running server. They are nil while it is
	// stopped.
	process *os.Process
	exited  chan struct{}
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
	if s.binaries, err = findBinaries(); err != nil {
		return err
	}
	if s.account, err = unprivileged(); err != nil {
		return err
	}
	sweep(os.TempDir())
	if s.directory, s.owned, err = makeDirectory(os.TempDir()); err != nil {
		return err
	}
	if s.account != nil {
		if err := os.Chown(s.directory, int(s.account.Uid), int(s.account.Gid)); err != nil {
			return err
		}
	}
	if s.port, err = freePort(ctx); err != nil {
		return err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(s.binaries, "initdb"), //nolint:gosec // The path is that of an installed program.
		"--pgdata", s.data(), "--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = attributes(s.account), s.directory
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, output)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.directory, "data") }

func (s *Server) log() string { return filepath.Join(s.directory, "log") }

// freePort returns a port that is free now.
func freePort(ctx context.Context) (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("pgtest: unexpected address %v", listener.Addr())
	}
	return address.Port, nil
}

// DSN returns the URL of the database postgres of the server, for its superuser. It
// stays the same when the server is started again.
func (s *Server) DSN() string { return s.dsn("postgres") }

func (s *Server) dsn(database string) string {
	return "postgres://postgres@127.0.0.1:" + strconv.Itoa(s.port) + "/" + database + "?sslmode=disable"
}

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
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.launch(); err != nil {
		return err
	}
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		conn, err := pgconn.Connect(ctx, s.DSN())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.exited:
			s.process, s.exited = nil, nil
			return fmt.Errorf("pgtest: the server ended while it started:\n%s", s.tail())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("pgtest: the server does not accept connections: %w\n%s", err, s.tail()), s.end(syscall.SIGQUIT))
		case <-ticker.C:
		}
	}
}

// launch starts the process of the server, from a thread that lives until the server
// has ended: the kernel ends the server with the thread that started it.
func (s *Server) launch() error {
	output, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	arguments := []string{"-D", s.data(), "-c", "port=" + strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + s.directory}
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
	command := exec.Command(program, arguments...) //nolint:gosec,noctx // An installed program; it outlives the call.
	command.SysProcAttr, command.Dir = attributes(s.account), s.directory
	command.Stdout, command.Stderr = output, output
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(exited)
		defer func() { _ = output.Close() }()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // The exit status does not matter.
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	s.process, s.exited = command.Process, exited
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
	if err := s.process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-s.exited:
	case <-timer.C:
		if err := s.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		<-s.exited
	}
	s.process, s.exited = nil, nil
	return nil
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
func (s *Server) Pause() error { return s.signalAll(syscall.SIGSTOP) }

// Resume continues the processes after Pause. Its errors are those of Pause.
func (s *Server) Resume() error { return s.signalAll(syscall.SIGCONT) }

func (s *Server) signalAll(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return ErrNotRunning
	}
	// Signal the postmaster first, so that it starts no more processes.
	if err := s.process.Signal(signal); err != nil {
		return err
	}
	pids, err := children(s.process.Pid)
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// Close ends the server and deletes its directory. It can be called twice.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.process != nil {
		// A paused process handles only SIGCONT.
		err = errors.Join(s.process.Signal(syscall.SIGCONT), s.end(syscall.SIGQUIT))
	}
	if s.directory != "" {
		err = errors.Join(err, os.RemoveAll(s.directory))
	}
	if s.owned != nil {
		err = errors.Join(err, s.owned.Close())
		s.owned = nil
	}
	return err
}

// tail returns the end of the log of the server.
func (s *Server) tail() string {
	text, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
