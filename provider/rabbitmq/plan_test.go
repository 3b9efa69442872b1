package rabbitmq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/rabbitmq"
	"github.com/openbroker/openbroker/provider/rabbitmq/internal/rabbittest"
)

// withPlans gives the service other plans, by name, with these settings.
func withPlans(s *servicetest.Service, plans ...string) *servicetest.Service {
	var catalog strings.Builder
	catalog.WriteString("services:\n  - {id: s, name: rabbitmq, description: Messages., bindable: true, plan_updateable: true, instances_retrievable: true, bindings_retrievable: true, plans: [\n")
	for _, plan := range plans {
		name, settings, _ := strings.Cut(plan, ": ")
		fmt.Fprintf(&catalog, "    {id: %s, name: %[1]s, description: A plan., free: true, rabbitmq: {%s}},\n", name, settings)
	}
	catalog.WriteString("  ]}\n")
	s.Catalog = catalog.String()
	return s
}

// start starts a broker whose plans these are, with an instance of the first plan. Call
// end, which deletes the instance and looks whether something is left.
func start(t *testing.T, node *rabbittest.Node, plans ...string) (b *servicetest.Broker, end func()) {
	t.Helper()
	before, err := dump(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	b = withPlans(service(node), plans...).Start(t)
	first, _, _ := strings.Cut(plans[0], ": ")
	if err := b.Provision(t, "i", first, nil); err != nil {
		t.Fatal(err)
	}
	return b, func() {
		t.Helper()
		if err := b.Deprovision(t, "i", first); err != nil {
			t.Error(err)
		}
		after, err := dump(t.Context(), node)
		if err != nil || !slices.Equal(before, after) {
			t.Errorf("the node had\n%s\nand has\n%s, %v", strings.Join(before, "\n"), strings.Join(after, "\n"), err)
		}
	}
}

// bind returns the credentials of a new binding.
func bind(t *testing.T, b *servicetest.Broker, id, plan string, parameters map[string]any) openbroker.Credentials {
	t.Helper()
	credentials, err := b.Bind(t, "i", id, plan, parameters)
	if err != nil {
		t.Fatal(err)
	}
	return credentials
}

// open returns a connection that ends with the test.
func open(t *testing.T, credentials openbroker.Credentials) *application {
	t.Helper()
	session, err := openSession(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session.(*application)
}

// refusal returns the code with which the server refuses an operation; 0 if it does not.
func refusal(t *testing.T, a *application, f func(channel *amqp.Channel) error) int {
	t.Helper()
	err := a.use(func(channel *amqp.Channel) error {
		// A refusal that comes between two calls is what closed the channel for the second.
		closed := channel.NotifyClose(make(chan *amqp.Error, 1))
		err := f(channel)
		if errors.Is(err, amqp.ErrClosed) {
			if reason, ok := <-closed; ok {
				return reason
			}
		}
		return err
	})
	var refused *amqp.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if refused == nil {
		return 0
	}
	return refused.Code
}

// declare declares a queue that stays.
func declare(name string, arguments amqp.Table) func(channel *amqp.Channel) error {
	return func(channel *amqp.Channel) error {
		_, err := channel.QueueDeclare(name, true, false, false, false, arguments)
		return err
	}
}

// The limits of a plan hold for an instance, and reaching them does not stop the broker.
func TestLimits(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "tiny: max_connections: 2, max_queues: 3, max_channels: 4", "more: max_connections: 3, max_queues: 5, max_channels: 6")
	defer end()
	first, second := bind(t, b, "first", "tiny", nil), bind(t, b, "second", "tiny", nil)
	one := open(t, first)
	two := open(t, second)

	// The limit counts the connections of all bindings.
	if _, err := openSession(t.Context(), first); err == nil {
		t.Error("the third of two connections is accepted")
	}
	third := bind(t, b, "third", "tiny", nil) // The broker works with all connections in use.
	if err := b.Unbind(t, "i", "third", "tiny"); err != nil {
		t.Error(err)
	}
	if _, err := openSession(t.Context(), third); err == nil {
		t.Error("an unbound application can log in")
	}

	// Exclusive queues, such as clients declare for replies, count as others do.
	channel, err := one.Channel()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := channel.QueueDeclare("", false, true, true, false, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.use(declare("kept", nil)); err != nil {
		t.Fatal(err)
	}
	if code := refusal(t, two, declare("too-many", nil)); code != amqp.PreconditionFailed {
		t.Errorf("the fourth of three queues: %d", code)
	}

	// A binding has so many channels; above, the server closes the connection.
	for range 3 {
		if _, err := one.Channel(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := one.Channel(); err == nil {
		t.Error("the fifth of four channels is accepted")
	}

	// A larger plan reaches bindings that exist.
	if err := b.Update(t, "i", "tiny", "more", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"3", "4", "5"} {
		if err := two.use(declare(name, nil)); err != nil {
			t.Error(err)
		}
	}
	again := open(t, first)
	open(t, first)
	for range 6 {
		if _, err := again.Channel(); err != nil {
			t.Error(err)
		}
	}

	// A plan that the instance exceeds is refused.
	var refused *openbroker.Error
	if err := b.Update(t, "i", "more", "tiny", nil); !errors.As(err, &refused) || refused.Status != http.StatusUnprocessableEntity || !strings.Contains(refused.Description, "The instance has 4 queues, and the plan allows 3") {
		t.Errorf("the smaller plan: %v", err)
	}
}

// The caps of a plan hold whatever applications declare.
func TestCaps(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "capped: max_length: 3, message_ttl: 1h, max_length_bytes: 1000", "short: message_ttl: 1ms, expires: 1h", "gone: expires: 1ms", "free: max_queues: 10", "light: max_length_bytes: 10")
	defer end()
	a := open(t, bind(t, b, "first", "capped", nil))
	fill := func(name, value string, n int) {
		t.Helper()
		if err := a.use(func(channel *amqp.Channel) error {
			for range n {
				if err := publish(t.Context(), channel, "", name, value); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	count := func(name string, done func(n int) bool) {
		t.Helper()
		eventually(t, "queue "+name, func() (string, bool) {
			n := -1
			code := refusal(t, a, func(channel *amqp.Channel) error {
				queue, err := channel.QueueDeclarePassive(name, true, false, false, false, nil)
				if err == nil {
					n = queue.Messages
				}
				return err
			})
			return fmt.Sprintf("%d messages, refusal %d", n, code), done(n)
		})
	}
	for _, name := range []string{"greedy", "quorum"} {
		arguments := amqp.Table{"x-max-length": int64(1000000), "x-max-length-bytes": int64(1 << 40)}
		if name == "quorum" {
			arguments["x-queue-type"] = "quorum"
		}
		if err := a.use(declare(name, arguments)); err != nil {
			t.Fatal(err)
		}
		fill(name, "x", 10)
		count(name, func(n int) bool { return n == 3 })
		fill(name, strings.Repeat("x", 900), 2)
		count(name, func(n int) bool { return n == 1 })
	}

	// The policy of a new plan reaches queues that exist; without caps, there is none.
	if err := b.Update(t, "i", "capped", "free", nil); err != nil {
		t.Fatal(err)
	}
	fill("greedy", "x", 10)
	count("greedy", func(n int) bool { return n == 11 })

	// A plan that would drop messages is refused, once the statistics have them.
	eventually(t, "the statistics", func() (string, bool) {
		text, err := node.Get(t.Context(), "queues?columns=name,messages")
		return fmt.Sprintf("%s, %v", text, err), strings.Contains(string(text), `{"name":"greedy","messages":11}`) || strings.Contains(string(text), `{"messages":11,"name":"greedy"}`)
	})
	if err := b.Update(t, "i", "free", "capped", nil); err == nil || !strings.Contains(err.Error(), `The queue "greedy" has 11 messages, and the plan allows 3: consume or purge them, or keep the plan.`) {
		t.Errorf("the plan that would drop messages: %v", err)
	}
	if err := b.Update(t, "i", "free", "light", nil); err == nil || !strings.Contains(err.Error(), `bytes of messages, and the plan allows 10: consume`) {
		t.Errorf("the plan that would drop bytes: %v", err)
	}
	if err := b.Update(t, "i", "free", "short", nil); err != nil {
		t.Fatal(err)
	}
	if err := a.use(declare("short", nil)); err != nil {
		t.Fatal(err)
	}
	fill("short", "x", 5)
	count("short", func(n int) bool { return n == 0 })
	if err := b.Update(t, "i", "short", "gone", nil); err != nil {
		t.Fatal(err)
	}
	count("short", func(n int) bool { return n == -1 })
}

// eventually waits until the state is as it should be.
func eventually(t *testing.T, what string, ask func() (state string, done bool)) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Minute)
	for {
		state, done := ask()
		if done {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("%s: %s", what, state)
		}
	}
}

// The management UI is for the own virtual host, and only if the plan has it.
func TestDashboard(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	b, end := start(t, node, "with: max_queues: 10", "without: dashboard: false")
	defer end()
	if err := b.Provision(t, "other", "with", nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Deprovision(t, "other", "with"); err != nil {
			t.Error(err)
		}
	}()
	with := bind(t, b, "first", "with", nil)
	for path, want := range map[string]int{
		"whoami": http.StatusOK, "queues": http.StatusOK, "exchanges/" + with["vhost"].(string): http.StatusOK,
		"users": http.StatusUnauthorized, "nodes": http.StatusUnauthorized, "definitions": http.StatusUnauthorized, "exchanges/%2F": http.StatusUnauthorized,
	} {
		if got := ask(t.Context(), with, path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	own, err := call(t.Context(), http.MethodGet, with["http_api_uri"].(string)+"vhosts?columns=name", "")
	if want := fmt.Sprintf(`[{"name":%q}]`, with["vhost"]); err != nil || own != want {
		t.Errorf("the account sees %s, %v", own, err)
	}
	for _, path := range []string{"policies/", "operator-policies/"} {
		if _, err := call(t.Context(), http.MethodPut, with["http_api_uri"].(string)+path+with["vhost"].(string)+"/mine", `{"pattern":".*","definition":{"max-length":1}}`); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("the account sets one of %s: %v", path, err)
		}
	}

	// A tag that somebody else gave the user stays.
	client := newClient(t, node)
	user, _, err := client.User(t.Context(), with["username"].(string))
	if err != nil {
		t.Fatal(err)
	}
	user.Tags = append(user.Tags, "extra")
	if err := client.PutUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if err := b.Update(t, "i", "with", "without", nil); err != nil {
		t.Fatal(err)
	}
	if user, _, err := client.User(t.Context(), user.Name); err != nil || len(user.Tags) != 2 || !user.Tags.Has("extra") || !user.Tags.Has(with["vhost"].(string)) {
		t.Errorf("after the update, the tags are %q, %v", user.Tags, err)
	}
	if got := ask(t.Context(), with, "whoami"); got != http.StatusUnauthorized {
		t.Errorf("after the update, the management API answers %d", got)
	}
	open(t, with) // The password is the same.
	without := bind(t, b, "second", "without", nil)
	for _, key := range []string{"http_api_uri", "http_api_uris", "dashboard_url"} {
		if value, ok := without[key]; ok {
			t.Errorf("without the management UI, there is %s %v", key, value)
		}
	}
	without["http_api_uri"] = strings.Replace(with["http_api_uri"].(string), fmt.Sprintf("%v:%v", with["username"], with["password"]), fmt.Sprintf("%v:%v", without["username"], without["password"]), 1)
	if got := ask(t.Context(), without, "whoami"); got != http.StatusUnauthorized {
		t.Errorf("without the tag, the management API answers %d", got)
	}
	if err := b.Update(t, "i", "without", "with", nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(t.Context(), without, "whoami"); got != http.StatusOK {
		t.Errorf("with the tag, the management API answers %d", got)
	}
}

// call makes a request with the account in the URL, and returns the body, or an error
// with the status.
func call(ctx context.Context, method, url, body string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode > 299 {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return string(text), err
}

// 3.10 takes a queue type and ignores it.
func TestQueueTypeIsIgnored(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	before, err := dump(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	p := newProvider(t, node, "")
	instance := durable.Instance{Platform: "default", ID: "typed", PlanID: "p", Plan: new(openbroker.Plan), PlanSettings: json.RawMessage(`{"default_queue_type":"quorum"}`)}
	if _, err := p.Provision(t.Context(), nil, instance); err == nil || !strings.Contains(err.Error(), "ignores default_queue_type: quorum, as RabbitMQ before 3.11 does: remove it from the plan") {
		t.Errorf("provision: %v", err)
	}
	if err := p.Deprovision(t.Context(), nil, instance); err != nil {
		t.Error(err)
	}
	if after, err := dump(t.Context(), node); err != nil || !slices.Equal(before, after) {
		t.Errorf("the node has %q, %v", after, err)
	}
}

// newProvider returns a provider on the node, with an address of its dashboard or "". There
// is no engine that would try again, so that it does not look at statistics, which a node
// lacks at first.
func newProvider(t *testing.T, node *rabbittest.Node, dashboard string) *rabbitmq.Provider {
	t.Helper()
	s := settings(t)
	s.Overcommit = 0
	return newProviderWith(t, node, s, dashboard)
}

func newProviderWith(t *testing.T, node *rabbittest.Node, s *rabbitmq.Settings, dashboard string) *rabbitmq.Provider {
	t.Helper()
	s.URL = provider.URL(fmt.Sprintf("http://%s:%s@127.0.0.1:%d", rabbittest.Username, rabbittest.Password, node.HTTP))
	if dashboard != "" {
		s.Dashboard = provider.URL(dashboard)
	}
	p, err := rabbitmq.New(t.Context(), *s, provider.Host{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// What an operation needs to know of a plan stays known when the catalog loses it.
func TestRetiredPlan(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	p := newProvider(t, node, "https://rabbit.example.com/ui")
	for given, want := range map[string]string{`{"dashboard":false}`: "", `{"dashboard":true}`: "https://rabbit.example.com/ui/?vhost=%s#/queues", ``: "https://rabbit.example.com/ui/?vhost=%s#/queues"} {
		instance := durable.Instance{Platform: "default", ID: "retired", PlanID: "p", Plan: new(openbroker.Plan), PlanSettings: json.RawMessage(given)}
		made, err := p.Provision(t.Context(), nil, instance)
		if err != nil {
			t.Fatal(err)
		}
		instance.State, instance.Plan, instance.PlanSettings = made.State, nil, nil
		vhost := strings.ReplaceAll(instance.ResourceName(), "-", "")
		if want != "" {
			want = fmt.Sprintf(want, vhost)
		}
		if url, err := p.DashboardURL(t.Context(), instance); url != want || err != nil || made.DashboardURL != want {
			t.Errorf("%s: the dashboard is %q, and then %q, %v", given, made.DashboardURL, url, err)
		}
		if labels := made.Metadata.Labels; labels["engine"] != "rabbitmq" || !strings.HasPrefix(fmt.Sprint(labels["version"]), "3.") || labels["host"] != "127.0.0.1" {
			t.Errorf("the labels are %v", labels)
		}
		instance.PlanID = "another"
		if _, err := p.DashboardURL(t.Context(), instance); !errors.Is(err, provider.ErrPlanGone) {
			t.Errorf("a plan that nobody knows: %v", err)
		}
		// Deleting needs no plan.
		if err := p.Deprovision(t.Context(), nil, instance); err != nil {
			t.Error(err)
		}
	}
}

// The connections that plans promise are held against the sockets of the nodes.
func TestCapacity(t *testing.T) {
	t.Parallel()
	node := rabbit.Node(t)
	plans := []string{"small: max_connections: 1", "huge: max_connections: 1000000"}
	strict := withPlans(service(node), plans...)
	strict.Settings += "\novercommit: 1"
	b := strict.Start(t)
	if err := b.Provision(t, "i", "small", nil); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"provision": b.Provision(t, "huge", "huge", nil), "update": b.Update(t, "i", "small", "huge", nil)} {
		var refused *openbroker.Error
		if !errors.As(err, &refused) || refused.Status != http.StatusUnprocessableEntity || refused.Code != openbroker.ErrServiceQuotaExceeded.Code ||
			!strings.Contains(refused.Description, "The server has no room for the connections of this plan") || !strings.Contains(refused.Description, "and 1000000 more are needed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.Deprovision(t, "i", "small"); err != nil {
		t.Error(err)
	}
	// The operation itself looks again.
	p := newProviderWith(t, node, settings(t), "")
	instance := durable.Instance{Platform: "default", ID: "huge", PlanID: "p", Plan: new(openbroker.Plan), PlanSettings: json.RawMessage(`{"max_connections":1000000}`)}
	if _, err := p.Provision(t.Context(), nil, instance); !errors.Is(err, openbroker.ErrServiceQuotaExceeded) {
		t.Errorf("provision without the check: %v", err)
	}
	if err := p.Deprovision(t.Context(), nil, instance); err != nil {
		t.Error(err)
	}

	generous := withPlans(service(node), plans...)
	generous.Settings += "\novercommit: 0"
	g := generous.Start(t)
	if err := g.Provision(t, "huge", "huge", nil); err != nil {
		t.Error(err)
	}
	if err := g.Deprovision(t, "huge", "huge"); err != nil {
		t.Error(err)
	}
}
