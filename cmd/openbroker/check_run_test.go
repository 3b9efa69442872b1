package main_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/openbroker/openbroker/conformance"
)

// passwordFile has the password that serve has generated.
var passwordFile = filepath.Join("openbroker-data", "password")

// checking runs openbroker check against a broker, and waits for its end.
func checking(p *process, args ...string) (code int, stdout, stderr string) {
	p.t.Helper()
	return command(p.t, p.cmd.Dir, nil, append([]string{"check", p.url, "--password-file", passwordFile, "--poll-interval", "10ms", "--max-poll-interval", "20ms"}, args...)...)
}

// instances returns the instances of the broker, as the admin commands list them.
func (p *process) instances() []string {
	p.t.Helper()
	code, stdout, stderr := command(p.t, p.cmd.Dir, nil, "admin", "instances", "-o", "json", "--all")
	if code != 0 {
		p.t.Fatal(stderr)
	}
	var ids []string
	for line := range strings.Lines(stdout) {
		var record struct {
			ID     string `json:"instance_id"`
			Status string `json:"status"`
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.ID == "" {
			p.t.Fatalf("%s: %v", line, err)
		}
		if record.Status != "deleted" {
			ids = append(ids, record.ID)
		}
	}
	return ids
}

// faulty is a proxy that changes the responses of a broker.
func faulty(t *testing.T, p *process, change func(*http.Response) error) string {
	t.Helper()
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: change,
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

// openbroker serve follows the specification with synchronous and asynchronous plans, and
// for every platform.
func TestCheckServe(t *testing.T) {
	t.Parallel()
	const quiet = "log: {level: warn}\n"
	// Korifi sends no organization and space.
	const noOrganization = quiet
	for name, c := range map[string]struct {
		config   string
		profiles []conformance.Profile
	}{
		"automatic":                         {quiet, []conformance.Profile{"", conformance.CloudFoundry, conformance.Kubernetes, conformance.ServiceManager}},
		"automatic without organization":    {noOrganization, []conformance.Profile{conformance.Korifi}},
		"asynchronous":                      {quiet + swift, []conformance.Profile{"", conformance.CloudFoundry}},
		"asynchronous without organization": {noOrganization + swift, []conformance.Profile{conformance.Korifi}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", c.config))
			for _, profile := range c.profiles {
				args := []string{"-o", "json"}
				if profile != "" {
					args = append(args, "--profile", string(profile))
				}
				code, stdout, stderr := checking(p, args...)
				var report conformance.Report
				if err := json.Unmarshal([]byte(stdout), &report); err != nil {
					t.Fatal(err, stderr)
				}
				for _, result := range report.Results {
					switch result.Outcome {
					case conformance.Passed, conformance.NotApplicable, conformance.Declined:
					default:
						t.Errorf("%s", result.Text())
					}
				}
				passed, plans := report.Counts().Passed, len(report.Plans)
				t.Logf("profile %q: %d checks passed, %d are not applicable, %d requests", profile, passed, report.Counts().NotApplicable, report.Requests)
				if code != 0 || passed < 150 || plans != 2 || profile != "" && !slices.Equal(report.Profiles, []conformance.Profile{profile}) {
					t.Errorf("exit code %d, %d checks passed on %d plans with the profile %q", code, passed, plans, report.Profiles)
				}
				if left := p.instances(); len(left) > 0 {
					t.Errorf("the broker still has %v", left)
				}
			}
			p.stop()
		})
	}
}

// After a failed MUST the exit code is 1, and all reports show the failure.
func TestCheckBrokenBroker(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	broken := faulty(t, p, func(r *http.Response) error {
		if r.Request.Method == http.MethodPut && r.StatusCode == http.StatusOK {
			r.StatusCode = http.StatusAccepted
		}
		return nil
	})
	args := []string{"check", broken, "--password-file", passwordFile, "--poll-interval", "10ms", "--only", "provision-*"}
	for _, format := range conformance.Formats() {
		args = append(args, "--report", string(format)+"=report."+string(format))
	}
	code, stdout, stderr := command(t, p.cmd.Dir, nil, args...)
	if code != 1 {
		t.Errorf("exit code %d, standard error\n%s", code, stderr)
	}
	for _, part := range []string{
		"FAILED ", "(MUST)", "spec.md, Provisioning", "https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/spec.md#",
		"> PUT " + broken + "/v2/service_instances/", "< 202 Accepted", "> Authorization: Basic ***", "\nNot conformant: of ",
	} {
		if !strings.Contains(stdout, part) {
			t.Errorf("the report does not have %q:\n%s", part, stdout)
		}
	}
	if !strings.Contains(stderr, "failed: provision-") {
		t.Errorf("the progress is\n%s", stderr)
	}
	for _, format := range conformance.Formats() {
		text := read(t, filepath.Join(p.cmd.Dir, "report."+string(format)))
		if !strings.Contains(text, "Not conformant") && format != conformance.FormatJUnit {
			t.Errorf("%s does not have the verdict", format)
		}
		if strings.Contains(text, p.password) {
			t.Errorf("%s has the password", format)
		}
	}
	var suites struct {
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal([]byte(read(t, filepath.Join(p.cmd.Dir, "report.junit"))), &suites); err != nil || suites.Failures == 0 {
		t.Errorf("the JUnit report has %d failures, %v", suites.Failures, err)
	}
	if left := p.instances(); len(left) > 0 {
		t.Errorf("the broker still has %v", left)
	}
	p.stop()
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// With any format but text, the verdict goes to the standard error.
func TestCheckOutput(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	code, stdout, stderr := checking(p, "--only", "catalog-*", "--report", "html=report.html", "-o", "yaml")
	if code != 0 || !strings.HasPrefix(stdout, "summary:\n  conforms: true\n") || !strings.Contains(stderr, "openbroker: Conformant: all MUSTs hold (") {
		t.Errorf("exit code %d, standard output %q, standard error %q", code, stdout, stderr)
	}
	if page := read(t, filepath.Join(p.cmd.Dir, "report.html")); !strings.HasPrefix(page, "<!DOCTYPE html>") || !strings.HasSuffix(page, "</html>\n") {
		t.Errorf("the page is\n%s", page)
	}
	code, stdout, _ = checking(p, "--only", "catalog-*", "--verbose", "--level", "must")
	if code != 0 || !strings.Contains(stdout, "PASSED catalog-") || strings.Contains(stdout, "(SHOULD)") {
		t.Errorf("exit code %d, standard output\n%s", code, stdout)
	}
	p.stop()
}

// A run without applicable checks is not a success.
func TestCheckNothingApplies(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	code, stdout, _ := checking(p, "--only", "*-route-*", "--report", "junit=report.xml")
	if code != 2 || !strings.Contains(stdout, "Inconclusive: no selected check applies") {
		t.Errorf("exit code %d, standard output\n%s", code, stdout)
	}
	p.stop()
}

// A run that fails before its first request leaves no report, neither an empty one nor
// that of an earlier run.
func TestCheckLeavesNoStaleReport(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := write(t, directory, "report.xml", "of yesterday")
	if code, _, stderr := command(t, directory, nil, "check", "http://127.0.0.1:1", "--report", "junit=report.xml"); code != 2 {
		t.Errorf("exit code %d, standard error %q", code, stderr)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the report exists: %v", err)
	}
}

// A failed clean-up is reported, and is not a success.
func TestCheckLeftovers(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	broken := faulty(t, p, func(r *http.Response) error {
		if r.Request.Method == http.MethodDelete {
			r.StatusCode = http.StatusBadRequest
		}
		return nil
	})
	code, stdout, _ := command(t, p.cmd.Dir, nil, "check", broken, "--password-file", passwordFile,
		"--poll-interval", "1ms", "--only", "provision-succeeds", "--cleanup-timeout", "5s")
	if code != 1 || !strings.Contains(stdout, "LEFT OVER: ") || !strings.Contains(stdout, "instance 05bc4ec0-") || !strings.Contains(stdout, "could not be deleted") {
		t.Errorf("exit code %d, standard output\n%s", code, stdout)
	}
	p.stop()
}

// After a signal, the run deletes what it has created, and reports the results so far.
func TestCheckInterrupted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal syscall.Signal
		code   int
	}{
		"SIGINT": {syscall.SIGINT, 130}, "SIGTERM": {syscall.SIGTERM, 143},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			p := serve(t, directory, nil, "--config", write(t, directory, "openbroker.yaml", slow+"log: {level: warn}\n"))
			run := start(t, directory, nil, "check", p.url, "--password-file", passwordFile, "--poll-interval", "10ms", "--report", "junit=report.xml")
			await(t, "instances", func() bool { return len(p.instances()) > 3 })
			run.signal(c.signal)
			if code := run.exit(); code != c.code {
				t.Errorf("exit code %d", code)
			}
			if left := p.instances(); len(left) > 0 {
				t.Errorf("the broker still has %v", left)
			}
			report := run.stdout.String()
			for _, part := range []string{"NOT EVALUATED: the run was interrupted\n  ", "\nInconclusive: the run was interrupted.\n"} {
				if !strings.Contains(report, part) {
					t.Errorf("the report does not have %q:\n%s", part, report)
				}
			}
			if !strings.Contains(run.stderr.String(), "openbroker: interrupted, deleting what the run has created; interrupt again to stop immediately\n") {
				t.Errorf("the standard error is\n%s", run.stderr)
			}
			if text := read(t, filepath.Join(directory, "report.xml")); !strings.Contains(text, `message="the run was interrupted"`) {
				t.Errorf("the JUnit report is\n%s", text)
			}
			p.stop()
		})
	}
}

