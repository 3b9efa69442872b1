package main_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/internal/testserver"
)

const webhookSecret = "whsec_b3BlbmJyb2tlciB0ZXN0cyBzaWduIHdpdGggdGhpcw=="

// A webhookReceiver is a process of examples/webhook.
type webhookReceiver struct {
	t       *testing.T
	command []string
	folders string
	log     *output
	// url ends with a slash.
	url string
}

// receivers are the programs of examples/webhook.
func receivers(t *testing.T) map[string][]string {
	t.Helper()
	examples, err := filepath.Abs("../../examples/webhook")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "receiver")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, examples).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return map[string][]string{"python": pythonReceiver(t), "go": {program}}
}

func pythonReceiver(t *testing.T) []string {
	t.Helper()
	script, err := filepath.Abs("../../examples/webhook/receiver.py")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Fatalf("%v: run make tools, which installs what the tests need", err)
	}
	return []string{"python3", script}
}

// startReceiver starts a receiver that ends with the test.
func startReceiver(t *testing.T, command []string, environment ...string) *webhookReceiver {
	t.Helper()
	r := &webhookReceiver{t: t, command: command, folders: t.TempDir(), log: new(output)}
	process := exec.CommandContext(context.WithoutCancel(t.Context()), command[0], append(command[1:], r.folders, "0")...)
	process.Env = append([]string{"PATH=" + os.Getenv("PATH"), "WEBHOOK_SECRETS=" + webhookSecret}, environment...)
	process.Stdout, process.Stderr = r.log, r.log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill() // It may have ended.
		_ = process.Wait()
		if t.Failed() {
			t.Logf("the receiver %q wrote\n%s", command, r.log)
		}
	})
	await(t, "the receiver", func() bool {
		_, after, found := strings.Cut(r.log.String(), "listening on ")
		r.url, _, _ = strings.Cut(after, "\n")
		return found && strings.HasSuffix(after, "\n")
	})
	return r
}

