package nats_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/nats"
	"github.com/openbroker/openbroker/server/config"
)

// start makes a provider with the settings.
func start(t *testing.T, settings string) (*provider.Dispatcher, error) {
	t.Helper()
	set, err := provider.NewSet(nats.Definition)
	if err != nil {
		t.Fatal(err)
	}
	text := "provider:\n  nats:\n    " + strings.ReplaceAll(strings.TrimSpace(settings), "\n", "\n    ") + "\n"
	c, err := config.Parse("openbroker.yaml", []byte(text), func(string) (string, bool) { return "", false }, set)
	if err != nil {
		return nil, err
	}
	group, err := c.Group()
	if err != nil {
		return nil, err
	}
	d, err := group.Start(t.Context(), provider.Host{Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return d, err
}

// A server that cannot be used is refused at the start, and the error says why.
func TestUnusableServers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options []serverOption
		change  func(*testing.T, *natsServer)
		problem string
	}{
		"accounts cannot be deleted": {
			options: []serverOption{withResolver(`resolver: {type: full, dir: "%s"}`)}, problem: "set allow_delete: true in the resolver",
		},
		"a resolver in memory": {options: []serverOption{withResolver("resolver: MEMORY")}, problem: "a resolver of type full"},
		"another operator": {
			change: func(t *testing.T, s *natsServer) {
				t.Helper()
				_, _, s.seed = key(t, nkeys.CreateOperator)
			}, problem: "operator_seed is not that of the server's operator",
		},
		"a user of another account": {
			change: func(t *testing.T, s *natsServer) {
				t.Helper()
				other, _, _ := key(t, nkeys.CreateAccount)
				_, user, seed := key(t, nkeys.CreateUser)
				token, err := jwt.NewUserClaims(user).Encode(other)
				if err != nil {
					t.Fatal(err)
				}
				creds, err := jwt.FormatUserConfig(token, []byte(seed))
				if err != nil {
					t.Fatal(err)
				}
				s.creds = string(creds)
			}, problem: "system_creds must be those of a user of the server's system account",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, test.options...)
			seed := s.seed
			if test.change != nil {
				test.change(t, s)
			}
			_, err := start(t, s.settings())
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("the error is %v, want one with %q", err, test.problem)
			}
			if err != nil && (strings.Contains(err.Error(), seed) || strings.Contains(err.Error(), s.seed)) {
				t.Error("the error shows the seed")
			}
		})
	}
}

// Without the server a broker starts; it is not healthy.
func TestServerAwayAtStart(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	d, err := start(t, s.settings())
	if err != nil {
		t.Fatal(err)
	}
	check := d.HealthChecks()[0]
	if err := check.Run(t.Context()); err == nil {
		t.Error("the provider is healthy without its server")
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, func() error { return check.Run(t.Context()) })
}

