package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider"
)

// What programs do wrong: users of the platform get a general text with the id of the
// operation, the log says what is wrong, and nothing of the program is left: neither
// processes nor, after the clean-up, the resource.
func TestBadPrograms(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		script string // of provision
		state  string
		want   string // in the description
		logged []string
	}{
		"hangs": {
			`exec sleep 1000`, "failed", "The operation took too long. Its id is ",
			[]string{"the program did not end within the timeout of 200ms"},
		},
		"hangs, and its child too": {
			`setsid sleep 1000 & sleep 1000`, "failed", "The operation took too long. Its id is ",
			[]string{"the program did not end within the timeout of 200ms"},
		},
		"forks and exits": {
			`(sleep 1000; echo '{}') & exit 1`, "failed", "could not complete the operation",
			[]string{"the program left processes behind, which were ended", "the program exited with 1"},
		},
		"leaves a child with its output, and succeeds": {
			`setsid sleep 1000 & echo '{}'`, "succeeded", "",
			[]string{"the program left processes behind, which were ended", "processes=[sleep]"},
		},
		"prints 1 GB": {
			`head -c 1000000000 /dev/zero`, "failed", "could not complete the operation",
			[]string{"the program printed more than 1048576 bytes to its standard output, and was ended"},
		},
		"prints 1 GB to the standard error": {
			`head -c 1000000000 /dev/zero >&2; echo '{}'`, "succeeded", "",
			[]string{"bytes are left out"},
		},
		"prints 1 GB to descriptor 3": {
			`head -c 1000000000 /dev/zero >&3; echo '{}'`, "succeeded", "",
			[]string{"a line of the program on descriptor 3 is ignored", "the line has more than 262144 bytes"},
		},
		"prints nothing": {
			`exit 0`, "failed", "could not complete the operation",
			[]string{"the program exited with 0, but its standard output is no answer to provision: line 1, column 1: the answer is empty: it must be a JSON object, at least {}"},
		},
		"prints no JSON": {
			`echo done`, "failed", "could not complete the operation",
			[]string{"its standard output is no answer to provision: line 1, column 1: the answer is not valid JSON: invalid character 'd' looking for beginning of value"},
		},
		"prints a log before JSON": {
			`echo '{}'; echo '{"state":1}'`, "failed", "could not complete the operation",
			[]string{"line 2, column 1: the answer is not valid JSON: invalid character '{' after top-level value"},
		},
		"prints the answer to another operation": {
			`echo '{"credentials":{"password":"secret-of-the-answer"}}'`, "failed", "could not complete the operation",
			[]string{"line 1, column 2: credentials is no member of the answer to provision"},
		},
		"prints JSON and exits with 1": {
			`echo '{"error":{"status":422,"description":"x"}}'; echo 'the disk is full' >&2; exit 1`, "failed", "could not complete the operation",
			[]string{"the program exited with 1: the disk is full; what it printed to its standard output is ignored, because only the exit code 0 makes it count"},
		},
		"is killed": {
			`kill -9 $$`, "failed", "could not complete the operation",
			[]string{"the program was ended by the signal 9 (killed)"},
		},
		"says nonsense on descriptor 3": {
			`i=0; while [ $i -lt 50 ]; do echo nonsense >&3; i=$((i+1)); done; echo '{"checkpoints":"x"}' >&3; echo '{}'`, "succeeded", "",
			[]string{"a line of the program on descriptor 3 is ignored", "the line is not valid JSON"},
		},
		"closes everything and hangs": {
			`exec 0<&- 1>&- 2>&- 3>&- 4<&-; exec sleep 1000`, "failed", "The operation took too long. Its id is ",
			[]string{"the program did not end within the timeout of 200ms"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, `
case $OPERATION in
provision) touch "$DIR/resource"
`+x.script+` ;;
*) rm "$DIR/resource"; echo '{}' ;;
esac`)
			w.settings.Grace = provider.Duration(200 * time.Millisecond)
			if strings.Contains(x.want, "too long") {
				w.settings.Timeout = provider.Duration(200 * time.Millisecond)
			}
			w.start()
			a := w.end("PUT", "i", provisionBody)
			w.expect(a, 200, `"state":"`+x.state+`"`, x.want)
			w.logged(x.logged...)
			if strings.Contains(w.log.String(), "secret-of-the-answer") {
				t.Error("the log has a secret")
			}
			if n := strings.Count(w.log.String(), "descriptor 3 is ignored"); n > 10 {
				t.Errorf("%d warnings", n)
			}
			if x.state == "failed" {
				w.until("the clean-up", func() bool {
					_, err := os.Stat(filepath.Join(w.directory, "resource"))
					return os.IsNotExist(err)
				})
			}
			w.stopper()
		})
	}
}

