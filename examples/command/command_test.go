// Package command_test runs the examples: brokers whose providers are programs.
package command_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the path of openbroker.
var binary string

func TestMain(m *testing.M) {
	directory, err := os.MkdirTemp("", "openbroker-examples-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(directory, "openbroker")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "../../cmd/openbroker")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	m.Run()
	_ = os.RemoveAll(directory)
}

// patience is a last resort on a busy machine.
const patience = 30 * time.Minute

// An example is a copy of one of the directories.
type example struct {
	t         *testing.T
	language  string
	directory string
	service   string
	plan      string
}

func newExample(t *testing.T, language string) *example {
	t.Helper()
	e := &example{t: t, language: language, directory: filepath.Join(t.TempDir(), language)}
	if err := os.CopyFS(e.directory, os.DirFS(language)); err != nil {
		t.Fatal(err)
	}
	catalog, err := os.ReadFile(filepath.Join(e.directory, "catalog.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// On a busy machine, a check takes longer than platforms wait.
	path := filepath.Join(e.directory, "openbroker.yaml")
	configuration, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	patient := strings.Replace(string(configuration), "    check: true\n", "    check: true\n    check_timeout: "+patience.String()+"\n", 1)
	if err := os.WriteFile(path, []byte(patient), 0o600); err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`id: ([0-9a-f-]{36})`).FindAllStringSubmatch(string(catalog), -1)
	e.service, e.plan = ids[0][1], ids[1][1]
	return e
}

func each(t *testing.T, test func(t *testing.T, e *example)) {
	t.Helper()
	for _, language := range []string{"bash", "python", "node"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			test(t, newExample(t, language))
		})
	}
}

// run runs a command that succeeds, and returns its output.
func (e *example) run(args ...string) string {
	e.t.Helper()
	command := exec.CommandContext(e.t.Context(), binary, args...)
	command.Dir, command.Env = e.directory, append(os.Environ(), "OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p")
	out, err := command.CombinedOutput()
	if err != nil {
		e.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// A broker is a running process.
type broker struct {
	e   *example
	cmd *exec.Cmd
	url string

	mu  sync.Mutex
	log bytes.Buffer
}

var listening = regexp.MustCompile(`listening on (http://\S+)`)

func (e *example) serve() *broker {
	e.t.Helper()
	b := &broker{e: e, cmd: exec.CommandContext(context.WithoutCancel(e.t.Context()), binary, "serve", "--config", "openbroker.yaml", "--listen", "127.0.0.1:0")}
	b.cmd.Dir, b.cmd.Env = e.directory, append(os.Environ(), "OPENBROKER_USERNAME=u", "OPENBROKER_PASSWORD=p")
	said, says, err := os.Pipe()
	if err != nil {
		e.t.Fatal(err)
	}
	b.cmd.Stdout, b.cmd.Stderr = says, says
	if err := errors.Join(b.cmd.Start(), says.Close()); err != nil {
		e.t.Fatal(err)
	}
	address := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			b.mu.Lock()
			b.log.WriteString(lines.Text() + "\n")
			b.mu.Unlock()
			if match := listening.FindStringSubmatch(lines.Text()); match != nil {
				address <- match[1]
			}
		}
	}()
	e.t.Cleanup(func() {
		b.kill()
		<-ended
		if e.t.Failed() {
			log := b.log.String()
			e.t.Logf("the end of the broker's log:\n%s", log[max(0, len(log)-5000):])
		}
	})
	select {
	case b.url = <-address:
	case <-ended:
		e.t.Fatalf("the broker ended: %s", b.log.String())
	}
	return b
}

func (b *broker) kill() {
	_ = b.cmd.Process.Kill() // It may have ended.
	_ = b.cmd.Wait()
}

// send sends a request of a platform.
func (b *broker) send(method, path string, body map[string]any) (status int, answer map[string]any) {
	b.e.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		b.e.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(b.e.t.Context(), method, b.url+"/v2/service_instances/"+path, bytes.NewReader(encoded))
	if err != nil {
		b.e.t.Fatal(err)
	}
	request.SetBasicAuth("u", "p")
	request.Header.Set("X-Broker-API-Version", "2.17")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.e.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		b.e.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// end sends a request and waits until its operation has ended. It fails unless it succeeds.
func (b *broker) end(method, path string, body map[string]any) {
	b.e.t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	status, answer := b.send(method, path+separator+"accepts_incomplete=true", body)
	if status == http.StatusAccepted {
		resource, _, _ := strings.Cut(path, "?")
		b.await(resource, "succeeded")
		return
	}
	if status != http.StatusOK && status != http.StatusCreated {
		b.e.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
}

// await polls until the last operation is in a state.
func (b *broker) await(resource, state string) {
	b.e.t.Helper()
	until(b.e.t, resource+" "+state, func() bool {
		_, answer := b.send("GET", resource+"/last_operation", nil)
		if answer["state"] == "failed" && state != "failed" {
			b.e.t.Fatalf("%s: %v", resource, answer)
		}
		return answer["state"] == state
	})
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("this does not happen: %s", what)
		}
	}
}