// wait repeats f until it returns nil.
func wait(t *testing.T, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

// Bad settings are found without a server, and the problem does not show secrets.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	_, _, operator := key(t, nkeys.CreateOperator)
	_, _, account := key(t, nkeys.CreateAccount)
	creds := func() string {
		pair, _, _ := key(t, nkeys.CreateAccount)
		_, user, seed := key(t, nkeys.CreateUser)
		token, err := jwt.NewUserClaims(user).Encode(pair)
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.FormatUserConfig(token, []byte(seed))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}()
	settings := func(url, seed, creds, more string) string {
		return fmt.Sprintf("url: %q\noperator_seed: %q\nsystem_creds: %q\n%s", url, seed, creds, more)
	}
	for text, problem := range map[string]string{
		settings("nats://h", operator, creds, ""):                                "",
		settings("nats://h,tls://i:4222", operator, creds, ""):                   "",
		settings("http://h", operator, creds, ""):                                `url has the scheme "http"`,
		settings("nats://u:p@h", operator, creds, ""):                            "url has a user",
		settings("nats://:4222", operator, creds, ""):                            "url has no host",
		settings("nats://h/x", operator, creds, ""):                              "url has a path",
		settings("nats://h", account, creds, ""):                                 "operator_seed is the seed of something else",
		settings("nats://h", "SOnothing", creds, ""):                             "operator_seed is no seed",
		settings("nats://h", operator, "nothing", ""):                            "system_creds is no content of a creds file",
		settings("nats://h", operator, creds, "reconcile_interval: 1s"):          "reconcile_interval must be at least 1m",
		settings("nats://h", operator, creds, "application_url: redis://h"):      "application_url has the scheme",
		settings("nats://h", operator, creds, "tls: {mode: disable, ca: /x}"):    "tls.mode is disable",
		settings("nats://h", operator, creds, "operator_sed: x"):                 `"operator_sed"`,
		"operator_seed: " + operator + "\nsystem_creds: " + strconv.Quote(creds): "url",
	} {
		set, err := provider.NewSet(nats.Definition)
		if err != nil {
			t.Fatal(err)
		}
		text = "provider:\n  nats:\n    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
		_, err = config.Parse("openbroker.yaml", []byte(text), func(string) (string, bool) { return "", false }, set)
		if (err != nil) != (problem != "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: %v, want %q", text, err, problem)
		}
		if err != nil && (strings.Contains(err.Error(), operator) || strings.Contains(err.Error(), account) || strings.Contains(err.Error(), "u:p")) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

// A plan that does not fit beside the others is refused, and leaves nothing.
func TestServerIsFull(t *testing.T) {
	t.Parallel()
	s := startServer(t, withExtra("jetstream: {max_file_store: 150000000, max_memory_store: 1073741824}"))
	before, err := s.dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := service(s).Start(t)
	for _, id := range []string{"a", "b"} { // 64 MiB each
		if err := b.Provision(t, id, "small", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Provision(t, "c", "small", nil); err == nil || !strings.Contains(err.Error(), "The server is full: the plan reserves 67108864 bytes on disk") {
		t.Errorf("the third instance: %v", err)
	}
	if err := b.Update(t, "a", "small", "large", nil); err == nil || !strings.Contains(err.Error(), "The server is full") {
		t.Errorf("the update: %v", err)
	}
	// After a restart the server has loaded no account.
	if err := errors.Join(s.Stop(), s.Start(t.Context())); err != nil {
		t.Fatal(err)
	}
	wait(t, func() error { return b.Providers.HealthChecks()[0].Run(t.Context()) })
	if err := b.Provision(t, "d", "small", nil); err == nil || !strings.Contains(err.Error(), "The server is full") {
		t.Errorf("the instance after the restart: %v", err)
	}
	for _, id := range []string{"a", "b"} {
		if err := b.Deprovision(t, id, "small"); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := s.dump(t.Context()); err != nil || strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("the server has %q, %v, and had %q", after, err, before)
	}
}

// A plan that is smaller than the streams of the instance is refused.
func TestPlanTooSmall(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := service(s).Start(t)
	if err := b.Provision(t, "i", "large", nil); err != nil {
		t.Fatal(err)
	}
	credentials, err := b.Bind(t, "i", "b", "large", nil)
	if err != nil {
		t.Fatal(err)
	}
	app, err := open(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Close() }()
	fill(t, app, 80)
	if err := b.Update(t, "i", "large", "small", nil); err == nil || !strings.Contains(err.Error(), "delete data, or keep the plan") {
		t.Errorf("the update: %v", err)
	}
	if err := b.Deprovision(t, "i", "large"); err != nil {
		t.Fatal(err)
	}
}

// Credentials with an end end, and say when.
func TestCredentialsThatEnd(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	subject := service(s)
	subject.Catalog = strings.Replace(plansCatalog, "{}", "{disk_bytes: 67108864, credentials_ttl: 3s}", 1)
	subject.Small, subject.Large = "one", "one"
	b := subject.Start(t)
	if err := b.Provision(t, "i", "one", nil); err != nil {
		t.Fatal(err)
	}
	credentials, err := b.Bind(t, "i", "b", "one", nil)
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := b.Client.GetBinding(t.Context(), &openbroker.GetBindingRequest{InstanceID: "i", BindingID: "b"})
	if err != nil || fetched.Metadata == nil || fetched.Metadata.ExpiresAt.IsZero() || fetched.Metadata.RenewBefore.IsZero() {
		t.Errorf("the binding is %+v, %v", fetched, err)
	}
	wait(t, func() error {
		app, err := open(t.Context(), credentials)
		if err != nil {
			return nil //nolint:nilerr // That is what the test waits for.
		}
		_ = app.Close()
		return errors.New("the credentials still work")
	})
	if err := b.Deprovision(t, "i", "one"); err != nil {
		t.Fatal(err)
	}
}

// A server that lost its accounts gets those of the bindings again, and a key that an
// older push brought back is taken away. The records decide.
func TestReconcile(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ticks := make(chan time.Time)
	subject := service(s)
	subject.Definition = nats.DefinitionWithTicks(ticks)
	b := subject.Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	kept, err := b.Bind(t, "i", "kept", "small", nil)
	if err != nil {
		t.Fatal(err)
	}
	gone, err := b.Bind(t, "i", "gone", "small", nil)
	if err != nil {
		t.Fatal(err)
	}
	account, _ := kept["account"].(string)
	conn, err := s.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	older := request(t, conn, "$SYS.REQ.ACCOUNT."+account+".CLAIMS.LOOKUP", nil)
	if err := b.Unbind(t, "i", "gone", "small"); err != nil {
		t.Fatal(err)
	}
	loggedIn := func(credentials openbroker.Credentials) error {
		app, err := open(t.Context(), credentials)
		if err == nil {
			err = app.Close()
		}
		return err
	}
	if loggedIn(gone) == nil {
		t.Fatal("an unbound application can log in")
	}

	// The server takes older claims after newer ones.
	request(t, conn, "$SYS.REQ.CLAIMS.UPDATE", older)
	if err := loggedIn(gone); err != nil {
		t.Fatalf("the older claims have no effect: %v", err)
	}
	for range 3 { // A tick is taken when the round before has ended.
		ticks <- time.Now()
	}
	if loggedIn(gone) == nil {
		t.Error("a key that belongs to no binding is still valid")
	}
	if err := loggedIn(kept); err != nil {
		t.Errorf("the other binding: %v", err)
	}

	// The server loses the account.
	request(t, conn, "$SYS.REQ.CLAIMS.DELETE", deletion(t, s, account))
	if loggedIn(kept) == nil {
		t.Fatal("a deleted account can be used")
	}
	ticks <- time.Now()
	ticks <- time.Now()
	wait(t, func() error { return loggedIn(kept) })
	if loggedIn(gone) == nil {
		t.Error("an unbound application can log in")
	}
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Fatal(err)
	}
}

func request(t *testing.T, conn *client.Conn, subject string, body []byte) []byte {
	t.Helper()
	message, err := conn.RequestWithContext(bounded(t), subject, body)
	if err != nil {
		t.Fatal(err)
	}
	return message.Data
}

// bounded returns the context of the test with a deadline, which nats.go demands.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// deletion is the request to delete an account, signed by the operator.
func deletion(t *testing.T, s *natsServer, account string) []byte {
	t.Helper()
	public, err := s.operator.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.NewGenericClaims(public)
	claims.Data["accounts"] = []string{account}
	token, err := claims.Encode(s.operator)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(token)
}
