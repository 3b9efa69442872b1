package nats_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/openbroker/openbroker/internal/testserver"
)

// helper, in the environment, makes the test binary a NATS server with this configuration
// file.
const helper = "OPENBROKER_TEST_NATS"

func TestMain(m *testing.M) {
	file := os.Getenv(helper)
	if file == "" {
		m.Run()
		return
	}
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		panic(err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		panic(err)
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
}

// A natsServer is a server in operator mode.
type natsServer struct {
	home     *testserver.Home
	port     int
	operator nkeys.KeyPair
	system   string // the id of the system account
	creds    string // of a user of the system account
	seed     string // of the operator
	// resolver and extra are parts of the configuration.
	resolver, extra string

	mu      sync.Mutex
	process *testserver.Process
}

// serverOptions change the configuration before the first start.
type serverOption func(*natsServer)

func withResolver(text string) serverOption { return func(s *natsServer) { s.resolver = text } }
func withExtra(text string) serverOption    { return func(s *natsServer) { s.extra = text } }

// fullResolver is the resolver that the provider needs.
const fullResolver = `resolver: {type: full, dir: "%s", allow_delete: true, hard_delete: true, interval: "2m"}`

// startServer starts a server that ends with the test.
func startServer(t *testing.T, options ...serverOption) *natsServer {
	t.Helper()
	home, err := testserver.NewHome()
	if err != nil {
		t.Fatal(err)
	}
	home.Account = nil // Another account could not run the test binary.
	s := &natsServer{home: home, resolver: fullResolver, extra: "jetstream: {max_file_store: 34359738368, max_memory_store: 8589934592}"}
	t.Cleanup(func() {
		if err := errors.Join(s.Kill(), home.Remove()); err != nil {
			t.Error(err)
		}
	})
	for _, option := range options {
		option(s)
	}
	if s.port, err = testserver.FreePort(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.configure(t)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// key makes a key and returns its public part and its seed.
func key(t *testing.T, create func() (nkeys.KeyPair, error)) (pair nkeys.KeyPair, public, seed string) {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = pair.PublicKey(); err != nil {
		t.Fatal(err)
	}
	secret, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return pair, public, string(secret)
}

// configure writes the configuration of a server with an operator and a system account.
func (s *natsServer) configure(t *testing.T) {
	t.Helper()
	operator, operatorID, seed := key(t, nkeys.CreateOperator)
	systemKey, systemID, _ := key(t, nkeys.CreateAccount)
	s.operator, s.seed, s.system = operator, seed, systemID
	system := jwt.NewAccountClaims(systemID)
	system.Name = "SYS"
	systemToken, err := system.Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.NewOperatorClaims(operatorID)
	claims.Name, claims.SystemAccount = "test", systemID
	operatorToken, err := claims.Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	_, userID, userSeed := key(t, nkeys.CreateUser)
	userToken, err := jwt.NewUserClaims(userID).Encode(systemKey)
	if err != nil {
		t.Fatal(err)
	}
	creds, err := jwt.FormatUserConfig(userToken, []byte(userSeed))
	if err != nil {
		t.Fatal(err)
	}
	s.creds = string(creds)
	resolver := s.resolver
	if strings.Contains(resolver, "%s") {
		resolver = fmt.Sprintf(resolver, filepath.Join(s.home.Path, "jwt"))
	}
	text := "listen: 127.0.0.1:" + strconv.Itoa(s.port) + "\nserver_name: test\ndebug: true\ntrace: true\n" +
		"operator: " + operatorToken + "\nsystem_account: " + systemID + "\n" + resolver + "\nresolver_preload: {" + systemID + ": " + systemToken + "}\n" +
		strings.Replace(s.extra, "jetstream: {", `jetstream: {store_dir: "`+filepath.Join(s.home.Path, "store")+`", `, 1) + "\n"
	if _, err := s.home.WriteFile("nats.conf", []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func (s *natsServer) url() string { return "nats://127.0.0.1:" + strconv.Itoa(s.port) }

// settings are those of a provider, as YAML.
func (s *natsServer) settings() string {
	return "url: " + s.url() + "\noperator_seed: " + s.seed + "\nsystem_creds: " + strconv.Quote(s.creds) + "\n"
}

// Start starts the server unless it runs.
func (s *natsServer) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return nil
	}
	command := exec.Command(os.Args[0]) //nolint:noctx // This program; it outlives the call.
	command.Env = append(os.Environ(), helper+"="+filepath.Join(s.home.Path, "nats.conf"))
	process, err := s.home.Launch(command)
	if err != nil {
		return err
	}
	s.process = process
	return process.WaitReady(ctx, func(context.Context) error {
		conn, err := s.connect()
		if err != nil {
			return err
		}
		conn.Close()
		return nil
	})
}

// connect logs in as a user of the system account.
func (s *natsServer) connect() (*client.Conn, error) {
	token, err := jwt.ParseDecoratedJWT([]byte(s.creds))
	if err != nil {
		return nil, err
	}
	pair, err := jwt.ParseDecoratedUserNKey([]byte(s.creds))
	if err != nil {
		return nil, err
	}
	return client.Connect(s.url(), client.NoReconnect(), client.UserJWT(func() (string, error) { return token, nil }, pair.Sign))
}

// Stop ends the server, and waits.
func (s *natsServer) Stop() error { return s.end(syscall.SIGTERM) }

// Kill ends the server like a crash.
func (s *natsServer) Kill() error { return s.end(syscall.SIGKILL) }

func (s *natsServer) end(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	err := s.process.End(signal)
	s.process = nil
	return err
}

// dump lists the accounts of the resolver, and the directories of JetStream.
func (s *natsServer) dump(context.Context) ([]string, error) {
	var lines []string
	for _, directory := range []string{"jwt", "store"} {
		err := filepath.WalkDir(filepath.Join(s.home.Path, directory), func(path string, _ os.DirEntry, err error) error {
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			// The directory of the system account, and its lock files, are the server's own.
			if err == nil && !strings.Contains(path, s.system) && !strings.Contains(path, "_sys_") {
				lines = append(lines, strings.TrimPrefix(path, s.home.Path))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(lines)
	return lines, nil
}
