package rabbitmq_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/rabbittest"
)

// newClient returns a client of the management API with the account of the administrator.
func newClient(t *testing.T, nodes ...*rabbittest.Node) *management.Client {
	t.Helper()
	config := management.Config{Username: rabbittest.Username, Password: rabbittest.Password, Timeout: time.Minute, MaxConnections: 8}
	for _, node := range nodes {
		config.Nodes = append(config.Nodes, &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", node.HTTP)})
	}
	client, err := management.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// dial logs in to a virtual host with a password.
func dial(node *rabbittest.Node, username, password, vhost string) (*amqp.Connection, error) {
	config := amqp.Config{SASL: []amqp.Authentication{&amqp.PlainAuth{Username: username, Password: password}}, Vhost: vhost}
	return amqp.DialConfig(fmt.Sprintf("amqp://127.0.0.1:%d", node.AMQP), config)
}

// What the server does with users, on which the provider relies.
func TestUsersOfTheServer(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	client, ctx := newClient(t, node), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	user := management.User{Name: "user", PasswordHash: management.HashPassword("first"), HashingAlgorithm: management.SHA256, Tags: management.Tags{"management", "unknown-tag"}}
	must(client.PutUser(ctx, user))
	must(client.PutUser(ctx, user)) // A second one is a change.
	defer func() {
		for range 2 { // A second deletion is no error.
			must(client.DeleteUser(ctx, "user"))
		}
	}()
	must(client.PutVhost(ctx, "facts", "", ""))
	must(client.PutVhost(ctx, "facts", "", ""))
	must(client.PutPermission(ctx, "facts", management.Permission{User: "user", Configure: ".*", Write: ".*", Read: ".*"}))

	// The hash is that of the password, and the tags are taken as they are.
	connection, err := dial(node, "user", "first", "facts")
	must(err)
	found, ok, err := client.User(ctx, "user")
	if err != nil || !ok || found.PasswordHash != user.PasswordHash || !found.Tags.Has("unknown-tag") {
		t.Errorf("the user is %+v, %t, %v", found, ok, err)
	}

	// A new password and cleared permissions close nothing.
	user.PasswordHash = management.HashPassword("second")
	must(client.PutUser(ctx, user))
	must(client.DeletePermission(ctx, "facts", "user"))
	must(client.DeletePermission(ctx, "facts", "user"))
	if channel, err := connection.Channel(); err != nil {
		t.Errorf("the connection is closed: %v", err)
	} else {
		must(channel.Close())
	}
	if n, err := client.Connections(ctx, "user"); err != nil || n != 1 {
		t.Errorf("the user has %d connections, %v", n, err)
	}

	// A change of the tags without a hash erases the password, and a change without tags
	// is refused.
	if _, err := node.Call(ctx, http.MethodPut, "users/user", `{"password_hash":"`+user.PasswordHash+`"}`); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("a user without tags: %v", err)
	}
	_, err = node.Call(ctx, http.MethodPut, "users/user", `{"tags":"management"}`)
	must(err)
	if found, _, err := client.User(ctx, "user"); err != nil || found.PasswordHash != "" {
		t.Errorf("the hash is %q, %v", found.PasswordHash, err)
	}

	// A virtual host goes without its users.
	must(client.DeleteVhost(ctx, "facts"))
	must(client.DeleteVhost(ctx, "facts"))
	if _, ok, err := client.User(ctx, "user"); !ok || err != nil {
		t.Errorf("the user is gone with the virtual host: %v", err)
	}
}

// Names of virtual hosts are one segment of a path, whatever they have.
func TestNamesOfVhosts(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	client, ctx := newClient(t, node), t.Context()
	if vhost, ok, err := client.Vhost(ctx, "/"); !ok || err != nil || vhost.Name != "/" || vhost.ClusterState[node.Name()] != management.Running {
		t.Errorf("the virtual host / is %+v, %t, %v", vhost, ok, err)
	}
	for _, name := range []string{"a/b", "%2F", "a b+ü?#;&=", strings.Repeat("x", 256)} {
		if err := client.PutVhost(ctx, name, "", ""); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
		if vhost, ok, err := client.Vhost(ctx, name); !ok || err != nil || vhost.Name != name {
			t.Errorf("%.20q: %.300v, %t, %v", name, vhost, ok, err)
		}
		if err := client.DeleteVhost(ctx, name); err != nil {
			t.Errorf("%.20q: %v", name, err)
		}
	}
}

// 3.10 takes a type for queues of a virtual host, and ignores it.
func TestDefaultQueueType(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	client, ctx := newClient(t, node), t.Context()
	text, err := node.Get(ctx, "overview?columns=rabbitmq_version")
	if err != nil {
		t.Fatal(err)
	}
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	if err := json.Unmarshal(text, &overview); err != nil {
		t.Fatal(err)
	}
	if err := client.PutVhost(ctx, "typed", "", "quorum"); err != nil {
		t.Fatal(err)
	}
	vhost, _, err := client.Vhost(ctx, "typed")
	if err != nil || (vhost.DefaultQueueType == "quorum") != !strings.HasPrefix(overview.Version, "3.10.") {
		t.Errorf("%s has the queue type %q, %v", overview.Version, vhost.DefaultQueueType, err)
	}
	if err := client.DeleteVhost(ctx, "typed"); err != nil {
		t.Error(err)
	}
}