// A program that ignores TERM is killed after the grace, before the deletion goes on.
func TestProgramThatIgnoresTerm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
case $OPERATION in
provision) trap '' TERM; touch "$DIR/resource"; while :; do sleep 0.01; done ;;
*) rm "$DIR/resource"; echo '{}' ;;
esac`)
	w.settings.Grace = provider.Duration(50 * time.Millisecond)
	w.start()
	w.expect(w.send("PUT", "i?accepts_incomplete=true", provisionBody), 202)
	w.until("the program runs", func() bool {
		_, err := os.Stat(filepath.Join(w.directory, "resource"))
		return err == nil
	})
	w.expect(w.end("DELETE", "i"+deletion, ""), 200, `"succeeded"`)
	w.logged("the program did not end at TERM within the grace, and was killed")
	w.none()
}

// A program that disappears, or loses a right, is reported at run time too.
func TestProgramThatIsGone(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(path string) error{
		"does not exist": os.Remove,
		"is not executable: run chmod +x": func(path string) error {
			return os.Chmod(path, 0o600)
		},
		"the interpreter of": func(path string) error {
			return os.WriteFile(path, []byte("#!/opt/none/pyhton3\n"), 0o700)
		},
	} {
		w := newWorld(t, `echo '{}'`).start()
		health, ok := w.provider.(provider.HealthChecker)
		if !ok || health.CheckHealth(t.Context()) != nil {
			t.Error("it is not healthy")
		}
		if err := spoil(filepath.Join(w.directory, "provider.sh")); err != nil {
			t.Fatal(err)
		}
		if err := health.CheckHealth(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the health is %v, want %s", err, want)
		}
		w.expect(w.end("PUT", "i", provisionBody), 200, `"failed"`, "could not complete the operation")
		w.logged(want, "the program cannot be started")
		w.write("provider.sh", "#!/bin/sh\necho '{}'\n")
		// The clean-up could not run before. It may now, before the request comes.
		if a := w.end("DELETE", "i"+deletion, ""); a.status != 410 {
			w.expect(a, 200, `"succeeded"`)
		}
		w.logged("kind=deprovision", "operation succeeded")
	}
}

// The log has the standard error with the id of the operation, without the secrets of the
// request, of the settings, and of the answer, and not more than StderrBytes of it.
func TestLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
set -x
case $OPERATION in
provision) echo '{"state":{"key":"made-state-key"}}' ;;
bind) echo '{"credentials":{"password":"made-password"}}' ;;
*) echo '{}' ;;
esac`)
	w.settings.Secrets = map[string]provider.Secret{"admin": "admin-secret"}
	w.start()
	a := w.end("PUT", "i", `{"service_id":"s","plan_id":"p1","organization_guid":"o","space_guid":"sp","parameters":{"password":"user \"password\"","list":[{"a":"deep-secret"}]}}`)
	w.expect(a, 200, `"succeeded"`)
	w.expect(w.end("PUT", "i/service_bindings/b", `{"service_id":"s","plan_id":"p1","parameters":{"token":"token-of-the-user"}}`), 200, `"succeeded"`)
	w.expect(w.end("DELETE", "i"+deletion, ""), 200, `"succeeded"`)
	for _, secret := range []string{"admin-secret", "made-state-key", "made-password", `user \"password`, `user \\\"password`, "deep-secret", "token-of-the-user"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log has %s:\n%s", secret, w.log)
		}
	}
	w.logged("standard error of the program", "[redacted]", "operation_id=", "program_operation=bind")

	small := newWorld(t, `i=0; while [ $i -lt 1000 ]; do echo "line $i of the program" >&2; i=$((i+1)); done; exit 3`)
	small.settings.StderrBytes = 1000
	small.start()
	small.expect(small.end("PUT", "i", provisionBody), 200, `"failed"`)
	small.logged(`stderr="line 0 of the program\n`, `\n(2`, ` bytes are left out)\nline`, `the program exited with 3: line 999 of the program`)
	for line := range strings.Lines(small.log.String()) {
		if len(line) > 5000 {
			t.Errorf("a line of the log has %d bytes", len(line))
		}
	}
}