// made lists the folders.
func (r *webhookReceiver) made() []string {
	r.t.Helper()
	entries, err := os.ReadDir(r.folders)
	if err != nil {
		r.t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

// The ids of examples/webhook.
const (
	webhookService = "0a1d8e6c-3c8f-4f57-8f5e-51b9d2f0c401"
	quickPlan      = "5e5d7d0a-9b1a-4d0e-a8c7-0f2f1c6b3d02"
	slowPlan       = "c9f0b2f4-7a64-4f0b-8b2b-7e0d8f4a9e03"
)

// serveWebhook starts a broker with the configuration of examples/webhook for a receiver.
func serveWebhook(t *testing.T, directory, url, more string) *process {
	t.Helper()
	for _, name := range []string{"openbroker.yaml", "catalog.yaml"} {
		content, err := os.ReadFile(filepath.Join("../../examples/webhook", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(content), "http://127.0.0.1:9000/", url, 1)
		text = strings.Replace(text, "    signed_answers: true\n", "    signed_answers: true\n"+more, 1)
		if name == "openbroker.yaml" {
			text += "engine: {lease: 4s}\n" // The next process resumes operations after it.
		}
		write(t, directory, name, text)
	}
	write(t, directory, "openbroker-data/password", "secret\n")
	return serve(t, directory, []string{"WEBHOOK_SECRET=" + webhookSecret}, "--config", "openbroker.yaml")
}

func webhookBody(plan string) map[string]any {
	return map[string]any{"service_id": webhookService, "plan_id": plan, "organization_guid": "o", "space_guid": "s"}
}

// The receivers in Python and Go make what platforms ask for, survive kill -9 of the
// broker, and leave nothing behind.
func TestWebhookReceivers(t *testing.T) {
	t.Parallel()
	for name, program := range receivers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, r := t.TempDir(), startReceiver(t, program)
			p := serveWebhook(t, directory, r.url, "")
			operation := p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", webhookBody(slowPlan)).text("operation")
			await(t, "the description", func() bool { return poll(p, operation).text("description") == "The folder is being made." })
			p.kill()
			p = serveWebhook(t, directory, r.url, "")
			await(t, "the provision", func() bool { return poll(p, operation).text("state") == "succeeded" })
			if made := r.made(); len(made) != 1 {
				t.Errorf("the folders are %q", made)
			}

			bound := p.expect(http.StatusCreated, "PUT", instance+"/service_bindings/b", webhookBody(slowPlan))
			credentials, _ := bound.body["credentials"].(map[string]any)
			folder, _ := credentials["folder"].(string)
			tokens, err := filepath.Glob(filepath.Join(folder, "*.token"))
			if err != nil || len(tokens) != 1 {
				t.Fatalf("the tokens are %q, %v", tokens, err)
			}
			if token, err := os.ReadFile(tokens[0]); err != nil || string(token) != credentials["token"] {
				t.Errorf("the token is %q, %v", token, err)
			}
			p.expect(http.StatusOK, "PATCH", instance, webhookBody(quickPlan))
			p.expect(http.StatusOK, "DELETE", instance+"?service_id="+webhookService+"&plan_id="+quickPlan, nil)

			// A deletion ends a provision that is still running.
			operation = p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", webhookBody(slowPlan)).text("operation")
			await(t, "the description", func() bool { return poll(p, operation).text("description") == "The folder is being made." })
			p.expect(http.StatusOK, "DELETE", instance+"?service_id="+webhookService+"&plan_id="+slowPlan, nil)
			await(t, "the end of the work", func() bool { return strings.Contains(r.log.String(), "given up: provision") })
			if made := r.made(); len(made) != 0 {
				t.Errorf("left behind: %q", made)
			}
			if log := p.stderr.String(); strings.Contains(log, webhookSecret) || strings.Contains(log, fmt.Sprint(credentials["token"])) {
				t.Error("the log has a secret")
			}

			access := []string{"OPENBROKER_USERNAME=openbroker", "OPENBROKER_PASSWORD=secret"}
			if code, stdout, stderr := command(t, directory, access, "check", "--plan", "quick", p.url); code != 0 || !strings.Contains(stdout, "Conformant") {
				t.Errorf("check: exit code %d, %s%s", code, stdout, stderr)
			}
			p.stop()
			if code, stdout, stderr := command(t, directory, []string{"WEBHOOK_SECRET=" + webhookSecret}, "provider", "test", "openbroker.yaml"); code != 0 || !strings.Contains(stdout, " 0 failed") || !strings.Contains(stdout, "passed   wrong-secret") {
				t.Errorf("provider test: exit code %d, %s%s", code, stdout, stderr)
			}
			if made := r.made(); len(made) != 0 {
				t.Errorf("left behind: %q", made)
			}
		})
	}
}

// send sends a signed message to the receiver, and returns the status and the body.
func (r *webhookReceiver) send(id, body string) (status int, answer string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(webhookSecret, "whsec_"))
	if err != nil {
		r.t.Fatal(err)
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(id + "." + now + "." + body)) // It never fails.
	request.Header.Set("Webhook-Id", id)
	request.Header.Set("Webhook-Timestamp", now)
	request.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// A request that comes after its cancellation makes nothing.
func TestWebhookReceiversRefuseLateRequests(t *testing.T) {
	t.Parallel()
	for name, program := range receivers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startReceiver(t, program)
			provision := func(key string) string {
				return `{"version":1,"operation":"provision","id":"` + key + `","attempt":1,"generation":1,"instance":{"resource_name":"ob-` + key + `","plan":{"settings":{}}}}`
			}
			if status, _ := r.send("1_late_cancel", `{"version":1,"operation":"cancel","id":"late","generation":1,"message":"1_late"}`); status != http.StatusNoContent {
				t.Fatalf("the cancellation: %d", status)
			}
			if status, answer := r.send("1_punctual", provision("punctual")); status != http.StatusOK || strings.Contains(answer, "error") {
				t.Errorf("another operation: %d, %s", status, answer)
			}
			for range 2 { // Retries have the same answer.
				if status, answer := r.send("1_late", provision("late")); status != http.StatusOK || !strings.Contains(strings.ReplaceAll(answer, " ", ""), `"status":409`) {
					t.Errorf("the late request: %d, %s", status, answer)
				}
			}
			if status, answer := r.send("1_deletion", strings.Replace(provision("late"), `"provision","id":"late"`, `"deprovision","id":"deletion"`, 1)); status != http.StatusOK || strings.TrimSpace(answer) != "{}" {
				t.Errorf("the deletion: %d, %s", status, answer)
			}
			if made := r.made(); len(made) != 1 || made[0] != "ob-punctual" {
				t.Errorf("the folders are %q", made)
			}
		})
	}
}

