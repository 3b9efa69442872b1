package webhook_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The snippets of docs/webhook-provider.md verify what the provider signs, and nothing
// else.
func TestSnippetsVerify(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/webhook-provider.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## Verify the signature")
	if !found {
		t.Fatal("the page has no section about signatures")
	}
	for name, c := range map[string]struct {
		language, file string
		command        []string
		main           string
	}{
		"Python": {"python", "verify.py", []string{"python3", "verify.py"}, `
import sys
_, secret, message, timestamp, signature, text = sys.argv
verify(secret, {"webhook-id": message, "webhook-timestamp": timestamp, "webhook-signature": signature}, text.encode())
`},
		"Node": {"js", "verify.js", []string{"node", "verify.js"}, `
const [secret, id, timestamp, signature, text] = process.argv.slice(2);
verify(secret, { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature }, Buffer.from(text));
`},
		"Go": {"go", "verify.go", []string{"./verify"}, `
func main() {
	header := http.Header{"Webhook-Id": {os.Args[2]}, "Webhook-Timestamp": {os.Args[3]}, "Webhook-Signature": {os.Args[4]}}
	if err := verify(os.Args[1], header, []byte(os.Args[5])); err != nil {
		panic(err)
	}
}
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := regexp.MustCompile("(?ms)^```" + c.language + "\n(.*?)^```$").FindStringSubmatch(section)
			if block == nil {
				t.Fatal("the section has no snippet")
			}
			directory := t.TempDir()
			source := block[1] + c.main
			if c.language == "go" {
				source = strings.Replace(source, `"net/http"`, "\"net/http\"\n\t\"os\"", 1)
			}
			if err := os.WriteFile(filepath.Join(directory, c.file), []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			run := func(command ...string) (string, error) {
				program := exec.CommandContext(t.Context(), command[0], command[1:]...)
				program.Dir = directory
				out, err := program.CombinedOutput()
				return string(out), err
			}
			if c.language == "go" {
				if out, err := run("go", "build", "-o", "verify", c.file); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			verify := func(by string, at time.Time, signed, sent string) error {
				header := http.Header{}
				keys(t, another, by).Sign(header, "1_x", at, []byte(signed))
				out, err := run(append(c.command, secret, header.Get("Webhook-Id"), header.Get("Webhook-Timestamp"), header.Get("Webhook-Signature"), sent)...)
				if err != nil && !strings.Contains(out, "wrong signature") && !strings.Contains(out, "the clocks differ") {
					t.Errorf("%v\n%s", err, out)
				}
				return err
			}
			now, text := time.Now(), `{"text": "é"}`
			for _, skew := range []time.Duration{-4 * time.Minute, 0, 4 * time.Minute} {
				if err := verify(secret, now.Add(skew), text, text); err != nil {
					t.Errorf("skewed by %v: %v", skew, err)
				}
			}
			for name, err := range map[string]error{
				"another body":   verify(secret, now, text, text+" "),
				"another secret": verify(another, now, text, text),
				"old":            verify(secret, now.Add(-6*time.Minute), text, text),
				"from later":     verify(secret, now.Add(6*time.Minute), text, text),
			} {
				if err == nil {
					t.Errorf("%s is accepted", name)
				}
			}
		})
	}
}
