package rabbitmq_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/rabbitmq"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/rabbittest"
)

// rabbit is the node of most tests.
var rabbit rabbittest.Shared

func TestMain(m *testing.M) { rabbit.Run(m) }

// service describes the provider on a node to the tests of services.
func service(node *rabbittest.Node) *servicetest.Service {
	return &servicetest.Service{
		Definition: rabbitmq.Definition, Small: "small", Large: "large",
		Settings: fmt.Sprintf("url: http://%s:%s@127.0.0.1:%d\namqp: amqp://127.0.0.1:%d", rabbittest.Username, rabbittest.Password, node.HTTP, node.AMQP),
		Open:     openSession, Reach: reach, Server: node, Log: node.Log,
		Dump: func(ctx context.Context) ([]string, error) { return dump(ctx, node) },
	}
}

// An application has one connection. It keeps values in durable queues of one message.
type application struct{ *amqp.Connection }

// openSession logs in as an application does: by the URI alone, and again while a node
// that starts does not listen yet.
func openSession(ctx context.Context, credentials openbroker.Credentials) (servicetest.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		connection, err := amqp.Dial(uri(credentials))
		if err == nil {
			return &application{connection}, nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

func uri(credentials openbroker.Credentials) string {
	text, ok := credentials["uri"].(string)
	if !ok {
		panic("the credentials have no uri")
	}
	return text
}

// openQuickly is openSession for tests that log in with many deleted accounts: it asks
// the management API first, because AMQP refuses an account only after three seconds.
func openQuickly(ctx context.Context, credentials openbroker.Credentials) (servicetest.Session, error) {
	if status := ask(ctx, credentials, "whoami"); status != http.StatusOK {
		return nil, fmt.Errorf("the management API refuses the account: %d", status)
	}
	return openSession(ctx, credentials)
}

// ask returns the status of a GET request that an application makes, or 0.
func ask(ctx context.Context, credentials openbroker.Credentials, path string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint(credentials["http_api_uri"])+path, http.NoBody)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// use calls f with a channel of its own: an error ends a channel.
func (a *application) use(f func(channel *amqp.Channel) error) error {
	channel, err := a.Channel()
	if err != nil {
		return err
	}
	if err := f(channel); err != nil {
		return err
	}
	return channel.Close()
}

// Write replaces the message of the queue.
func (a *application) Write(ctx context.Context, name, value string) error {
	return a.use(func(channel *amqp.Channel) error {
		if _, err := channel.QueueDeclare(name, true, false, false, false, nil); err != nil {
			return err
		}
		if _, err := channel.QueuePurge(name, false); err != nil {
			return err
		}
		return publish(ctx, channel, "", name, value)
	})
}

// publish sends a persistent message, and waits until the server has it.
func publish(ctx context.Context, channel *amqp.Channel, exchange, key, value string) error {
	if err := channel.Confirm(false); err != nil {
		return err
	}
	confirmation, err := channel.PublishWithDeferredConfirmWithContext(ctx, exchange, key, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(value)})
	if err != nil {
		return err
	}
	if ok, err := confirmation.WaitContext(ctx); err != nil || !ok {
		return cmp.Or(err, errors.New("the server did not take the message"))
	}
	return nil
}

// Read returns the message, which stays in the queue.
func (a *application) Read(_ context.Context, name string) (value string, err error) {
	err = a.use(func(channel *amqp.Channel) error {
		message, ok, err := channel.Get(name, false)
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("the queue is empty")
		}
		value = string(message.Body)
		return message.Nack(false, true)
	})
	return value, err
}

// Alter binds the queue to an exchange.
func (a *application) Alter(_ context.Context, name string) error {
	return a.use(func(channel *amqp.Channel) error { return channel.QueueBind(name, "key", "amq.topic", false, nil) })
}

// reach tries the virtual host of another instance with the own account.
func reach(_ context.Context, own servicetest.Session, other openbroker.Credentials) error {
	application, ok := own.(*application)
	if !ok {
		return errors.New("the session is no application")
	}
	config := amqp.Config{SASL: application.Config.SASL, Vhost: fmt.Sprint(other["vhost"])}
	connection, err := amqp.DialConfig(fmt.Sprintf("amqp://%v:%v", other["host"], other["port"]), config)
	if err != nil {
		return err
	}
	return connection.Close()
}

// dump lists all definitions of the server, and what else a broker sets.
func dump(ctx context.Context, node *rabbittest.Node) ([]string, error) {
	var lines []string
	text, err := node.Get(ctx, "definitions")
	if err != nil {
		return nil, err
	}
	var definitions map[string]json.RawMessage
	if err := json.Unmarshal(text, &definitions); err != nil {
		return nil, err
	}
	for _, path := range []string{"vhosts?columns=name", "queues?columns=name,vhost", "vhost-limits", "user-limits", "operator-policies", "policies"} {
		if definitions[path], err = node.Get(ctx, path); err != nil {
			return nil, err
		}
	}
	for kind, definition := range definitions {
		var list []json.RawMessage
		if json.Unmarshal(definition, &list) != nil {
			list = []json.RawMessage{definition}
		}
		for _, one := range list {
			lines = append(lines, kind+" "+string(one))
		}
	}
	slices.Sort(lines)
	return lines, nil
}
