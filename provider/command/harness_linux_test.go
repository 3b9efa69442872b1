package command_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/sqlitestore"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/command"
	"github.com/openbroker/openbroker/seal"
)

// helper is the path of testdata/helper.
var helper string

func TestMain(m *testing.M) {
	directory, err := os.MkdirTemp("", "openbroker-test-")
	if err != nil {
		panic(err)
	}
	helper = filepath.Join(directory, "helper")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", helper, "./testdata/helper")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, output))
	}
	m.Run()
	_ = os.RemoveAll(directory)
}

// patience is a last resort on a busy machine.
const patience = 30 * time.Minute

const testCatalog = `
services:
  - id: s
    name: service
    description: A service.
    bindable: true
    plan_updateable: true
    instances_retrievable: true
    bindings_retrievable: true
    plans:
      - {id: p1, name: small, description: Small., command: {disk: 12345678901234567890.10, tags: [a, {b: c}]}}
      - {id: p2, name: large, description: Large.}
`

// A world is a broker with a command provider, behind HTTP.
type world struct {
	t         *testing.T
	directory string
	settings  command.Settings
	// change changes the configuration of the engine.
	change func(*durable.Config)
	mark   string
	log    *logBuffer

	provider durable.Provider
	engine   *durable.Engine
	store    *sqlitestore.Store
	url      string
	stopper  func()
}

// newWorld returns a world whose program is a shell script in the directory $DIR. The
// script gets the request in $REQUEST and the operation in $OPERATION.
func newWorld(t *testing.T, script string) *world {
	t.Helper()
	w := &world{t: t, directory: t.TempDir(), mark: rand.Text(), log: new(logBuffer)}
	w.write("provider.sh", "#!/bin/sh\nREQUEST=$(cat)\nOPERATION=$(printf '%s' \"$REQUEST\" | sed 's/.*\"operation\":\"\\([a-z]*\\)\".*/\\1/')\n"+script+"\n")
	w.settings = command.Settings{
		Command: []string{"./provider.sh"}, Directory: provider.Directory(w.directory),
		Environment:  map[string]string{"OPENBROKER_TEST_MARK": w.mark, "DIR": w.directory},
		CheckTimeout: provider.Duration(patience), Grace: provider.Duration(5 * time.Minute), Concurrency: 16, StderrBytes: 65536,
	}
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.directory, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(w.directory, name), 0o700); err != nil {
		w.t.Fatal(err)
	}
}

// read returns a file that the program wrote, or an empty text.
func (w *world) read(name string) string {
	text, err := os.ReadFile(filepath.Join(w.directory, name))
	if err != nil && !os.IsNotExist(err) {
		w.t.Error(err)
	}
	return string(text)
}

