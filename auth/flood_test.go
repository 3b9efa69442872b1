package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

// A flood of wrong passwords occupies only the slots and the queue. Known
// passwords are still accepted, and the sender with the most waiting requests
// receives a 503.
func TestBasicFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBasic(t,
			auth.Credential{Username: "cc", PasswordHash: bcryptHash(t, "right")},
			auth.Credential{Username: "kf", Password: "plain"})
		if _, err := authenticate(b, basicHeader("cc", "right")); err != nil {
			t.Fatal(err)
		}
		release := b.OccupySlots()
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := b.Authenticate(request(ctx, basicHeader("cc", "wrong")))
			gone <- err
		}()
		synctest.Wait()
		waiting := make(chan error, auth.MaxWaiting)
		for range auth.MaxWaiting - 1 {
			go func() {
				_, err := authenticate(b, basicHeader("cc", "wrong"))
				waiting <- err
			}()
		}
		synctest.Wait()

		_, err := authenticate(b, basicHeader("cc", "wrong"))
		if !errors.Is(err, openbroker.ErrUnavailable) {
			t.Errorf("a request beyond the limit: %v", err)
		}
		// Another sender is nevertheless admitted.
		other := make(chan error, 1)
		go func() {
			_, err := authenticate(b, basicHeader("kf", "wrong"))
			other <- err
		}()
		if err := <-waiting; !errors.Is(err, openbroker.ErrUnavailable) {
			t.Errorf("the request that another sender displaced: %v", err)
		}
		for _, header := range []string{basicHeader("cc", "right"), basicHeader("kf", "plain")} {
			if _, err := authenticate(b, header); err != nil {
				t.Errorf("a known password during the flood: %v", err)
			}
		}
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) || !errors.Is(err, openbroker.ErrUnavailable) {
			t.Errorf("a client that disconnected: %v", err)
		}
		release()
		if err := <-other; !errors.Is(err, openbroker.ErrUnauthorized) {
			t.Errorf("another sender: %v", err)
		}
		for range auth.MaxWaiting - 2 {
			if err := <-waiting; !errors.Is(err, openbroker.ErrUnauthorized) {
				t.Errorf("a wrong password in the queue: %v", err)
			}
		}
	})
}

// Verified passwords stay verified when other lines of the file change, but not
// when their own line changes.
func TestBasicKeepsVerifiedPasswords(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "credentials")
	cc, kf, changed := bcryptHash(t, "cc-secret"), bcryptHash(t, "kf-secret"), bcryptHash(t, "kf-secret")
	write(t, path, "[cf]\ncc:"+cc+"\n[korifi]\nkf:"+kf+"\n")
	b, err := auth.LoadBasic(path)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, b)
	mustAccept(t, s.provision(t, basicHeader("cc", "cc-secret")), "cc", "basic", "cf")
	mustAccept(t, s.provision(t, basicHeader("kf", "kf-secret")), "kf", "basic", "korifi")
	mustRefuse(t, s.provision(t, basicHeader("cc", "wrong")), basicChallenge)
	write(t, path, "[cf-eu]\ncc:"+cc+"\n[korifi]\nkf:"+changed+"\nsm:"+bcryptHash(t, "sm-secret")+"\n")
	if reloaded, err := b.Reload(path); err != nil || !reloaded {
		t.Fatal(reloaded, err)
	}
	release := b.OccupySlots() // Every verification now waits.
	for _, c := range []struct {
		username, password string
		waits              bool
	}{{"cc", "cc-secret", false}, {"kf", "kf-secret", true}} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := b.Authenticate(request(ctx, basicHeader(c.username, c.password)))
			done <- err
		}()
		await(t, "a result, or a waiting verification", func() bool { return len(done) == 1 || b.Waiting() == 1 })
		cancel()
		if err := <-done; errors.Is(err, context.Canceled) != c.waits || !c.waits && err != nil {
			t.Errorf("%s: %v", c.username, err)
		}
	}
	release()
	mustAccept(t, s.provision(t, basicHeader("cc", "cc-secret")), "cc", "basic", "cf-eu")
	// The cache of wrong passwords does not outlive the credentials.
	write(t, path, "[cf-eu]\ncc:"+cc+"\ncc:"+bcryptHash(t, "wrong")+"\n")
	if reloaded, err := b.Reload(path); err != nil || !reloaded {
		t.Fatal(reloaded, err)
	}
	mustAccept(t, s.provision(t, basicHeader("cc", "wrong")), "cc", "basic", "cf-eu")
}

