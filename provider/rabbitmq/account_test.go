package rabbitmq_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/testserver"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/transport"
	"github.com/openbroker/openbroker/provider/rabbitmq"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/rabbittest"
)

// A start says exactly what is wrong with the account.
func TestAccountOfTheBroker(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	client, ctx := newClient(t, node), t.Context()
	for name, tags := range map[string]management.Tags{"watcher": {"monitoring", "policymaker"}, "nobody": nil, "root": {"administrator"}} {
		user := management.User{Name: name, PasswordHash: management.HashPassword(marked), HashingAlgorithm: management.SHA256, Tags: tags}
		if err := client.PutUser(ctx, user); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := client.DeleteUser(ctx, name); err != nil {
				t.Error(err)
			}
		}()
	}
	for name, want := range map[string]string{
		"root":    "",
		"watcher": `rabbitmq: the account "watcher" has the tags ["monitoring" "policymaker"] and lacks the tag administrator, which it needs to manage virtual hosts, users and limits: run rabbitmqctl set_user_tags watcher administrator`,
		"nobody":  `rabbitmq: the server refuses the account "nobody", or it has no tag of the management plugin: correct the password, or run rabbitmqctl set_user_tags nobody administrator (`,
		"absent":  `rabbitmq: the server refuses the account "absent", or it has no tag of the management plugin: correct the password, or run`,
	} {
		s := settings(t)
		s.URL, s.Username, s.Password = provider.URL(fmt.Sprintf("http://127.0.0.1:%d", node.HTTP)), name, marked
		p, err := rabbitmq.New(ctx, *s, provider.Host{})
		if (err != nil) != (want != "") || err != nil && (!strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), marked)) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := errors.Join(p.CheckHealth(ctx), p.Close()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}

	// An account that loses its tag while the broker runs makes operations wait, and the
	// provider degraded.
	s := settings(t)
	s.URL, s.Username, s.Password = provider.URL(fmt.Sprintf("http://127.0.0.1:%d", node.HTTP)), "root", marked
	p, err := rabbitmq.New(ctx, *s, provider.Host{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if err := client.DeleteUser(ctx, "root"); err != nil {
		t.Fatal(err)
	}
	if err := p.CheckHealth(ctx); err == nil || !strings.Contains(err.Error(), `refuses the account "root"`) {
		t.Errorf("the health: %v", err)
	}
	if _, err := p.ResourceExists(ctx, anInstance("i")); !errors.Is(err, openbroker.ErrUnavailable) {
		t.Errorf("a request: %v", err)
	}
}

// A server that is away does not stop a start.
func TestAwayAtStart(t *testing.T) {
	t.Parallel()
	port, err := testserver.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s := settings(t)
	s.URL = provider.URL(fmt.Sprintf("http://admin:%s@127.0.0.1:%d", marked, port))
	p, err := rabbitmq.New(t.Context(), *s, provider.Host{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if text := log.String(); !strings.Contains(text, "the server is away: operations wait for it") || strings.Contains(text, marked) {
		t.Errorf("the log is %s", text)
	}
	if err := p.CheckHealth(t.Context()); err == nil || !transport.Unreachable(err) || strings.Contains(err.Error(), marked) {
		t.Errorf("the health: %v", err)
	}
	for what, err := range map[string]error{
		"finding":  func() error { _, err := p.ResourceExists(t.Context(), anInstance("i")); return err }(),
		"checking": p.CheckInstance(t.Context(), anInstance("i"), nil),
	} {
		if !errors.Is(err, openbroker.ErrUnavailable) || strings.Contains(err.Error(), marked) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, err := range p.Resources(t.Context()) {
		if err == nil {
			t.Error("a server that is away has resources")
		}
	}
}

// The broker and applications verify the server with TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	s := service(node)
	s.Settings = fmt.Sprintf("url: https://%s:%s@127.0.0.1:%d\namqp: amqps://127.0.0.1:%d\ntls: {ca: %s}", rabbittest.Username, rabbittest.Password, node.HTTPS, node.AMQPS, node.CA)
	b := s.Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	credentials := bind(t, b, "b", "small", nil)
	pem, err := os.ReadFile(node.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	connection, err := amqp.DialTLS(uri(credentials), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	application := &application{connection}
	if err := application.Write(t.Context(), "q", "value"); err != nil {
		t.Error(err)
	}
	if value, err := application.Read(t.Context(), "q"); value != "value" || err != nil {
		t.Errorf("an application reads %q, %v", value, err)
	}
	if err := application.Close(); err != nil {
		t.Error(err)
	}
	protocols, ok := credentials["protocols"].(map[string]any)
	if !ok || credentials["ssl"] != true || credentials["addresses"] != fmt.Sprintf("amqps://127.0.0.1:%d", node.AMQPS) || protocols["amqp+ssl"] == nil || protocols["amqp"] != nil {
		t.Errorf("the credentials have ssl %v, addresses %v, protocols of %d", credentials["ssl"], credentials["addresses"], len(protocols))
	}
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Error(err)
	}

	// Without the authority, the broker does not start.
	untrusted := settings(t)
	untrusted.URL = provider.URL(fmt.Sprintf("https://%s:%s@127.0.0.1:%d", rabbittest.Username, rabbittest.Password, node.HTTPS))
	if _, err := rabbitmq.New(t.Context(), *untrusted, provider.Host{}); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("an unknown authority: %v", err)
	}
	untrusted.TLS.Mode = transport.ModeRequire
	p, err := rabbitmq.New(t.Context(), *untrusted, provider.Host{})
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
}

// A memory alarm blocks the publishers of all instances: the provider is degraded, and
// still binds and unbinds.
func TestMemoryAlarm(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "p: max_queues: 10")
	defer end()
	credentials := bind(t, b, "first", "p", nil)
	a := open(t, credentials)
	if err := a.Write(t.Context(), "q", "before"); err != nil {
		t.Fatal(err)
	}
	blocked := a.NotifyBlocked(make(chan amqp.Blocking, 1))
	health := b.Providers.HealthChecks()[0]
	if err := health.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := node.Control(t.Context(), "set_vm_memory_high_watermark", "absolute", "1MiB"); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := node.Control(t.Context(), "set_vm_memory_high_watermark", "absolute", "512MiB"); err != nil {
			t.Error(err)
		}
		eventually(t, "the alarm", func() (string, bool) {
			err := health.Run(t.Context())
			return fmt.Sprint(err), err == nil
		})
	}()
	eventually(t, "the health", func() (string, bool) {
		err := health.Run(t.Context())
		return fmt.Sprint(err), err != nil && strings.Contains(err.Error(), "the node "+node.Name()+" has too little memory, and blocks all publishers")
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := a.use(func(channel *amqp.Channel) error { return publish(ctx, channel, "", "q", "during") }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("publishing: %v", err)
	}
	if notice := <-blocked; !notice.Active || !strings.Contains(notice.Reason, "memory") {
		t.Errorf("the server says %+v", notice)
	}
	second := bind(t, b, "second", "p", nil)
	open(t, second)
	for _, id := range []string{"first", "second"} {
		if err := b.Unbind(t, "i", id, "p"); err != nil {
			t.Error(err)
		}
	}
}