// The second signal ends a run whose clean-up hangs.
func TestCheckInterruptedTwice(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), nil)
	deleting, done := make(chan struct{}, 1000), make(chan struct{})
	stuck := faulty(t, p, func(r *http.Response) error {
		if r.Request.Method != http.MethodDelete {
			return nil
		}
		deleting <- struct{}{}
		<-done
		return nil
	})
	t.Cleanup(func() { close(done) })
	run := start(t, p.cmd.Dir, nil, "check", stuck, "--password-file", passwordFile)
	<-deleting
	run.signal(syscall.SIGINT)
	await(t, "the first signal", func() bool { return strings.Contains(run.stderr.String(), "interrupt again") })
	run.signal(syscall.SIGINT)
	run.exit()
	if status, ok := run.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("the run ended with %v", run.cmd.ProcessState)
	}
	p.stop()
}

// Parameters of the file are sent, and masked.
func TestCheckParameters(t *testing.T) {
	t.Parallel()
	sent := make(chan string, 10000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodPut {
			select {
			case sent <- string(body):
			default:
			}
		}
		if r.URL.Path == "/v2/catalog" {
			_, _ = io.WriteString(w, `{"services":[{"id":"s","name":"s","description":"d","bindable":false,"plans":[{"id":"p","name":"small","description":"d"}]}]}`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(body) // The response repeats the secret.
	}))
	t.Cleanup(server.Close)
	directory := t.TempDir()
	write(t, directory, "parameters.yaml", "small:\n  provision: {size: 12345678901234567890, key: hunter2}\n")
	code, stdout, stderr := command(t, directory, nil, "check", server.URL, "--parameters", "parameters.yaml", "--poll-interval", "1ms")
	if code != 1 || strings.Contains(stdout+stderr, "hunter2") {
		t.Errorf("exit code %d, standard output\n%s", code, stdout)
	}
	found := false
	for range len(sent) {
		body := <-sent
		found = found || strings.Contains(body, `"key":"hunter2"`) && strings.Contains(body, `"size":12345678901234567890`)
	}
	if !found {
		t.Error("the parameters were not sent")
	}
	code, _, stderr = command(t, directory, nil, "check", server.URL, "--plan", "large")
	if code != 2 || !strings.Contains(stderr, "large") {
		t.Errorf("an unknown plan: exit code %d, standard error %q", code, stderr)
	}
}
