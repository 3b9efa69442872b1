package management_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider/rabbitmq/internal/management"
)

const password = "sEcretOfTheAccount"

// A fake is a management API that notes the requests, and answers as the test says.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	answer   http.HandlerFunc
}

func newFake(t *testing.T, answer http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{answer: answer}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if name, secret, ok := r.BasicAuth(); !ok || name != "admin" || secret != password {
			t.Errorf("%s has the account %q, %q", r.URL, name, secret)
		}
		f.mu.Lock()
		f.requests = append(f.requests, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(body)))
		f.mu.Unlock()
		f.answer(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// say answers each request with a status and a body.
func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// connect returns a client of the URLs.
func connect(t *testing.T, urls ...string) *management.Client {
	t.Helper()
	config := management.Config{Username: "admin", Password: password, Timeout: time.Minute, MaxConnections: 4}
	for _, text := range urls {
		node, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		config.Nodes = append(config.Nodes, node)
	}
	client, err := management.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// Each call is one request, and what exists or is gone already is no error.
func TestRequests(t *testing.T) {
	t.Parallel()
	one := int64(1)
	for want, call := range map[string]func(context.Context, *management.Client) error{
		`PUT /api/vhosts/%2F {"description":"d"}`: func(ctx context.Context, c *management.Client) error { return c.PutVhost(ctx, "/", "d", "") },
		`PUT /api/vhosts/a%2Fb%25%3F%23%20%C3%A4 {"default_queue_type":"quorum","description":""}`: func(ctx context.Context, c *management.Client) error {
			return c.PutVhost(ctx, "a/b%?# ä", "", "quorum")
		},
		`DELETE /api/vhosts/v`:          func(ctx context.Context, c *management.Client) error { return c.DeleteVhost(ctx, "v") },
		`POST /api/vhosts/v/start/n {}`: func(ctx context.Context, c *management.Client) error { return c.StartVhost(ctx, "v", "n") },
		`PUT /api/vhost-limits/v/max-queues {"value":1}`: func(ctx context.Context, c *management.Client) error {
			return c.SetVhostLimit(ctx, "v", management.MaxQueues, &one)
		},
		`DELETE /api/vhost-limits/v/max-queues`: func(ctx context.Context, c *management.Client) error {
			return c.SetVhostLimit(ctx, "v", management.MaxQueues, nil)
		},
		`PUT /api/user-limits/u/max-channels {"value":1}`: func(ctx context.Context, c *management.Client) error {
			return c.SetUserLimit(ctx, "u", management.MaxChannels, &one)
		},
		`PUT /api/operator-policies/v/p {"pattern":".*","apply-to":"queues","priority":0,"definition":{"expires":1}}`: func(ctx context.Context, c *management.Client) error {
			return c.SetOperatorPolicy(ctx, "v", "p", map[string]int64{"expires": 1})
		},
		`DELETE /api/operator-policies/v/p`: func(ctx context.Context, c *management.Client) error { return c.SetOperatorPolicy(ctx, "v", "p", nil) },
		`PUT /api/users/u {"hashing_algorithm":"rabbit_password_hashing_sha256","password_hash":"h","tags":"a,b"}`: func(ctx context.Context, c *management.Client) error {
			return c.PutUser(ctx, management.User{Name: "u", PasswordHash: "h", HashingAlgorithm: management.SHA256, Tags: management.Tags{"a", "b"}})
		},
		`DELETE /api/users/u`:                func(ctx context.Context, c *management.Client) error { return c.DeleteUser(ctx, "u") },
		`DELETE /api/connections/username/u`: func(ctx context.Context, c *management.Client) error { return c.CloseConnections(ctx, "u") },
		`PUT /api/permissions/v/u {"configure":"a","write":"b","read":"c"}`: func(ctx context.Context, c *management.Client) error {
			return c.PutPermission(ctx, "v", management.Permission{User: "u", Configure: "a", Write: "b", Read: "c"})
		},
		`DELETE /api/permissions/v/u`: func(ctx context.Context, c *management.Client) error { return c.DeletePermission(ctx, "v", "u") },
		`PUT /api/topic-permissions/v/u {"exchange":"e","write":"b","read":"c"}`: func(ctx context.Context, c *management.Client) error {
			return c.PutTopicPermission(ctx, "v", "u", management.TopicPermission{Exchange: "e", Write: "b", Read: "c"})
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{http.StatusCreated, http.StatusNoContent, http.StatusNotFound} {
				server := newFake(t, say(status, ""))
				err := call(t.Context(), connect(t, server.URL))
				if deleted := strings.HasPrefix(want, "DELETE"); (err != nil) != (status == http.StatusNotFound && !deleted) {
					t.Errorf("%d: %v", status, err)
				}
				if got := server.seen(); len(got) != 1 || got[0] != want {
					t.Errorf("%d: the requests are %q", status, got)
				}
			}
		})
	}
}

// A server that has closed an idle connection gets the request by a new one.
func TestIdleConnection(t *testing.T) {
	t.Parallel()
	var connections sync.Map
	server := httptest.NewUnstartedServer(say(http.StatusNoContent, ""))
	server.Config.ConnState = func(connection net.Conn, state http.ConnState) {
		if state == http.StateIdle {
			connections.Store(connection, true)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := connect(t, server.URL)
	for range 50 {
		if err := client.PutVhost(t.Context(), "v", "", ""); err != nil {
			t.Fatal(err)
		}
		connections.Range(func(connection, _ any) bool {
			_ = connection.(net.Conn).Close()
			connections.Delete(connection)
			return true
		})
	}
}

// A prefix of the management plugin stays before /api.
func TestPrefix(t *testing.T) {
	t.Parallel()
	server := newFake(t, say(http.StatusNoContent, ""))
	if err := connect(t, server.URL+"/rabbit%20mq").DeleteVhost(t.Context(), "/"); err != nil {
		t.Error(err)
	}
	if got := server.seen(); !slices.Equal(got, []string{"DELETE /rabbit%20mq/api/vhosts/%2F"}) {
		t.Errorf("the requests are %q", got)
	}
}

// Names that would lead elsewhere are refused before a request is made.
func TestNamesThatArePaths(t *testing.T) {
	t.Parallel()
	server := newFake(t, say(http.StatusNoContent, ""))
	client := connect(t, server.URL)
	for _, name := range []string{"", ".", "..", "a\x00b", strings.Repeat("a", 257)} {
		if err := client.DeleteVhost(t.Context(), name); err == nil || !strings.Contains(err.Error(), "cannot be a name") {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	if err := client.DeleteVhost(t.Context(), strings.Repeat("a", 256)); err != nil {
		t.Error(err)
	}
	if got := server.seen(); len(got) != 1 {
		t.Errorf("the requests are %q", got)
	}
}

// The next node is asked if one is away or cannot answer, and stays the first to be
// asked.
func TestFailover(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	starting := newFake(t, say(http.StatusServiceUnavailable, "<html>starting</html>"))
	up := newFake(t, say(http.StatusOK, `{"name":"admin","tags":["administrator"]}`))
	client := connect(t, gone.URL, starting.URL, up.URL)
	for range 3 {
		if user, err := client.Whoami(t.Context()); err != nil || user.Name != "admin" || !user.Tags.Has("administrator") {
			t.Errorf("%+v, %v", user, err)
		}
	}
	if n, m := len(starting.seen()), len(up.seen()); n != 1 || m != 3 {
		t.Errorf("the node that starts got %d requests, the other one %d", n, m)
	}

	// An answer below 500 is one: other nodes would say the same.
	refusing := newFake(t, say(http.StatusUnauthorized, `{"error":"not_authorised","reason":"Login failed"}`))
	_, err := connect(t, refusing.URL, up.URL).Whoami(t.Context())
	if management.Status(err) != http.StatusUnauthorized || management.Reason(err) != "not_authorised: Login failed" || management.Busy(err) {
		t.Errorf("the error is %v", err)
	}

	_, err = connect(t, gone.URL, starting.URL).Whoami(t.Context())
	if !management.Busy(err) || strings.Count(err.Error(), "GET /api/whoami at 127.0.0.1:") != 2 || strings.Contains(err.Error(), "html") {
		t.Errorf("the error is %v", err)
	}
}

// A node that does not answer is left after the timeout; the end of the caller's context
// ends the call.
func TestTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := newFake(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	defer close(release)
	up := newFake(t, say(http.StatusOK, `{"name":"admin"}`))
	nodes := []*url.URL{mustParse(t, hanging.URL), mustParse(t, up.URL)}
	client, err := management.New(management.Config{Nodes: nodes, Username: "admin", Password: password, Timeout: 3 * time.Second, MaxConnections: 4})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Whoami(t.Context()); err != nil {
		t.Errorf("the second node: %v", err)
	}
	// Deleting a virtual host may take longer.
	slow := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(300 * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
			w.WriteHeader(http.StatusNoContent)
		case <-r.Context().Done():
		}
	})
	patient, err := management.New(management.Config{
		Nodes: []*url.URL{mustParse(t, slow.URL)}, Username: "admin", Password: password, Timeout: 100 * time.Millisecond, SlowTimeout: time.Minute, MaxConnections: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := patient.DeleteVhost(t.Context(), "v"); err != nil {
		t.Errorf("deleting: %v", err)
	}
	if _, err := patient.Whoami(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("another request: %v", err)
	}

	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if _, err := connect(t, hanging.URL, up.URL).Whoami(ctx); !errors.Is(err, enough) {
		t.Errorf("the cancelled call: %v", err)
	}
}

// Requests that take long leave connections for others.
func TestSlowRequests(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	deleting := make(chan struct{}, 10)
	server := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			deleting <- struct{}{}
			<-release
		}
		_, _ = io.WriteString(w, "{}")
	})
	client := connect(t, server.URL)
	var deletions sync.WaitGroup
	for range 6 {
		deletions.Go(func() {
			if err := client.DeleteVhost(t.Context(), "v"); err != nil {
				t.Error(err)
			}
		})
	}
	<-deleting
	<-deleting
	for range 10 {
		if _, err := client.Whoami(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := len(deleting); n > 0 {
		t.Errorf("%d more deletions run than half of the connections", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.DeleteVhost(ctx, "v"); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled deletion: %v", err)
	}
	close(release)
	deletions.Wait()
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// Answers are bounded, must be JSON, and cannot send the account elsewhere.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	elsewhere := newFake(t, say(http.StatusOK, "{}"))
	for want, answer := range map[string]http.HandlerFunc{
		"302 Found": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
		"the answer: it is longer than 16 MiB": func(w http.ResponseWriter, _ *http.Request) {
			chunk := []byte(strings.Repeat(" ", 1<<20))
			for range 20 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		},
		"the answer: invalid character '<'":        say(http.StatusOK, "<html>"),
		"the answer: unexpected end of JSON input": say(http.StatusOK, ""),
		"400 Bad Request: bad_request: aaaa":       say(http.StatusBadRequest, `{"error":"bad_request","reason":"`+strings.Repeat("a", 10000)+`"}`),
		`400 Bad Request: bad_request: ["x",[40]]`: say(http.StatusBadRequest, `{"error":"bad_request","reason":["x",[40]]}`),
		"400 Bad Request: bad_request: two lines":  say(http.StatusBadRequest, `{"error":"bad_request","reason":"two\n\n lines\n"}`),
		"404 Not Found": say(http.StatusNotFound, "404 page not found"),
		"unexpected EOF": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "{")
		},
		"net/http: HTTP/1.x transport connection br": nil,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if answer == nil {
				answer = func(w http.ResponseWriter, _ *http.Request) {
					for i := range 100 {
						w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("a", 1000))
					}
				}
			}
			server := newFake(t, answer)
			_, err := connect(t, server.URL).Whoami(t.Context())
			if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 || strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %.600v", err)
			}
		})
	}
	if got := elsewhere.seen(); len(got) > 0 {
		t.Errorf("the account went elsewhere: %q", got)
	}
}

