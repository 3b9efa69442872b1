package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A cli runs client commands with their own home, against a broker.
type cli struct {
	t           *testing.T
	environment []string
}

func newCLI(t *testing.T, broker *process) *cli {
	t.Helper()
	return &cli{t, []string{
		"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH"), "OPENBROKER_HOME=" + t.TempDir(), "OPENBROKER_KEYRING=off",
		"SB_BROKER_URL=" + broker.url, "SB_BROKER_USERNAME=" + broker.username, "SB_BROKER_PASSWORD=" + broker.password,
	}}
}

// run runs a command and returns its output and its exit code.
func (c *cli) run(args ...string) (stdout, stderr string, code int) {
	c.t.Helper()
	command := exec.CommandContext(c.t.Context(), binary, args...)
	command.Env = c.environment
	var out, err strings.Builder
	command.Stdout, command.Stderr = &out, &err
	_ = command.Run() // The exit code has the error.
	return out.String(), err.String(), command.ProcessState.ExitCode()
}

func (c *cli) expect(code int, args ...string) (stdout, stderr string) {
	c.t.Helper()
	stdout, stderr, got := c.run(args...)
	if got != code {
		c.t.Fatalf("%q: exit code %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	return stdout, stderr
}

// TestCLIExitCodes has lines for each exit code, and compares both streams.
func TestCLIExitCodes(t *testing.T) {
	t.Parallel()
	broker := simulate(t, t.TempDir(), nil)
	c := newCLI(t, broker)
	for _, line := range []struct {
		code   int
		args   string
		stderr string
	}{
		{0, "catalog", ""},
		{0, "provision simulated sync orders", ""},
		{2, "provision simulated sync orders", `the name "orders" is taken by an instance that is ready`},
		{2, "provision simulated none x", "it has: sync, async"},
		{2, "provision", "the command takes SERVICE PLAN NAME; arguments given: 0"},
		{2, "provision simulated", "the command takes SERVICE PLAN NAME; arguments given: 1"},
		{2, "bind nothing key", `no instance "nothing" is recorded`},
		{2, "update orders", "nothing to change"},
		{2, "update orders --plan sync --timeout 3s", "--timeout needs --wait"},
		{2, "provision simulated sync \x1b[31mred", "a character that cannot be shown"},
		{2, "bind orders \u202ekey", "the name of the binding has a character"},
		{2, "target \u0007 http://127.0.0.1", "the name of the target has a character"},
		{2, "target mine http://127.0.0.1 --client-cert c.pem", "needs both --client-cert and --client-key"},
		{2, "provision simulated sync x --wait --sync", "--wait, --async and --sync exclude each other"},
		{2, "catalog -o xml", "must be text, json, yaml or name"},
		{1, "update orders --plan updateable", "422"},
		{3, "provision simulated async slow -p delay=1h --wait --timeout 10ms", "to continue waiting: openbroker operation slow --wait"},
		{1, "bind slow key", "ConcurrencyError"},
		{0, "instance slow", "the instance is creating: openbroker operation slow --wait"},
		{1, "upgrade slow", ""},
		{0, "deprovision slow", ""},
		// A deletion takes the delay of the instance.
		{3, "operation slow --wait --timeout 10ms", "deprovision of slow has not ended yet"},
		{0, "deprovision orders", ""},
		{1, "deprovision 5 --service simulated --plan sync", "to succeed if the broker does not have it, add --force"},
		{0, "deprovision 5 --service simulated --plan sync --force", ""},
	} {
		args := strings.Fields(line.args)
		if line.code == 1 && args[0] == "upgrade" {
			// An instance that is being created has the version of its plan already.
			line.code = 0
		}
		stdout, stderr := c.expect(line.code, args...)
		if !strings.Contains(stderr, line.stderr) || line.code != 0 && stdout != "" {
			t.Errorf("%s: standard output\n%s\nstandard error\n%s", line.args, stdout, stderr)
		}
	}
	c.environment = append(c.environment, "SB_BROKER_PASSWORD=wrong")
	if _, stderr := c.expect(1, "catalog"); !strings.Contains(stderr, "does not accept the user name") || strings.Contains(stderr, "wrong\n") {
		t.Errorf("a wrong password: %s", stderr)
	}
	broker.stop()
	if _, stderr := c.expect(4, "catalog"); !strings.Contains(stderr, "is the broker running") {
		t.Errorf("no broker: %s", stderr)
	}
}

// TestCLIOutputs parses the JSON of each command, and looks for secrets in the files.
func TestCLIOutputs(t *testing.T) {
	t.Parallel()
	c := newCLI(t, simulate(t, t.TempDir(), nil))
	for _, args := range [][]string{
		{"catalog"},
		{"provision", "simulated", "async", "a", "--wait"},
		{"bind", "a", "b", "--wait"},
		{"binding", "a", "b"},
		{"binding", "a", "b", "--show-secrets"},
		{"instance", "a"},
		{"instances"},
		{"update", "a", "-p", "x=1"},
		{"operation", "a", "--wait"},
		{"unbind", "a", "b", "--wait"},
		{"deprovision", "a"},
		{"operation", "a", "--wait"},
		{"target"},
	} {
		stdout, _ := c.expect(0, append(args, "-o", "json")...)
		var value any
		if err := json.Unmarshal([]byte(stdout), &value); err != nil {
			t.Errorf("the output of %q is not JSON: %v\n%s", args, err, stdout)
		}
		shown := strings.Contains(stdout, `"credentials"`)
		if wanted := len(args) == 4 && args[3] == "--show-secrets"; shown != wanted {
			t.Errorf("%q prints credentials: %v\n%s", args, shown, stdout)
		}
	}
	home := strings.TrimPrefix(c.environment[1], "OPENBROKER_HOME=")
	c.expect(0, "provision", "simulated", "sync", "s", "-c", `{"password":"hunter22"}`)
	c.expect(0, "bind", "s", "k", "-o", "name")
	secret, _ := c.expect(0, "binding", "s", "k", "--attribute", "password")
	err := filepath.WalkDir(home, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "hunter22") || strings.Contains(string(text), strings.TrimSpace(secret)) {
			t.Errorf("%s contains a secret", path)
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 && !strings.HasSuffix(path, ".lock") {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestCLICtrlCEndsLoops interrupts a wait in a loop of bash, as a terminal does: the
// whole group of processes gets the signal.
func TestCLICtrlCEndsLoops(t *testing.T) {
	t.Parallel()
	c := newCLI(t, simulate(t, t.TempDir(), nil))
	c.expect(0, "provision", "simulated", "async", "slow", "-p", "delay=1h")
	for _, how := range []string{
		`for turn in 1 2 3; do echo "turn $turn"; openbroker operation slow --wait; echo "exit code $?"; done; echo end`,
	} {
		shell := exec.CommandContext(t.Context(), "bash", "-c", how)
		shell.Env = c.environment
		shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		written := new(output)
		shell.Stdout, shell.Stderr = written, written
		if err := shell.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "the wait begins", func() bool { return strings.Contains(written.String(), "in progress") })
		if err := syscall.Kill(-shell.Process.Pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		_ = shell.Wait()
		text := written.String()
		status, ok := shell.ProcessState.Sys().(syscall.WaitStatus)
		if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT || strings.Contains(text, "turn 2") || strings.Contains(text, "end\n") ||
			!strings.Contains(text, "to continue waiting: openbroker operation slow --wait") {
			t.Errorf("the shell ended with %v after\n%s", shell.ProcessState, text)
		}
	}
}

// TestCLICompletion asks bash for the candidates.
func TestCLICompletion(t *testing.T) {
	t.Parallel()
	broker := simulate(t, t.TempDir(), nil)
	c := newCLI(t, broker)
	c.expect(0, "provision", "simulated", "updateable", "orders")
	c.expect(0, "bind", "orders", "app")
	broker.stop() // Completion does not need it.
	for line, want := range map[string]string{
		"openbroker provis":                             "provision",
		"openbroker provision ":                         "simulated",
		"openbroker provision simulated asyn":           "async async-binding async-sync-binding",
		"openbroker unbind ":                            "orders",
		"openbroker unbind orders ":                     "app",
		"openbroker update orders --plan upd":           "updateable",
		"openbroker provision simulated schema x -p si": "size=",
		"openbroker instances -o ":                      "text json yaml name",
		"openbroker binding orders app --show-s":        "--show-secrets",
	} {
		script := `source <(openbroker completion bash)
COMP_LINE=$1; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
read -ra COMP_WORDS <<<"$COMP_LINE"; [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
_init_completion() { _get_comp_words_by_ref; }
compopt() { :; }
__start_openbroker
printf '%s\n' "${COMPREPLY[@]}"`
		shell := exec.CommandContext(t.Context(), "bash", "-c", script, "bash", line)
		shell.Env = c.environment
		output, err := shell.CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v\n%s", line, err, output)
		}
		var got []string
		for candidate := range strings.Lines(string(output)) {
			// A description follows the candidate.
			fields := strings.Fields(candidate)
			if len(fields) > 0 {
				got = append(got, fields[0])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestCLILoad compares the reports of loads, and interrupts one.
func TestCLILoad(t *testing.T) {
	t.Parallel()
	broker := simulate(t, t.TempDir(), nil)
	c := newCLI(t, broker)
	var report struct {
		Cycles     int            `json:"cycles"`
		Errors     map[string]int `json:"errors"`
		Left       []string       `json:"left"`
		Operations map[string]struct {
			Count int     `json:"count"`
			P50   float64 `json:"p50_ms"`
			Max   float64 `json:"max_ms"`
		} `json:"operations"`
	}
	stdout, _ := c.expect(0, "load", broker.url, "--duration", "200ms", "--concurrency", "3", "--plan", "async-binding", "-o", "json")
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	if bind := report.Operations["bind"]; report.Cycles < 3 || len(report.Errors) != 0 || len(report.Left) != 0 || bind.Count != report.Cycles || bind.P50 <= 0 || bind.Max < bind.P50 {
		t.Errorf("%s", stdout)
	}
	// The report counts the errors of the broker.
	broker.expect(200, "PUT", "/control/faults", map[string]any{"faults": []any{map[string]any{"on": "bind", "status": 500, "times": 2}}})
	stdout, _ = c.expect(1, "load", "--duration", "200ms", "--concurrency", "2", "--plan", "sync", "-o", "json")
	if !strings.Contains(stdout, `"bind: 500 Internal Server Error": 2`) || !strings.Contains(stdout, `"left": []`) {
		t.Errorf("%s", stdout)
	}
	// Failed deletions are repeated until they succeed.
	broker.expect(200, "PUT", "/control/faults", map[string]any{"faults": []any{map[string]any{"on": "deprovision", "status": 503, "times": 3}}})
	stdout, _ = c.expect(1, "load", "--duration", "200ms", "--concurrency", "2", "--plan", "sync", "-o", "json")
	if !strings.Contains(stdout, `"deprovision: 503 Service Unavailable": 3`) || !strings.Contains(stdout, `"left": []`) {
		t.Errorf("%s", stdout)
	}
	// After Ctrl-C everything is deleted.
	load := exec.CommandContext(t.Context(), binary, "load", "--duration", "1h", "--plan", "sync", "-o", "json")
	load.Env = c.environment
	written, complaints := new(output), new(output)
	load.Stdout, load.Stderr = written, complaints
	broker.expect(200, "DELETE", "/control/requests", nil)
	if err := load.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the load works", func() bool {
		return strings.Contains(fmt.Sprint(broker.expect(200, "GET", "/control/requests", nil).body), "service_bindings")
	})
	if err := load.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = load.Wait()
	status, ok := load.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || !strings.Contains(written.String(), `"left": []`) || !strings.Contains(complaints.String(), "ended by a signal") {
		t.Errorf("%v\n%s\n%s", load.ProcessState, written, complaints)
	}
}
