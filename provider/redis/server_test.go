package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker/internal/testserver"
)

// adminPassword is that of the user default, which the broker uses.
const adminPassword = "TheBrokersOwnPassword0123456789abcdef"

// servers are the programs to test with: those of OPENBROKER_REDIS_SERVERS, see
// .ci/redis-versions, or redis-server.
func servers() []string {
	if list := strings.Fields(os.Getenv("OPENBROKER_REDIS_SERVERS")); len(list) > 0 {
		return list
	}
	return []string{"redis-server"}
}

// forEachServer runs a test with each program.
func forEachServer(t *testing.T, test func(t *testing.T, program string)) {
	t.Helper()
	for _, program := range servers() {
		t.Run(filepath.Base(program), func(t *testing.T) {
			t.Parallel()
			test(t, program)
		})
	}
}

// A testServer is a server with a password, in a temporary directory.
type testServer struct {
	program string
	home    *testserver.Home
	process *testserver.Process
	host    string
	port    int
	// lines are those of its configuration, after the usual ones.
	lines []string
	// withACLFile says that users survive a restart.
	withACLFile bool
}

// An option changes a server before it starts.
type option func(t *testing.T, s *testServer)

// lines adds lines to the configuration.
func lines(text ...string) option {
	return func(_ *testing.T, s *testServer) { s.lines = append(s.lines, text...) }
}

// durably makes the data survive a crash.
func durably(_ *testing.T, s *testServer) {
	s.lines = append(s.lines, "appendonly yes", "appendfsync always")
}

// withACLFile makes users survive a restart.
func withACLFile(_ *testing.T, s *testServer) { s.withACLFile = true }

// newServer starts a server that ends with the test.
func newServer(t *testing.T, program string, options ...option) *testServer {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%v: make tools installs it", err)
	}
	home, err := testserver.NewHome()
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{program: path, home: home, host: "127.0.0.1"}
	t.Cleanup(func() {
		if err := errors.Join(s.Kill(), home.Remove()); err != nil {
			t.Error(err)
		}
	})
	if s.port, err = testserver.FreePort(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.lines = []string{"bind 127.0.0.1", "port " + strconv.Itoa(s.port), "dir " + home.Path, `save ""`, "loglevel debug", "timeout 0", "notify-keyspace-events KEA"}
	for _, change := range options {
		change(t, s)
	}
	if s.withACLFile {
		rules := "user default on >" + adminPassword + " ~* +@all\n"
		if s.compatible(t) >= 62 {
			rules = strings.Replace(rules, "~*", "~* &*", 1)
		}
		s.lines = append(s.lines, "aclfile "+s.file(t, "users.acl", rules))
	} else {
		s.lines = append(s.lines, "requirepass "+adminPassword)
	}
	s.lines = append(s.lines, "masterauth "+adminPassword)
	s.file(t, "redis.conf", strings.Join(s.lines, "\n")+"\n")
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// compatible returns the version of Redis as a number: 62 is 6.2. Valkey counts as 7.2.
func (s *testServer) compatible(t *testing.T) int {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), s.program, "--version").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(output), "v=")
	var major, minor int
	if _, err := fmt.Sscanf(text, "%d.%d", &major, &minor); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if strings.HasPrefix(string(output), "Valkey") {
		return 72
	}
	return 10*major + minor
}

// file writes a file of the server, and returns its path.
func (s *testServer) file(t *testing.T, name, content string) string {
	t.Helper()
	path, err := s.home.WriteFile(name, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Start starts the server unless it runs, and waits until it has loaded its data.
func (s *testServer) Start(ctx context.Context) error {
	if s.process != nil {
		return nil
	}
	var err error
	if s.process, err = s.home.Launch(exec.Command(s.program, filepath.Join(s.home.Path, "redis.conf"))); err != nil { //nolint:noctx // It outlives the call.
		return err
	}
	return s.process.WaitReady(ctx, func(ctx context.Context) error {
		client := s.client(0)
		defer func() { _ = client.Close() }()
		return client.Ping(ctx).Err()
	})
}

// Stop ends the server as its operator does, and Kill as a crash does.
func (s *testServer) Stop() error { return s.end(syscall.SIGTERM) }
func (s *testServer) Kill() error { return s.end(syscall.SIGKILL) }

func (s *testServer) end(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	return process.End(signal)
}

func (s *testServer) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// url is what the configuration of the broker names.
func (s *testServer) url() string { return "redis://:" + adminPassword + "@" + s.address() }

// settings are those of the provider.
func (s *testServer) settings(lines ...string) string {
	if !strings.Contains(strings.Join(lines, "\n"), "check_interval") {
		lines = append(lines, "check_interval: 100ms")
	}
	return strings.Join(append([]string{"url: " + s.url()}, lines...), "\n")
}

// client returns a client of the user default.
func (s *testServer) client(database int) *goredis.Client {
	return goredis.NewClient(&goredis.Options{Addr: s.address(), Password: adminPassword, DB: database, MaxRetries: -1, Protocol: 2, DisableIdentity: true})
}

// admin returns a client of the user default that ends with the test.
func (s *testServer) admin(t *testing.T) *goredis.Client {
	t.Helper()
	client := s.client(0)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// users returns the names of all users but default.
func (s *testServer) users(ctx context.Context, t *testing.T) []string {
	t.Helper()
	client := s.client(0)
	defer func() { _ = client.Close() }()
	names, err := client.Do(ctx, "acl", "users").StringSlice()
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "default" })
	sort.Strings(names)
	return names
}

// dump lists all users, all keys of all databases, and the records of the registry.
func (s *testServer) dump(ctx context.Context) ([]string, error) {
	client := s.client(0)
	defer func() { _ = client.Close() }()
	lines, err := client.Do(ctx, "acl", "users").StringSlice()
	if err != nil {
		return nil, err
	}
	databases := 1
	if text, err := client.ConfigGet(ctx, "cluster-enabled").Result(); err != nil {
		return nil, err
	} else if text["cluster-enabled"] != "yes" {
		databases = 16
	}
	for n := range databases {
		in := s.client(n)
		keys, err := in.Keys(ctx, "*").Result()
		records := map[string]string{}
		if err == nil {
			records, err = in.HGetAll(ctx, "openbroker:instances").Result()
		}
		if err = errors.Join(err, in.Close()); err != nil && !strings.Contains(err.Error(), "MOVED") {
			return nil, err
		}
		for _, key := range keys {
			if key != "openbroker:instances" {
				lines = append(lines, fmt.Sprint(n, " ", key))
			}
		}
		for name, record := range records {
			if name != "format" && name != "complete" {
				lines = append(lines, fmt.Sprint(n, " ", name, " ", record))
			}
		}
	}
	sort.Strings(lines)
	return lines, nil
}