func (e *example) provision() map[string]any {
	return map[string]any{"service_id": e.service, "plan_id": e.plan, "organization_guid": "o", "space_guid": "s"}
}

// made lists what the provider has made.
func (e *example) made() []string {
	found, _ := filepath.Glob(filepath.Join(e.directory, "data", "*", "ob-*"))
	return found
}

// The configuration and the catalog are right, and so is the program.
func TestExamples(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *example) {
		t.Helper()
		if out := e.run("config", "check", "openbroker.yaml"); out != "openbroker.yaml: ok\n" {
			t.Errorf("config check: %s", out)
		}
		if out := e.run("lint", "--strict", "--config", "openbroker.yaml"); !strings.HasSuffix(out, "catalog.yaml: ok\n") {
			t.Errorf("lint: %s", out)
		}
		var report struct {
			Passed, Failed int
			Steps          []struct{ Step, Skipped string }
		}
		out := e.run("provider", "test", "--interruptions", "1", "--timeout", patience.String(), "-o", "json", "openbroker.yaml")
		if err := json.Unmarshal([]byte(out), &report); err != nil || report.Failed > 0 || report.Passed < 27 {
			t.Errorf("provider test: %v\n%s", err, out)
		}
		for _, step := range report.Steps {
			if step.Skipped != "" && (e.language != "node" || step.Step != "check") {
				t.Errorf("%s is skipped: %s", step.Step, step.Skipped)
			}
		}
		if left := e.made(); len(left) > 0 {
			t.Errorf("it left %q", left)
		}
	})
}

// The life of an instance, and the conformance of the broker.
func TestBrokers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *example) {
		t.Helper()
		b := e.serve()
		b.end("PUT", "one", e.provision())
		b.end("PUT", "one/service_bindings/b", map[string]any{"service_id": e.service, "plan_id": e.plan})
		status, binding := b.send("GET", "one/service_bindings/b", nil)
		credentials, _ := binding["credentials"].(map[string]any)
		if status != http.StatusOK || len(credentials) < 2 {
			t.Errorf("the binding is %d %v", status, binding)
		}
		if made := e.made(); len(made) != 1 {
			t.Errorf("it made %q", made)
		}
		hints := "?service_id=" + e.service + "&plan_id=" + e.plan
		b.end("DELETE", "one/service_bindings/b"+hints, nil)
		b.end("DELETE", "one"+hints, nil)
		if made := e.made(); len(made) != 0 {
			t.Errorf("it left %q", made)
		}
		if out := e.run("check", "--operation-timeout", patience.String(), "--timeout", patience.String(), b.url); !strings.Contains(out, "Conformant: all MUSTs hold") {
			t.Errorf("check: %s", out)
		}
		if made := e.made(); len(made) != 0 {
			t.Errorf("check left %q", made)
		}
	})
}

// A broker that is killed in a provision completes it after its start. Until then, its
// program has ended.
func TestKilledBrokers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e *example) {
		t.Helper()
		path := filepath.Join(e.directory, "openbroker.yaml")
		configuration, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		slow := strings.Replace(string(configuration), "environment: {", "grace: 100ms\n    environment: {SLOW: \"1000\", ", 1)
		if err := os.WriteFile(path, []byte(slow), 0o600); err != nil {
			t.Fatal(err)
		}
		b := e.serve()
		status, accepted := b.send("PUT", "one?accepts_incomplete=true", e.provision())
		if status != http.StatusAccepted {
			t.Fatalf("%d %v", status, accepted)
		}
		until(t, "the program works", func() bool {
			_, answer := b.send("GET", "one/last_operation", nil)
			description, _ := answer["description"].(string)
			return strings.HasPrefix(description, "making the ")
		})
		b.kill()
		if err := os.WriteFile(path, configuration, 0o600); err != nil {
			t.Fatal(err)
		}
		b = e.serve()
		b.await("one", "succeeded")
		if _, last := b.send("GET", "one/last_operation?operation="+accepted["operation"].(string), nil); last["state"] != "succeeded" {
			t.Errorf("the operation is %v", last)
		}
		b.end("DELETE", "one?service_id="+e.service+"&plan_id="+e.plan, nil)
		if made := e.made(); len(made) != 0 {
			t.Errorf("it left %q", made)
		}
		processes, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, process := range processes {
			if at, err := os.Readlink(process); err == nil && at == e.directory && filepath.Dir(process) != fmt.Sprintf("/proc/%d", b.cmd.Process.Pid) {
				t.Errorf("a process is left: %s", process)
			}
		}
	})
}
