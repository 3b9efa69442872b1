package nats_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/openbroker/openbroker/provider/nats"
)

// plansCatalog has one plan, whose settings the tests replace.
const plansCatalog = `
services:
  - id: 53a0e6c7-2f0b-4d1e-9c07-6a5f9d1b8e01
    name: nats
    description: Accounts.
    bindable: true
    bindings_retrievable: true
    plans:
      - {id: 53a0e6c7-2f0b-4d1e-9c07-6a5f9d1b8e02, name: one, description: An account., nats: {}}
`

// fill puts MiBs into a stream on disk.
func fill(t *testing.T, app *session, mebibytes int) {
	t.Helper()
	if _, err := app.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "fill", Subjects: []string{"fill"}, Storage: jetstream.FileStorage, MaxBytes: 200 << 20}); err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<19)
	for range 2 * mebibytes {
		if _, err := app.js.Publish(t.Context(), "fill", block); err != nil {
			t.Fatal(err)
		}
	}
}

// bindings returns a session for each of the parameters of bindings of one instance.
func bindings(t *testing.T, plan string, parameters ...map[string]any) []*session {
	t.Helper()
	subject := service(startServer(t))
	subject.Catalog, subject.Small, subject.Large = strings.Replace(plansCatalog, "{}", plan, 1), "one", "one"
	b := subject.Start(t)
	if err := b.Provision(t, "i", "one", nil); err != nil {
		t.Fatal(err)
	}
	var sessions []*session
	for i, fields := range parameters {
		credentials, err := b.Bind(t, "i", string(rune('a'+i)), "one", fields)
		if err != nil {
			t.Fatal(err)
		}
		app, err := open(t.Context(), credentials)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = app.Close() })
		sessions = append(sessions, app)
	}
	return sessions
}

// answer makes the application answer requests, and returns when the server knows it.
func answer(t *testing.T, app *session, subject string) {
	t.Helper()
	if _, err := app.conn.Subscribe(subject, func(m *client.Msg) { _ = m.Respond([]byte("secret")) }); err != nil {
		t.Fatal(err)
	}
	if err := app.conn.FlushWithContext(bounded(t)); err != nil {
		t.Fatal(err)
	}
}

// listen subscribes to all subjects, and returns what arrives.
func listen(t *testing.T, app *session, subject string) *client.Subscription {
	t.Helper()
	subscription, err := app.conn.SubscribeSync(subject)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.conn.FlushWithContext(bounded(t)); err != nil {
		t.Fatal(err)
	}
	return subscription
}

// heard returns the subjects of the messages that have arrived: all that the server sent
// before its answer to a flush.
func heard(t *testing.T, app *session, subscription *client.Subscription) (subjects []string) {
	t.Helper()
	if err := app.conn.FlushWithContext(bounded(t)); err != nil {
		t.Fatal(err)
	}
	for {
		count, _, err := subscription.Pending()
		if err != nil || count == 0 {
			return subjects
		}
		message, err := subscription.NextMsg(time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		subjects = append(subjects, message.Subject)
	}
}

// With a list of subjects, a binding uses these, asks and answers; it cannot use others,
// nor hear what others are answered.
func TestSubjects(t *testing.T) {
	t.Parallel()
	apps := bindings(t, `{subjects: ["orders.>"]}`, nil, nil, nil)
	asking, answering, listening := apps[0], apps[1], apps[2]
	ear := listen(t, listening, "orders.>")
	answer(t, answering, "orders.price")
	message, err := asking.conn.RequestWithContext(bounded(t), "orders.price", nil)
	if err != nil || string(message.Data) != "secret" {
		t.Fatalf("a request is answered with %v, %v", message, err)
	}
	if subjects := heard(t, listening, ear); len(subjects) != 1 || subjects[0] != "orders.price" {
		t.Errorf("another binding hears %q, want the request only", subjects)
	}
	for _, subject := range []string{">", "_INBOX.>", "_INBOX_*.>", "_INBOX_" + "x" + ".>", "other"} {
		if _, err := listening.conn.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		expectRefused(t, listening, "subscribe to "+subject)
	}
	if err := asking.conn.Publish("other", nil); err != nil {
		t.Fatal(err)
	}
	expectRefused(t, asking, "publish to other")
}

func expectRefused(t *testing.T, app *session, what string) {
	t.Helper()
	if err := app.conn.FlushWithContext(bounded(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-app.refused:
		if !errors.Is(err, client.ErrPermissionViolation) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(30 * time.Minute):
		t.Errorf("%s is allowed", what)
	}
}

// Without a list, bindings use all subjects, with the default inbox, too.
func TestAllSubjects(t *testing.T) {
	t.Parallel()
	apps := bindings(t, "{}", nil, nil)
	answer(t, apps[0], "any.subject")
	if message, err := apps[1].conn.RequestWithContext(bounded(t), "any.subject", nil); err != nil || string(message.Data) != "secret" {
		t.Errorf("a request is answered with %v, %v", message, err)
	}
	if _, err := apps[0].js.AccountInfo(t.Context()); err == nil {
		t.Error("a plan without bytes has JetStream")
	}
}

// A reader consumes a stream, and can neither purge nor delete nor change it.
func TestReader(t *testing.T) {
	t.Parallel()
	apps := bindings(t, "{disk_bytes: 67108864}", nil, map[string]any{"mode": "ro"})
	writer, reader := apps[0], apps[1]
	ctx := bounded(t)
	stream, err := writer.js.CreateStream(ctx, jetstream.StreamConfig{Name: "events", Subjects: []string{"events"}, MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.js.Publish(ctx, "events", []byte("one")); err != nil {
		t.Fatal(err)
	}
	consumer, err := reader.js.OrderedConsumer(ctx, "events", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	message, err := consumer.Next(jetstream.FetchMaxWait(time.Minute))
	if err != nil || string(message.Data()) != "one" {
		t.Fatalf("a reader gets %v, %v", message, err)
	}
	found, err := reader.js.Stream(ctx, "events")
	if err != nil {
		t.Fatalf("a reader cannot look at the stream: %v", err)
	}
	for what, change := range map[string]func(context.Context) error{
		"publish": func(ctx context.Context) error { _, err := reader.js.Publish(ctx, "events", nil); return err },
		"purge":   func(ctx context.Context) error { return found.Purge(ctx) },
		"delete":  func(ctx context.Context) error { return reader.js.DeleteStream(ctx, "events") },
		"create": func(ctx context.Context) error {
			_, err := reader.js.CreateStream(ctx, jetstream.StreamConfig{Name: "mine", Subjects: []string{"mine"}, MaxBytes: 1 << 20})
			return err
		},
	} {
		limited, cancel := reader.limit(t.Context())
		if err := change(limited); err == nil {
			t.Errorf("a reader can %s", what)
		}
		cancel()
	}
	info, err := stream.Info(ctx)
	if err != nil || info.State.Msgs != 1 {
		t.Errorf("the stream has %+v, %v", info, err)
	}
}

// Wrong subjects of plans are found when the catalog is read.
func TestCheckSubjects(t *testing.T) {
	t.Parallel()
	for subject, problem := range map[string]string{
		"orders.>": "", "*.orders": "", "a": "",
		"": "is no subject", "a..b": "is no subject", "a.>.b": "is no subject", "a b": "is no subject",
		"_INBOX.>": "inboxes", "_INBOX_x.>": "inboxes", "$JS.API.>": "inboxes", "$SYS.>": "inboxes",
	} {
		if err := nats.CheckSubject(subject); (err != nil) != (problem != "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v", subject, err)
		}
	}
}
