package servicetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker"
)

// Leaks lives a life, repeats and crashes parts of it, and looks for its passwords in
// the logs of the broker and of the server, and in the process list. Let the server log
// all that it can. secrets are those of the broker's own account.
func (s *Service) Leaks(t *testing.T, secrets ...string) {
	t.Helper()
	b := s.Start(t)
	must(t, "provision", b.Provision(t, "leaks", s.Small, nil))
	for _, id := range []string{"one", "two"} {
		credentials, err := b.Bind(t, "leaks", id, s.Small, nil)
		must(t, "bind", err)
		write(t, s.session(t, credentials), "shared", "value")
		secrets = append(secrets, passwords(credentials)...)
		searchProcesses(t, secrets)
		must(t, "unbind", b.Unbind(t, "leaks", id, s.Small))
		s.refused(t, credentials, "after the unbind") // A refused login is logged, too.
	}
	must(t, "deprovision", b.Deprovision(t, "leaks", s.Small))
	if len(secrets) == 0 {
		t.Fatal("the credentials have no password")
	}
	search(t, "the log of the broker", b.log.String(), secrets)
	if s.Log != nil {
		text, err := s.Log()
		must(t, "the log of the server", err)
		if text == "" {
			t.Error("the log of the server is empty")
		}
		search(t, "the log of the server", text, secrets)
	}
}

// passwords returns the secret values of credentials.
func passwords(credentials openbroker.Credentials) []string {
	var found []string
	for _, key := range []string{"password", "seed"} {
		if value, ok := credentials[key].(string); ok {
			found = append(found, value)
		}
	}
	return found
}

func search(t *testing.T, where, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			line := text[strings.LastIndexByte(text[:i], '\n')+1 : i]
			t.Errorf("%s has a password, after %q", where, line[max(0, len(line)-200):])
		}
	}
}

// searchProcesses looks at the arguments of all processes. The environment of a process
// is that of its owner.
func searchProcesses(t *testing.T, secrets []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, "the list of processes", err)
	for _, file := range files {
		if arguments, err := os.ReadFile(file); err == nil { //nolint:gosec // Files of /proc.
			search(t, file, string(arguments), secrets)
		}
	}
}
