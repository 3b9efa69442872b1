package rabbitmq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/openbroker/openbroker"
)

// Unbinding closes the connections of the binding at once, and leaves those of others.
func TestUnbindClosesConnections(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "p: max_queues: 10")
	defer end()
	one, other := open(t, bind(t, b, "one", "p", nil)), open(t, bind(t, b, "other", "p", nil))
	closed := one.NotifyClose(make(chan *amqp.Error, 1))
	channel, err := one.Channel()
	if err != nil {
		t.Fatal(err)
	}
	channelClosed := channel.NotifyClose(make(chan *amqp.Error, 1))
	if err := declare("q", nil)(channel); err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.ConsumeWithContext(t.Context(), "q", "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}

	begun := time.Now()
	if err := b.Unbind(t, "i", "one", "p"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []chan *amqp.Error{closed, channelClosed} {
		select {
		case reason := <-c:
			if reason == nil || reason.Code != amqp.ConnectionForced {
				t.Errorf("closed with %v", reason)
			}
		case <-time.After(30 * time.Minute):
			t.Fatal("the connection is still open")
		}
	}
	t.Logf("unbound and closed in %v", time.Since(begun))
	if _, open := <-deliveries; open {
		t.Error("the consumer goes on")
	}
	if err := other.Write(t.Context(), "q", "from the other"); err != nil {
		t.Errorf("the other application: %v", err)
	}
}

// An application that opens connections without end while it is unbound ends up with
// none.
func TestUnbindOfABusyApplication(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "p: max_queues: 10")
	defer end()
	credentials := bind(t, b, "busy", "p", nil)
	ctx, stop := context.WithCancel(t.Context())
	opened := make(chan *amqp.Connection, 1000)
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for ctx.Err() == nil {
				connection, err := amqp.Dial(uri(credentials))
				if err != nil {
					return // Refused: the user is gone.
				}
				select {
				case opened <- connection:
				default:
					_ = connection.Close()
				}
			}
		}()
	}
	first := <-opened
	if err := b.Unbind(t, "i", "busy", "p"); err != nil {
		t.Fatal(err)
	}
	stop()
	for range 4 {
		<-done
	}
	close(opened)
	connections := []*amqp.Connection{first}
	for connection := range opened {
		connections = append(connections, connection)
	}
	for _, connection := range connections {
		eventually(t, "a connection of the unbound application", func() (string, bool) { return "is open", connection.IsClosed() })
	}
	t.Logf("%d connections were open", len(connections))
}

// Reading takes messages away: the reason why there is no mode ro.
func TestReadingTakesAway(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "p: max_queues: 10")
	defer end()
	writer := open(t, bind(t, b, "writer", "p", nil))
	if err := writer.Write(t.Context(), "q", "value"); err != nil {
		t.Fatal(err)
	}
	reader := open(t, bind(t, b, "reader", "p", map[string]any{"configure": []string{}, "write": []string{}, "read": []string{"q"}}))
	if err := reader.use(func(channel *amqp.Channel) error {
		if n, err := channel.QueuePurge("q", false); err != nil || n != 1 {
			return fmt.Errorf("%d messages purged, %w", n, err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	_, err := b.Bind(t, "i", "ro", "p", map[string]any{"mode": "ro"})
	var refused *openbroker.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || !strings.Contains(refused.Description, "RabbitMQ has no read-only access, because whoever may read a queue can also take its messages away and purge it.") {
		t.Errorf("the mode ro: %v", err)
	}
}

// Parameters limit the names that a binding may use.
func TestNarrowBinding(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "p: max_queues: 10")
	defer end()
	all := open(t, bind(t, b, "all", "p", nil))
	for _, name := range []string{"orders", "orders.paid", "a+b", "aab"} {
		if err := all.use(declare(name, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := all.use(func(channel *amqp.Channel) error {
		return channel.ExchangeDeclare("events", "topic", true, false, false, false, nil)
	}); err != nil {
		t.Fatal(err)
	}
	narrow := open(t, bind(t, b, "narrow", "p", map[string]any{
		"configure": []string{"own.*"}, "write": []string{"events", "own.*"}, "read": []string{"orders.*", "a+b", "events", "own.*"},
		"topics": map[string]any{"events": map[string]any{"write": []string{"paid.*"}, "read": []string{"*"}}},
	}))
	get := func(queue string) func(channel *amqp.Channel) error {
		return func(channel *amqp.Channel) error {
			_, _, err := channel.Get(queue, true)
			return err
		}
	}
	send := func(exchange, key string) func(channel *amqp.Channel) error {
		return func(channel *amqp.Channel) error {
			if err := channel.PublishWithContext(t.Context(), exchange, key, false, false, amqp.Publishing{}); err != nil {
				return err
			}
			// The refusal of a publication comes later: a question waits for it.
			_, _, err := channel.Get("orders.paid", true)
			return err
		}
	}
	for _, c := range []struct {
		what    string
		allowed bool
		f       func(channel *amqp.Channel) error
	}{
		{"declare own.1", true, declare("own.1", nil)},
		{"declare owned", false, declare("owned", nil)},
		{"declare not.own.1", false, declare("not.own.1", nil)},
		{"get from orders.paid", true, get("orders.paid")},
		{"get from orders", false, get("orders")},
		{"get from a+b", true, get("a+b")},
		{"get from aab", false, get("aab")},
		{"publish to events with paid.eu", true, send("events", "paid.eu")},
		{"publish to events with open.eu", false, send("events", "open.eu")},
		// The default exchange is checked as amq.default.
		{"publish to own.1 by the default exchange", false, send("", "own.1")},
	} {
		if code := refusal(t, narrow, c.f); (code == 0) != c.allowed || !c.allowed && code != amqp.AccessRefused {
			t.Errorf("%s: %d", c.what, code)
		}
	}
	byDefault := open(t, bind(t, b, "default", "p", map[string]any{"write": []string{"amq.default"}, "read": []string{"orders.paid"}}))
	if code := refusal(t, byDefault, send("", "orders")); code != 0 {
		t.Errorf("publish by amq.default: %d", code)
	}
}

// Each URI names the virtual host, which drivers and the specification of URIs would
// otherwise guess differently.
func TestURI(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "p: max_queues: 10")
	defer end()
	credentials := bind(t, b, "one", "p", nil)
	parsed, err := amqp.ParseURI(uri(credentials))
	if err != nil || parsed.Vhost != credentials["vhost"] || parsed.Username != credentials["username"] || parsed.Password != credentials["password"] ||
		parsed.Host != credentials["host"] || parsed.Port != node.AMQP || parsed.Scheme != "amqp" {
		t.Errorf("the URI has other parts than the credentials: %v", err)
	}
	if bare, err := amqp.ParseURI("amqp://h/"); err != nil || bare.Vhost != "/" {
		t.Errorf("a URI without virtual host leads to %q, %v", bare.Vhost, err)
	}
	// The account may not use that one.
	config := amqp.Config{SASL: []amqp.Authentication{parsed.PlainAuth()}, Vhost: "/"}
	if connection, err := amqp.DialConfig(fmt.Sprintf("amqp://127.0.0.1:%d", node.AMQP), config); err == nil {
		_ = connection.Close()
		t.Error("the account can use the virtual host /")
	}
	text, err := json.Marshal(credentials)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"port": "float64", "ssl": "bool", "uris": "[]interface {}", "hostnames": "[]interface {}", "addresses": "string", "protocols": "map[string]interface {}", "password": "string"} {
		if got := fmt.Sprintf("%T", decoded[key]); got != want {
			t.Errorf("%s is a %s", key, got)
		}
	}
}
