package main_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/sqlitefile"
	"github.com/openbroker/openbroker/seal"
)

// refused starts a process that must not run: it prints the reason in one line, and
// changes nothing in the data directory.
func refused(t *testing.T, directory string, environment []string, want string, args ...string) {
	t.Helper()
	before := snapshot(t, directory)
	code, stdout, stderr := command(t, directory, environment, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	if code != 1 || stdout != "" {
		t.Errorf("exit code %d, standard output %q", code, stdout)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "openbroker: ") || !strings.Contains(stderr, want) {
		t.Errorf("the standard error is\n%s\nwant a line with %q", stderr, want)
	}
	after := snapshot(t, directory)
	for name, content := range after {
		if old, there := before[name]; !strings.HasSuffix(name, ".lock") && (!there || old != content) {
			t.Errorf("%s has changed", name)
		}
	}
	if len(before) != len(after) {
		t.Errorf("there were %d files, now there are %d", len(before), len(after))
	}
}

// snapshot returns the content of all files.
func snapshot(t *testing.T, directory string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// used returns a data directory with an instance.
func used(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	p := serve(t, directory, nil)
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.stop()
	return directory
}

func TestSecondProcess(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	p := serve(t, directory, nil)
	code, stdout, stderr := command(t, directory, nil, "serve", "--listen", "127.0.0.1:0")
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "the database is in use by process") {
		t.Errorf("exit code %d, standard output %q, standard error\n%s", code, stdout, stderr)
	}
	p.expect(http.StatusCreated, "PUT", instance, provision(sqlitefile.SmallPlanID))
	p.stop()
}

func TestCorruptDatabase(t *testing.T) {
	t.Parallel()
	directory := used(t)
	path := filepath.Join(directory, "openbroker-data", "openbroker.db")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"other file": strings.Repeat("no database ", 1000),
		"truncated":  string(content[:len(content)/2]),
		"scribbled":  string(content[:5000]) + strings.Repeat("x", len(content)-5000),
	} {
		write(t, filepath.Dir(path), "openbroker.db", damaged)
		t.Log(name)
		refused(t, directory, nil, "not usable as the database")
	}
	write(t, filepath.Dir(path), "openbroker.db", string(content))
	p := serve(t, directory, nil)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()
}

func TestWrongKeyset(t *testing.T) {
	t.Parallel()
	directory := used(t)
	path := filepath.Join(directory, "openbroker-data", "keyset.json")
	right := filepath.Join(directory, "right")
	if err := os.Rename(path, right); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "the keyset file openbroker-data/keyset.json does not exist: restore it from its backup")
	if _, err := seal.Create(path); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "wrong keyset")
	write(t, filepath.Dir(path), "keyset.json", "{}")
	refused(t, directory, nil, "unusable keyset")
	if err := os.Rename(right, path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "run chmod 600")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// The keyset may also come from a variable.
	keyset, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	p := serve(t, directory, []string{"KEYSET=" + string(keyset)}, "--config",
		write(t, directory, "openbroker.yaml", "data: openbroker-data\nencryption: {keyset: '${env:KEYSET}'}\n"))
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()
}

func TestOpenPasswordFile(t *testing.T) {
	t.Parallel()
	directory := used(t)
	path := filepath.Join(directory, "openbroker-data", "password")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "the password file openbroker-data/password is open to other users")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(path), "password", " \n")
	refused(t, directory, nil, "is empty: delete it to get a new password")
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	directory := used(t)
	listener, err := new(net.ListenConfig).Listen(context.WithoutCancel(t.Context()), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	code, stdout, stderr := command(t, directory, nil, "serve", "--listen", listener.Addr().String())
	if code != 1 || stdout != "" || !strings.Contains(stderr, "openbroker: cannot listen on "+listener.Addr().String()+": the port is in use") {
		t.Errorf("exit code %d, standard output %q, standard error\n%s", code, stdout, stderr)
	}
	p := serve(t, directory, nil)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()
}

func TestUsernameWithoutPassword(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := write(t, directory, "openbroker.yaml", "auth: {basic: [{username: a, password: b}]}\n")
	code, stdout, stderr := command(t, directory, []string{"OPENBROKER_USERNAME=u"}, "serve", "--listen", "127.0.0.1:0", "--config", file)
	if code != 1 || stdout != "" || stderr != "openbroker: OPENBROKER_USERNAME is set without OPENBROKER_PASSWORD: set both, or neither\n" {
		t.Errorf("exit code %d, standard output %q, standard error\n%s", code, stdout, stderr)
	}
}