// patience is how long a test waits for an expected event.
const patience = 30 * time.Minute

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.After(patience)
	for !holds() {
		select {
		case <-time.After(time.Millisecond):
		case <-late:
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// guesses is the number of connections of a guesser.
const guesses = 100

// steppedServer is a server that verifies one password at a time, each when the test
// permits it, and records the passwords. The header X-Address simulates the address
// of a client.
type steppedServer struct {
	*httptest.Server
	basic    *auth.Basic
	mu       sync.Mutex
	verified []string
	step     chan struct{}
}

func newSteppedServer(t *testing.T, credentials ...auth.Credential) *steppedServer {
	t.Helper()
	c := &steppedServer{basic: newBasic(t, credentials...), step: make(chan struct{})}
	c.basic.SetSlots(1)
	c.basic.BeforeVerification(c.note)
	handler := openbroker.NewHandler(broker{}, openbroker.WithAuthenticator(c.basic), openbroker.WithLogger(new(logBuffer).logger()))
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = r.Header.Get("X-Address")
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// note records a verification and blocks it until the next step.
func (c *steppedServer) note(password string) {
	c.mu.Lock()
	c.verified = append(c.verified, password)
	c.mu.Unlock()
	<-c.step
}

// ask sends a request on a new connection and delivers the status on a channel.
func (c *steppedServer) ask(t *testing.T, address, username, password string) <-chan int {
	t.Helper()
	status := make(chan int, 1)
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, c.URL+"/v2/catalog", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Address", address)
	r.Header.Set("X-Broker-API-Version", "2.17")
	r.SetBasicAuth(username, password)
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Do(r)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		response.Body.Close()
		status <- response.StatusCode
	}()
	return status
}

// flood sends wrong passwords, each on a new connection.
func (c *steppedServer) flood(t *testing.T, address, username string) {
	t.Helper()
	before := c.basic.Waiting()
	var statuses []<-chan int
	for i := range guesses {
		statuses = append(statuses, c.ask(t, address, username, fmt.Sprintf("guess %d of %s", i, username)))
	}
	t.Cleanup(func() {
		close(c.step)
		for _, received := range statuses {
			if status := <-received; status != http.StatusUnauthorized {
				t.Errorf("the response to a guess is %d", status)
			}
		}
	})
	await(t, "the guesses to wait", func() bool { return c.basic.Waiting() >= before+guesses-1 })
}

// position returns how many verifications have begun before that of a password.
func (c *steppedServer) position(t *testing.T, password string) int {
	t.Helper()
	for {
		c.mu.Lock()
		at := slices.Index(c.verified, password)
		c.mu.Unlock()
		if at >= 0 {
			return at
		}
		select {
		case c.step <- struct{}{}:
		case <-time.After(patience):
			t.Fatal("nothing is verified")
		}
	}
}

// accepted lets verifications proceed until the request has its response.
func (c *steppedServer) accepted(t *testing.T, received <-chan int) {
	t.Helper()
	for {
		select {
		case c.step <- struct{}{}:
		case status := <-received:
			if status != http.StatusOK {
				t.Errorf("the response to the platform is %d", status)
			}
			return
		case <-time.After(patience):
			t.Fatal("the platform receives no response")
		}
	}
}

// While a guesser floods the broker, other senders wait for a few of the guesses,
// not for all of them.
func TestBasicFloodIsFair(t *testing.T) {
	t.Parallel()
	const guesser = "192.0.2.66:1234"
	for _, c := range []struct {
		name, address, username string
		// before logs in from the platform's address before the flood starts.
		before bool
		most   int
	}{
		{"another address", "192.0.2.1:99", "cc", false, 2},
		{"another network", "[2001:db8:1:2::3]:99", "cc", false, 2},
		{"the same address, behind a proxy", "192.0.2.66:99", "kf", false, 2},
		{"known, behind the same proxy", "192.0.2.66:99", "kf", true, 1},
		{"known", "192.0.2.1:99", "kf", true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cc := auth.Credential{Username: "cc", PasswordHash: bcryptHash(t, "cc-secret")}
			kf := auth.Credential{Username: "kf", PasswordHash: bcryptHash(t, "kf-secret")}
			s := newSteppedServer(t, cc, kf)
			password := c.username + "-secret"
			if c.before {
				status := s.ask(t, c.address, c.username, password)
				s.accepted(t, status)
				// The password changes, so that the broker must verify it again.
				password = "rotated"
				kf.PasswordHash = bcryptHash(t, password)
				if err := s.basic.Replace(cc, kf); err != nil {
					t.Fatal(err)
				}
				s.basic.BeforeVerification(s.note)
			}
			s.flood(t, guesser, "cc")
			waiting := s.basic.Waiting()
			s.mu.Lock()
			already := len(s.verified)
			s.mu.Unlock()
			status := s.ask(t, c.address, c.username, password)
			await(t, "the platform to wait", func() bool { return s.basic.Waiting() == waiting+1 })
			if at := s.position(t, password) - already; at >= c.most {
				t.Errorf("%d guesses went first, want less than %d", at, c.most)
			}
			s.accepted(t, status)
		})
	}
}

// A sender that sends a wrong password loses its precedence, also for its waiting
// requests.
func TestBasicFloodByKnownSender(t *testing.T) {
	t.Parallel()
	s := newSteppedServer(t,
		auth.Credential{Username: "cc", PasswordHash: bcryptHash(t, "cc-secret")},
		auth.Credential{Username: "kf", PasswordHash: bcryptHash(t, "kf-secret")})
	status := s.ask(t, "192.0.2.66:1", "cc", "cc-secret")
	s.accepted(t, status)
	s.flood(t, "192.0.2.66:1", "cc")
	waiting := s.basic.Waiting()
	status = s.ask(t, "192.0.2.1:1", "kf", "kf-secret")
	await(t, "the platform to wait", func() bool { return s.basic.Waiting() == waiting+1 })
	// The first login, a guess in progress, and the guess that reveals the guesser.
	if at := s.position(t, "kf-secret"); at > 4 {
		t.Errorf("%d passwords were verified before that of the platform", at)
	}
	s.accepted(t, status)
}