// Lists are read page by page, and a list that gets shorter meanwhile ends.
func TestPages(t *testing.T) {
	t.Parallel()
	server := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch page := r.URL.Query().Get("page"); page {
		case "1", "2":
			fmt.Fprintf(w, `{"page_count":3,"items":[{"name":"v%s"},{"name":"w%[1]s"}]}`, page)
		default:
			say(http.StatusBadRequest, `{"error":"page_out_of_range","reason":"Page out of range"}`)(w, r)
		}
	})
	var names []string
	for name, err := range connect(t, server.URL).Vhosts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if !slices.Equal(names, []string{"v1", "w1", "v2", "w2"}) || len(server.seen()) != 3 {
		t.Errorf("the names are %q, after the requests %q", names, server.seen())
	}
	for range connect(t, server.URL).Vhosts(t.Context()) {
		break // Leaving early asks for no more pages.
	}
	if n := len(server.seen()); n != 4 {
		t.Errorf("%d requests", n)
	}
	broken := newFake(t, say(http.StatusBadRequest, ""))
	for _, err := range connect(t, broken.URL).Vhosts(t.Context()) {
		if err == nil {
			t.Error("the first page has an error")
		}
	}
}

// What the lists have, and what servers before 3.9 write differently.
func TestAnswers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client := func(body string) *management.Client { return connect(t, newFake(t, say(http.StatusOK, body)).URL) }
	if names, err := client(`[{"name":"a","tags":"x,tag"},{"name":"b","tags":["tag"]},{"name":"c","tags":""},{"name":"d","tags":["tagged"]}]`).UsersWithTag(ctx, "tag"); err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("users: %q, %v", names, err)
	}
	limits, err := client(`[{"vhost":"a","value":{"max-queues":1}},{"vhost":"b","value":{"max-connections":2,"max-queues":1}}]`).ConnectionLimits(ctx)
	if err != nil || len(limits) != 1 || limits["b"] != 2 {
		t.Errorf("limits: %v, %v", limits, err)
	}
	if _, err := client(`[]`).Nodes(ctx); err == nil {
		t.Error("a cluster without nodes")
	}
	if nodes, err := client(`[{"name":"a"},{"name":"b","running":true,"mem_alarm":true,"fd_total":9}]`).Nodes(ctx); err != nil || nodes[0].Running || !nodes[1].Running || !nodes[1].MemoryAlarm || nodes[1].Files != 9 {
		t.Errorf("nodes: %+v, %v", nodes, err)
	}
	if total, largest, err := client(`{"total_count":7,"items":[{"name":"q","messages":3}]}`).Queues(ctx, "v", "messages"); err != nil || total != 7 || largest.Name != "q" || largest.Messages != 3 {
		t.Errorf("queues: %d, %+v, %v", total, largest, err)
	}
	if n, err := client(`[{"name":"1"},{"name":"2"}]`).Connections(ctx, "u"); err != nil || n != 2 {
		t.Errorf("connections: %d, %v", n, err)
	}
	if version, err := client(`{"rabbitmq_version":"3.10.8"}`).Version(ctx); err != nil || version != "3.10.8" {
		t.Errorf("version: %q, %v", version, err)
	}
	absent := connect(t, newFake(t, say(http.StatusNotFound, "")).URL)
	if _, ok, err := absent.Vhost(ctx, "v"); ok || err != nil {
		t.Errorf("no virtual host: %t, %v", ok, err)
	}
	if _, ok, err := absent.User(ctx, "u"); ok || err != nil {
		t.Errorf("no user: %t, %v", ok, err)
	}
	if permissions, err := absent.Permissions(ctx, "v"); len(permissions) != 0 || err != nil {
		t.Errorf("no permissions: %v, %v", permissions, err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(say(http.StatusOK, `{"name":"admin"}`))
	t.Cleanup(server.Close)
	broken := errors.New("no such file")
	for name, settings := range map[string]func(host string) (*tls.Config, error){
		"trusted": func(host string) (*tls.Config, error) {
			if host != "127.0.0.1" {
				t.Errorf("the host is %q", host)
			}
			return server.Client().Transport.(*http.Transport).TLSClientConfig.Clone(), nil
		},
		"unknown authority": func(string) (*tls.Config, error) { return &tls.Config{ServerName: "example.com"}, nil },
		"broken":            func(string) (*tls.Config, error) { return nil, broken },
	} {
		client, err := management.New(management.Config{Nodes: []*url.URL{mustParse(t, server.URL)}, Username: "admin", Password: password, TLS: settings, Timeout: time.Minute, MaxConnections: 4})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Whoami(t.Context())
		if (err == nil) != (name == "trusted") || name == "broken" && !errors.Is(err, broken) || name == "unknown authority" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, config := range []management.Config{
		{},
		{Timeout: time.Second, MaxConnections: 2},
		{Nodes: []*url.URL{{}}, MaxConnections: 2},
		{Nodes: []*url.URL{{}}, Timeout: time.Second, MaxConnections: 1},
	} {
		if _, err := management.New(config); err == nil {
			t.Errorf("%+v is accepted", config)
		}
	}
}

// Whatever the body of an error is, its reason is short text on one line.
func FuzzReason(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"error":"x","reason":"y"}`, `{"reason":[1,"é"]}`, `{"error":1}`, "<html>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := management.ReasonOf(body)
		if len(got) > 304 || strings.ContainsAny(got, "\n\r\x00") {
			t.Errorf("the reason of %q is %q", body, got)
		}
	})
}

// Tags are those of either form, or an error.
func FuzzTags(f *testing.F) {
	for _, seed := range []string{`""`, `"a,b"`, `["a"]`, `[]`, `null`, `{}`, `[1]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var tags management.Tags
		if json.Unmarshal(text, &tags) != nil {
			return
		}
		again, err := json.Marshal(tags)
		if err != nil {
			t.Fatal(err)
		}
		var second management.Tags
		if err := json.Unmarshal(again, &second); err != nil || !slices.Equal(tags, second) {
			t.Errorf("%q is %q, and then %q, %v", text, tags, second, err)
		}
	})
}