// start starts the broker. It can be stopped and started again.
func (w *world) start() *world {
	w.t.Helper()
	c, err := catalog.Parse("catalog.yaml", []byte(testCatalog))
	if err != nil {
		w.t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(w.log, nil))
	host := provider.Host{Name: "blue", Data: filepath.Join(w.directory, "data"), Logger: logger, Helper: []string{helper, "--provider-helper", "command"}}
	if w.provider, err = command.New(w.settings, host); err != nil {
		w.t.Fatal(err)
	}
	if w.store, err = sqlitestore.Open(w.t.Context(), filepath.Join(w.directory, "broker.db")); err != nil {
		w.t.Fatal(err)
	}
	keys, err := seal.LoadOrCreate(filepath.Join(w.directory, "keyset.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	config := durable.Config{
		Sealer: keys, Logger: logger, PollInterval: 10 * time.Millisecond, StopGrace: patience,
		DefaultPolicy: durable.Policy{SyncWait: time.Millisecond, Attempts: 3, BackoffMin: time.Millisecond, BackoffMax: 10 * time.Millisecond},
	}
	if w.change != nil {
		w.change(&config)
	}
	// What package provider does.
	plans := plansOf{w.provider}
	var dispatched durable.Provider = plans
	if checks, ok := w.provider.(durable.RequestChecker); ok {
		dispatched = struct {
			plansOf
			checker
		}{plans, checks}
	}
	if w.engine, err = durable.New(w.t.Context(), c, dispatched, w.store, config); err != nil {
		w.t.Fatal(err)
	}
	w.engine.Start(context.WithoutCancel(w.t.Context()))
	server := httptest.NewServer(openbroker.NewHandler(w.engine, openbroker.WithoutVersionCheck(), openbroker.WithLogger(logger)))
	w.url = server.URL
	stop := sync.OnceFunc(func() {
		server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		w.engine.Stop(ctx)
		if err := w.provider.(io.Closer).Close(); err != nil {
			w.t.Error(err)
		}
		if err := w.store.Close(); err != nil {
			w.t.Error(err)
		}
		w.none()
	})
	w.stopper = stop
	w.t.Cleanup(stop)
	return w
}

// An answer is a response of the broker.
type answer struct {
	status int
	body   map[string]any
	text   string
}

const provisionBody = `{"service_id":"s","plan_id":"p1","organization_guid":"o","space_guid":"sp"}`

func (w *world) send(method, path, body string) answer {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/v2/service_instances/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, text: string(text)}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&a.body); err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	return a
}

// end sends a request and polls until its operation has ended. It returns the last
// response.
func (w *world) end(method, path, body string) answer {
	w.t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	a := w.send(method, path+separator+"accepts_incomplete=true", body)
	if a.status != http.StatusAccepted {
		return a
	}
	poll, _, _ := strings.Cut(path, "?")
	return w.await(poll+"/last_operation?operation="+a.body["operation"].(string), "an end", func(a answer) bool { return a.body["state"] != "in progress" })
}

func (w *world) await(path, what string, condition func(answer) bool) answer {
	w.t.Helper()
	var a answer
	w.until(what, func() bool {
		a = w.send("GET", path, "")
		return condition(a)
	})
	return a
}

func (w *world) until(what string, condition func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			w.t.Fatalf("this does not happen: %s; the log is\n%s", what, w.log)
		}
	}
}

// expect fails unless the response has a status and texts.
func (w *world) expect(a answer, status int, texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			w.t.Errorf("the response lacks %s: %d %s\n%s", text, a.status, a.text, w.log)
		}
	}
	if a.status != status {
		w.t.Errorf("the response is %d %s, want %d\n%s", a.status, a.text, status, w.log)
	}
}

// logged waits until the log has the texts: a poll can see the end of an operation before
// the log does.
func (w *world) logged(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		w.until("the log has "+text, func() bool { return strings.Contains(w.log.String(), text) })
	}
}

// none fails if a process of the program runs.
func (w *world) none() {
	w.t.Helper()
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		environment, err := os.ReadFile(path)
		if err == nil && bytes.Contains(environment, []byte(w.mark)) {
			w.t.Errorf("a process is left: %s", path)
			var pid int
			for _, digit := range strings.Split(path, "/")[2] {
				pid = pid*10 + int(digit-'0')
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

const deletion = "?service_id=s&plan_id=p1"

// plansOf gives instances the settings of their plans.
type plansOf struct{ durable.Provider }

func (p plansOf) settle(i durable.Instance) durable.Instance {
	if i.Plan != nil {
		i.PlanSettings = i.Plan.Extensions["command"]
	}
	return i
}

func (p plansOf) Provision(ctx context.Context, task *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	return p.Provider.Provision(ctx, task, p.settle(i))
}

func (p plansOf) Update(ctx context.Context, task *durable.Task, i, previous durable.Instance) (durable.UpdateResult, error) {
	return p.Provider.Update(ctx, task, p.settle(i), p.settle(previous))
}

type checker interface {
	CheckInstance(ctx context.Context, instance durable.Instance, previous *durable.Instance) error
	CheckBinding(ctx context.Context, binding durable.Binding) error
}

// A logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
