package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

var (
	// binary is the path of the program under test.
	binary   string
	postgres pgtest.Shared
)

func TestMain(m *testing.M) {
	directory, err := os.MkdirTemp("", "openbroker-test-")
	if err != nil {
		panic(err)
	}
	// All builds of the tests are without cgo, so that they share what they compile.
	if err := os.Setenv("CGO_ENABLED", "0"); err != nil {
		panic(err)
	}
	binary = filepath.Join(directory, "openbroker")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, ".")
	if output, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, output))
	}
	// The tests wait for processes most of the time.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	postgres.Run(m)
	_ = os.RemoveAll(directory)
}

// patience limits the wait for an event on a busy machine.
const patience = 30 * time.Minute

// A process is a running openbroker.
type process struct {
	t *testing.T
	// name is that of the program.
	name   string
	cmd    *exec.Cmd
	url    string
	stderr *output
	stdout *output
	exited chan struct{}
	// username and password are the credentials.
	username, password string
}

// An output collects what a running process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts a process in a directory, without waiting for it.
func start(t *testing.T, directory string, environment []string, args ...string) *process {
	t.Helper()
	return startProgram(t, binary, directory, environment, args...)
}

// startProgram is start for another program.
func startProgram(t *testing.T, program, directory string, environment []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(program), stderr: new(output), stdout: new(output), exited: make(chan struct{})}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	p.cmd.Dir = directory
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + directory}, environment...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // The state of the process has the error.
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %q wrote\n%s", p.name, args, p.stderr)
		}
	})
	return p
}

// serve starts `openbroker serve` on a free port and waits until it listens.
func serve(t *testing.T, directory string, environment []string, args ...string) *process {
	t.Helper()
	p := listen(t, directory, environment, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	p.username = "openbroker"
	if password, err := os.ReadFile(filepath.Join(directory, "openbroker-data", "password")); err == nil {
		p.password = strings.TrimSpace(string(password))
	}
	return p
}

// listen starts a process and waits until it listens.
func listen(t *testing.T, directory string, environment []string, args ...string) *process {
	t.Helper()
	p := start(t, directory, environment, args...)
	p.awaitURL()
	return p
}

// awaitURL waits until the process listens.
func (p *process) awaitURL() {
	p.t.Helper()
	await(p.t, "the URL", func() bool {
		select {
		case <-p.exited:
			p.t.Fatalf("the process has exited:\n%s", p.stderr)
		default:
		}
		line, complete := strings.CutSuffix(p.stdout.String(), "\n")
		p.url = strings.TrimPrefix(line, p.name+": listening on ")
		return complete
	})
}

// await waits until a condition holds.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited too long for %s", what)
		}
	}
}

func (p *process) signal(signal os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process like kill -9.
func (p *process) kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
	<-p.exited
}

// exit waits for the end of the process, and returns the exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatal("the process does not exit")
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop stops the process with SIGTERM.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		p.t.Errorf("exit code %d", code)
	}
	if want := p.name + ": listening on " + p.url + "\n"; p.stdout.String() != want {
		p.t.Errorf("the standard output is %q, want %q", p.stdout, want)
	}
}

// A brokerResponse is a response with its JSON body.
type brokerResponse struct {
	status int
	body   map[string]any
}

func (a brokerResponse) text(key string) string {
	text, _ := a.body[key].(string)
	return text
}

// request sends a request as a platform would.
func (p *process) request(method, path string, body any) brokerResponse {
	p.t.Helper()
	a, err := p.try(http.DefaultClient, method, path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *process) try(client *http.Client, method, path string, body any) (brokerResponse, error) {
	p.t.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, reader)
	if err != nil {
		p.t.Fatal(err)
	}
	request.SetBasicAuth(p.username, p.password)
	request.Header.Set("X-Broker-API-Version", "2.17")
	response, err := client.Do(request)
	if err != nil {
		return brokerResponse{}, err
	}
	defer response.Body.Close()
	a := brokerResponse{status: response.StatusCode}
	return a, json.NewDecoder(bufio.NewReader(response.Body)).Decode(&a.body)
}

// expect sends a request and checks the status.
func (p *process) expect(status int, method, path string, body any) brokerResponse {
	p.t.Helper()
	a := p.request(method, path, body)
	if a.status != status {
		p.t.Fatalf("%s %s: %d %v, want %d", method, path, a.status, a.body, status)
	}
	return a
}

// command runs a process, and waits for its end.
func command(t *testing.T, directory string, environment []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := start(t, directory, environment, args...)
	code = p.exit()
	return code, p.stdout.String(), p.stderr.String()
}

// write writes a file in a directory, and returns its path.
func write(t *testing.T, directory, name, content string) string {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
