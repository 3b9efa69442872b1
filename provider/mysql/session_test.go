package mysql_test

import (
	"database/sql"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// Sessions end with their binding, whatever they do, and none can come after them.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		b := startBroker(t, s.service())
		credentials := b.bind(t, "b", nil)
		idle, busy, holding := login(t, credentials), login(t, credentials), login(t, credentials)
		run(t, idle, "CREATE TABLE t (i INT)", "INSERT INTO t VALUES (1)")
		run(t, holding, "START TRANSACTION", "UPDATE t SET i = 2")
		ended := make(chan error, 1)
		go func() {
			_, err := busy.ExecContext(t.Context(), "SELECT SLEEP(1000)")
			ended <- err
		}()
		running := "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(%' AND USER = '" + credentials["username"].(string) + "'"
		waitFor(t, "the statement", func() bool { return value(t, s.root(t), running) == "1" })
		// A client that always comes back.
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					db, err := open(credentials)
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = db.ExecContext(t.Context(), "INSERT INTO t VALUES (3)")
					_ = db.Close()
				}
			}
		}()
		b.unbind(t, "b")
		// The server ends a statement that sleeps with an error, or with a result that
		// the closed connection does not deliver.
		if err := <-ended; err == nil {
			t.Error("the statement of the unbound application came to its end")
		}
		for _, db := range []*sql.DB{idle, holding} {
			if db.PingContext(t.Context()) == nil {
				t.Error("a session of the unbound application goes on")
			}
		}
		if left := value(t, s.root(t), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = ?", credentials["username"]); left != "0" {
			t.Errorf("%s sessions are left", left)
		}
		close(stop)
		<-stopped
		run(t, login(t, b.bind(t, "next", nil)), "UPDATE t SET i = 4")
		b.deprovision(t)
		s.unchanged(t, before)
	})
}

// A deprovision ends sessions that hold locks on the tables.
func TestDeprovisionUnderTransaction(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		before := s.mustDump(t)
		b := startBroker(t, s.service())
		db := login(t, b.bind(t, "b", nil))
		run(t, db, "CREATE TABLE t (i INT)", "START TRANSACTION", "INSERT INTO t VALUES (1)")
		b.deprovision(t)
		s.unchanged(t, before)
	})
}

// A login that began before the unbind, and stays in the middle, does not come through
// afterwards. Only caching_sha2_password has a middle: the server has found the account,
// and waits for the password.
func TestLoginInTheMiddle(t *testing.T) {
	t.Parallel()
	if !slices.Contains(tested(), "mysql") {
		t.Skip("make mysql-server runs it")
	}
	s := sharedServer(t, "mysql")
	s.inUse.Lock()
	defer s.inUse.Unlock()
	b := startBroker(t, s.service())
	credentials := b.bind(t, "b", nil)
	gate := newGate(t, s.port, 1)
	slow := openbroker.Credentials{}
	for key, value := range credentials {
		slow[key] = value
	}
	slow["port"] = gate.port
	db := login(t, slow)
	logged := make(chan error, 1)
	go func() { logged <- db.PingContext(t.Context()) }()
	<-gate.held
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.unbind(t, "b")
	}()
	waitFor(t, "the lock of the account", func() bool {
		return value(t, s.root(t), "SELECT COUNT(*) FROM mysql.user WHERE User = ? AND password_expired = 'N'", credentials["username"]) == "0"
	})
	// An unbind that does not wait for the login ends now.
	timer := time.NewTimer(time.Second)
	select {
	case <-done:
		t.Error("the unbind did not wait for the login")
	case <-timer.C:
	}
	gate.open()
	<-logged
	<-done
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE t (i INT)"); err == nil {
		t.Error("the login came through, and its session goes on")
	}
	b.deprovision(t)
}

// A gate passes connections on to a server. It holds what the client sends after the
// first messages, until it is opened.
type gate struct {
	port int
	held chan struct{}
	open func()
}

func newGate(t *testing.T, target, messages int) *gate {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	g := &gate{port: listener.Addr().(*net.TCPAddr).Port, held: make(chan struct{}), open: sync.OnceFunc(func() { close(opened) })}
	t.Cleanup(g.open)
	go func() {
		client, err := listener.Accept()
		_ = listener.Close() // There is no second one.
		if err != nil {
			return
		}
		defer client.Close()
		server, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(target)))
		if err != nil {
			return
		}
		defer server.Close()
		go func() {
			_, _ = io.Copy(client, server)
			_ = client.Close()
		}()
		buffer := make([]byte, 1<<16)
		for i := 0; ; i++ {
			n, err := client.Read(buffer)
			if err != nil {
				return
			}
			if i == messages {
				close(g.held)
				<-opened
			}
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	return g
}

// The session of an earlier attempt, which may be paused in another process, ends before
// a later attempt begins.
func TestEarlierAttempt(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		b := startBroker(t, s.service())
		database := b.bind(t, "b", nil)["database"].(string)
		name, ok := credential.ResourceName(database)
		if !ok {
			t.Fatalf("the database has the name %q", database)
		}
		replica, err := s.connect("broker", brokerPassword)
		if err != nil {
			t.Fatal(err)
		}
		defer replica.Close()
		earlier, err := replica.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer earlier.Close()
		var taken int
		if err := earlier.QueryRowContext(t.Context(), "SELECT GET_LOCK(?, 0)", "openbroker."+credential.Identifier(name)).Scan(&taken); err != nil || taken != 1 {
			t.Fatalf("the lock: %d, %v", taken, err)
		}
		b.deprovision(t)
		if _, err := earlier.ExecContext(t.Context(), "CREATE DATABASE IF NOT EXISTS `"+database+"`"); err == nil {
			t.Error("the session of the earlier attempt goes on")
		}
	})
}

// Names have the length that MySQL allows, for any ids.
func TestNames(t *testing.T) {
	t.Parallel()
	forEachKind(t, func(t *testing.T, s *server) {
		b := s.service().Start(t)
		for _, id := range []string{"a_b%c", strings.Repeat("x", 200), "ä'`\\"} {
			if err := b.Provision(t, id, "small", nil); err != nil {
				t.Fatal(err)
			}
			credentials, err := b.Bind(t, id, id, "small", nil)
			if err != nil {
				t.Fatal(err)
			}
			if user, database := credentials["username"].(string), credentials["database"].(string); len(user) != 32 || len(database) != 28 {
				t.Errorf("the user %q and the database %q have other lengths", user, database)
			}
			run(t, login(t, credentials), "CREATE TABLE t (i INT)")
			if err := b.Deprovision(t, id, "small"); err != nil {
				t.Fatal(err)
			}
		}
	})
}
