package main_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/server/config"
)

var consoleURL = regexp.MustCompile(`msg=serving listener=console url=(\S+)`)

// console waits until the log says where the console is.
func (p *process) console() string {
	p.t.Helper()
	var found []string
	await(p.t, "the log says where the console is", func() bool {
		found = consoleURL.FindStringSubmatch(p.stderr.String())
		return found != nil
	})
	return found[1]
}

// page requests a page of the console, as a user of the broker.
func (p *process) page(url string) (status int, body io.Reader) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	r.SetBasicAuth(p.username, p.password)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = answer.Body.Close() })
	return answer.StatusCode, answer.Body
}

// visit is page without a redirect.
func (p *process) visit(url string) (status int, header http.Header, body string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	r.SetBasicAuth(p.username, p.password)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(content)
}

func TestConsole(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", "data: openbroker-data\nconsole: {listen: 127.0.0.1:0}\n"))
	p.expect(http.StatusCreated, http.MethodPut, "/v2/service_instances/mine", provision(sqlitefile.SmallPlanID))
	for path, want := range map[string]string{
		"/": "Nothing needs attention.", "/instances": "mine", "/catalog": "sqlite", "/health": "store", "/instance?platform=default&id=mine": "provision",
	} {
		status, body := p.page(p.console() + path)
		content, err := io.ReadAll(body)
		if err != nil || status != http.StatusOK || !strings.Contains(string(content), want) {
			t.Errorf("%s: %d, %v, lacks %q", path, status, err, want)
		}
	}
	if code, stdout, stderr := command(t, directory, nil, "admin", "top", "--once"); code != 0 || !strings.Contains(stdout, "Attention   0 stuck, 0 failed in the last 24 h, 0 retrying, 0 left behind") ||
		!strings.Contains(stdout, "Instances   1 ready") || strings.Contains(stdout, "\x1b") {
		t.Errorf("admin top: %d, %s\n%s", code, stderr, stdout)
	}

	// A page that is open does not delay the end of the process.
	_, body := p.page(p.console() + "/events?page=/")
	events := bufio.NewScanner(body)
	for events.Scan() && events.Text() != "event: page" {
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	if strings.Contains(p.stderr.String(), "level=WARN") {
		t.Error("the end of the process has a warning")
	}
}

// A console that is only on by default must not stop the broker.
func TestConsoleGivesWay(t *testing.T) {
	t.Parallel()
	// Another process may have the port, as this one wants to.
	if other, err := new(net.ListenConfig).Listen(t.Context(), "tcp", config.DefaultConsole); err == nil {
		defer other.Close()
	}
	p := serve(t, t.TempDir(), nil)
	await(t, "the log says that the broker has no console", func() bool { return strings.Contains(p.stderr.String(), "the broker has no console") })
	p.expect(http.StatusOK, http.MethodGet, "/v2/catalog", nil)
	p.stop()

	other, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	directory := t.TempDir()
	file := write(t, directory, "openbroker.yaml", "listen: 127.0.0.1:0\nconsole: {listen: "+other.Addr().String()+"}\n")
	code, _, stderr := command(t, directory, nil, "serve", "--config", file)
	if code != 1 || !strings.Contains(stderr, "console: ") || !strings.Contains(stderr, "the port is in use") {
		t.Errorf("a configured console whose port is in use: %d, %s", code, stderr)
	}
	if code, _, stderr := command(t, directory, nil, "config", "check", write(t, directory, "none.yaml", "auth: {none: true}\nconsole: {}\n")); code == 0 || !strings.Contains(stderr, "users who log in") {
		t.Errorf("a console without users: %d, %s", code, stderr)
	}
}

// With a login by OpenID Connect, the broker starts without the provider, and its own
// passwords are worth nothing in the console.
func TestConsoleOIDC(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := write(t, directory, "openbroker.yaml", `
data: openbroker-data
console:
  listen: 127.0.0.1:0
  oidc:
    issuer: http://127.0.0.1:1
    client_id: openbroker
    client_secret: ${env:CONSOLE_CLIENT_SECRET}
    redirect_url: https://console.example.com/oidc/callback
  operators: ["group:platform-team"]
`)
	p := serve(t, directory, []string{"CONSOLE_CLIENT_SECRET=hunter2"}, "--config", file)
	p.expect(http.StatusOK, http.MethodGet, "/v2/catalog", nil)
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/":           {http.StatusSeeOther, "https://console.example.com/login?return=%2F"},
		"/login":      {http.StatusOK, "Log in at 127.0.0.1:1"},
		"/oidc/login": {http.StatusServiceUnavailable, "Try again in a moment"},
	} {
		status, header, body := p.visit(p.console() + path)
		if status != want.status || !strings.Contains(body+header.Get("Location"), want.text) || header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d, %v\n%s", path, status, header, body)
		}
	}
	p.awaitLog("a login to the console failed")
	if log := p.stderr.String(); strings.Contains(log, "hunter2") {
		t.Errorf("the log is\n%s", log)
	}
	// Commands that only use the store do not need the secret.
	if code, _, stderr := command(t, directory, nil, "admin", "top", "--once", "--config", file); code != 0 {
		t.Errorf("admin top: %d, %s", code, stderr)
	}
	if code, _, stderr := command(t, directory, nil, "config", "check", file); code == 0 || !strings.Contains(stderr, "openbroker.yaml:8:20: console.oidc.client_secret needs the environment variable CONSOLE_CLIENT_SECRET") {
		t.Errorf("config check: %d, %s", code, stderr)
	}
}

func TestAdminTop(t *testing.T) {
	t.Parallel()
	forEachStore(t, stuck, func(t *testing.T, w *world) {
		t.Helper()
		w.expect(http.StatusAccepted, http.MethodPut, "/v2/service_instances/mine?accepts_incomplete=true", provision(sqlitefile.SmallPlanID))
		var top struct {
			Open, Running int
			Instances     map[string]int
		}
		await(t, "a replica works on the operation", func() bool {
			if err := json.Unmarshal([]byte(w.admin("top", "--once", "-o", "json")), &top); err != nil {
				t.Fatal(err)
			}
			return top.Running == 1
		})
		if top.Open != 1 || top.Instances["creating"] != 1 {
			t.Errorf("%+v", top)
		}
		if text := w.admin("top"); !strings.Contains(text, "At work     replica-1 (1)") || strings.Contains(text, "\x1b") {
			t.Errorf("without a terminal:\n%s", text)
		}
		w.admin("fail", "mine", "--reason", "the volume is lost", "--no-cleanup")
		text := w.admin("top", "--once")
		for _, want := range []string{"1 failed in the last 24 h", "1 left behind", "FAILED, newest first", "the volume is lost", "LEFT BEHIND by a failed creation"} {
			if !strings.Contains(text, want) {
				t.Errorf("the overview lacks %q:\n%s", want, text)
			}
		}
		if code, _, stderr := w.try("top", "--interval", "1ms"); code != 2 || !strings.Contains(stderr, "too short") {
			t.Errorf("a short interval: %d, %s", code, stderr)
		}
	})
}