// The answer to long work comes by a signed callback to the broker, also after kill -9.
func TestWebhookCallback(t *testing.T) {
	t.Parallel()
	// On a busy machine, the work may end before the next attempt of the new process, which
	// then finds the answer, and nothing is called back.
	for seconds := 10; !calledBack(t, seconds); seconds *= 2 {
		if seconds > 300 {
			t.Fatal("the receiver does not call back")
		}
	}
}

// calledBack kills a broker while a receiver works for some seconds, and reports whether the
// next process got the answer by a callback.
func calledBack(t *testing.T, seconds int) bool {
	t.Helper()
	port, err := testserver.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	directory, r := t.TempDir(), startReceiver(t, pythonReceiver(t))
	start := func() *process {
		write(t, directory, "openbroker-data/password", "secret\n")
		text := fmt.Sprintf("listen: %s\nprefix: /osb\nprovider: {webhook: {url: %q, secrets: [%q], callback_url: \"http://%s/osb\", poll_interval: 1h}}\ncatalog: {file: catalog.yaml}\nengine: {lease: 4s}\n", address, r.url, webhookSecret, address)
		catalog, err := os.ReadFile("../../examples/webhook/catalog.yaml")
		if err != nil {
			t.Fatal(err)
		}
		write(t, directory, "catalog.yaml", strings.Replace(string(catalog), "seconds: 3", fmt.Sprintf("seconds: %d", seconds), 1))
		p := listen(t, directory, []string{"OPENBROKER_USERNAME=openbroker", "OPENBROKER_PASSWORD=secret"}, "serve", "--config", write(t, directory, "openbroker.yaml", text))
		p.username, p.password = "openbroker", "secret"
		return p
	}
	p := start()
	operation := p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", webhookBody(slowPlan)).text("operation")
	await(t, "the description", func() bool { return poll(p, operation).text("description") == "The folder is being made." })
	p.kill()
	p = start()
	defer p.stop()
	await(t, "the provision", func() bool { return poll(p, operation).text("state") == "succeeded" })
	response, err := http.Post(p.url+"/callbacks/webhook", "application/json", strings.NewReader("{}")) //nolint:noctx // A test.
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a callback without a signature: %d, %v", response.StatusCode, err)
	}
	return strings.Contains(r.log.String(), "called back: 200")
}

// Both sides verify the certificates that openssl made for them.
func TestWebhookMutualTLS(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for _, args := range []string{
		"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=authority -keyout ca.key -out client-ca.pem",
		"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=receiver -addext subjectAltName=IP:127.0.0.1 -keyout tls.key -out tls.csr",
		"x509 -req -in tls.csr -CA client-ca.pem -CAkey ca.key -CAcreateserial -days 1 -copy_extensions copy -out tls.crt",
		"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=broker -keyout broker.key -out broker.csr",
		"x509 -req -in broker.csr -CA client-ca.pem -CAkey ca.key -CAcreateserial -days 1 -out broker.crt",
	} {
		openssl := exec.CommandContext(t.Context(), "openssl", strings.Fields(args)...)
		openssl.Dir = directory
		if out, err := openssl.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", args, err, out)
		}
	}
	r := startReceiver(t, pythonReceiver(t), "WEBHOOK_TLS="+directory)
	with := "    tls: {ca: client-ca.pem, certificate: broker.crt, key: broker.key}\n"
	p := serveWebhook(t, directory, r.url, with)
	p.expect(http.StatusCreated, "PUT", instance, webhookBody(quickPlan))
	p.expect(http.StatusOK, "DELETE", instance+"?service_id="+webhookService+"&plan_id="+quickPlan, nil)
	p.stop()
	p = serveWebhook(t, directory, r.url, "    tls: {ca: client-ca.pem}\n")
	p.expect(http.StatusAccepted, "PUT", instance+"?accepts_incomplete=true", webhookBody(quickPlan))
	await(t, "the refusal", func() bool { return strings.Contains(p.stderr.String(), "remote error: tls") })
	p.stop()
	if made := r.made(); len(made) != 0 {
		t.Errorf("the receiver has made %q", made)
	}
}
