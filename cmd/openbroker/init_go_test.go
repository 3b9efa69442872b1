package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// checkout returns the root of this module.
func checkout(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// A newcomer has installed openbroker, and cannot download any module.
type newcomer struct {
	*reader
	// broker is the directory of the new broker.
	broker string
}

// typesInit runs init as a newcomer types it.
func typesInit(t *testing.T, args string) newcomer {
	t.Helper()
	n := newcomer{reader: newReader(t, "bash", t.TempDir())}
	n.broker = filepath.Join(n.directory, "acme-broker")
	n.typed("broker", "openbroker init acme-broker "+args)
	return n
}

// runs runs a program in the directory of the broker, and returns what it prints.
func (n newcomer) runs(environment []string, program string, args ...string) string {
	n.t.Helper()
	command := exec.CommandContext(n.t.Context(), program, args...)
	command.Dir, command.Env = n.broker, append(n.environment(), environment...)
	out, err := command.CombinedOutput()
	if err != nil {
		n.t.Errorf("%s %q: %v\n%s", filepath.Base(program), args, err, out)
	}
	return string(out)
}

// serves starts the broker, and returns the environment of its platform and its
// operators.
func (n newcomer) serves(program string, args ...string) (p *process, environment []string) {
	n.t.Helper()
	environment = []string{"OPENBROKER_USERNAME=platform", "OPENBROKER_PASSWORD=secret"}
	p = startProgram(n.t, program, n.directory, append(n.environment(), environment...), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	p.awaitURL()
	return p, append(environment, "SB_BROKER_URL="+p.url, "SB_BROKER_USERNAME=platform", "SB_BROKER_PASSWORD=secret", "OPENBROKER_KEYRING=off")
}

// commandsIn returns the list of commands of a help.
func commandsIn(help string) (names []string) {
	_, list, _ := strings.Cut(help, "\nAvailable Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for line := range strings.Lines(list) {
		names = append(names, strings.Fields(line)[0])
	}
	return names
}

// init writes a broker in Go that compiles, passes its test, serves and follows the
// specification, without a change and without a network.
func TestInitGo(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	// The path of the checkout is the one that openbroker was compiled in, as for a
	// newcomer who has typed make install: the cache of Go has its packages.
	n := typesInit(t, "--language go --replace "+checkout(t))
	written := time.Since(begin)
	n.runs(nil, "go", "build", ".")
	built := time.Since(begin)
	acme := filepath.Join(n.broker, "acme-broker")
	p, environment := n.serves(acme, "--config", filepath.Join(n.broker, "openbroker.yaml"))
	n.runs(environment, acme, "provision", "acme", "small", "first", "--wait")
	credentials := n.runs(environment, acme, "bind", "first", "app", "--wait", "--show-secrets")
	t.Logf("from an empty directory to the first binding: %v (init %v, go build %v)", time.Since(begin), written, built-written)
	for _, want := range []string{"credentials.folder", "credentials.username", "credentials.password"} {
		if !strings.Contains(credentials, want) {
			t.Errorf("%s is missing: %s", want, credentials)
		}
	}

	if out := n.runs(environment, acme, "check", p.url); !strings.Contains(out, "Conformant") {
		t.Errorf("check: %s", out)
	}
	n.runs(environment, acme, "update", "first", "--plan", "large", "--wait")
	quotas, err := filepath.Glob(filepath.Join(n.broker, "openbroker-data", "folders-folder", "*", "quota"))
	if err != nil || len(quotas) != 1 || read(t, quotas[0]) != "10000" {
		t.Errorf("quotas in %q, %v", quotas, err)
	}
	if out := n.runs(nil, acme, "admin", "list", "--config", "openbroker.yaml"); !strings.Contains(out, "ready") {
		t.Errorf("admin list: %s", out)
	}
	if out := n.runs(nil, acme, "admin", "orphans", "--config", "openbroker.yaml"); strings.Contains(out, "ob-") {
		t.Errorf("orphans: %s", out)
	}
	p.stop()

	if out := n.runs(nil, "gofmt", "-l", "."); out != "" {
		t.Errorf("gofmt: %s", out)
	}
	for _, program := range []string{acme, binary} {
		for _, args := range [][]string{{"lint", "--strict", "catalog.yaml"}, {"lint", "--strict", "--platform", "cf,korifi,sm,kubernetes", "catalog.yaml"}} {
			if out := n.runs(nil, program, args...); out != "catalog.yaml: ok\n" {
				t.Errorf("%s %q: %s", program, args, out)
			}
		}
	}
	if out := n.runs(nil, acme, "lint", "--strict", "--config", "openbroker.yaml"); !strings.HasSuffix(out, "catalog.yaml: ok\n") {
		t.Errorf("lint: %s", out)
	}
	if out := n.runs(nil, acme, "config", "check", "openbroker.yaml"); out != "openbroker.yaml: ok\n" {
		t.Errorf("config check: %s", out)
	}
	if out := n.runs(nil, acme, "config", "schema"); !strings.Contains(out, "folders on the disk of the broker") {
		t.Errorf("config schema: %s", out)
	}
	if own, all := commandsIn(n.runs(nil, acme, "--help")), commandsIn(n.runs(nil, binary, "--help")); strings.Join(own, " ") != strings.Join(all, " ") || len(all) < 20 {
		t.Errorf("acme-broker has the commands %q, openbroker %q", own, all)
	}
	if lines := strings.Count(read(t, filepath.Join(n.broker, "main.go")), "\n"); lines > 20 {
		t.Errorf("main.go has %d lines", lines)
	}

	n.buildsFiles()

	if out := n.runs(nil, "go", "test", "./..."); !strings.HasPrefix(out, "ok  \texample.com/acme-broker\t") {
		t.Errorf("go test: %s", out)
	}
	n.followsReadme("go test ./...", "./acme-broker lint ", "./acme-broker config check ", "./acme-broker check ")
}

// followsReadme follows the README of the broker, with a new data directory. Its last
// block has commands that the test runs besides.
func (n newcomer) followsReadme(last ...string) {
	n.t.Helper()
	if err := os.RemoveAll(filepath.Join(n.broker, "openbroker-data")); err != nil {
		n.t.Fatal(err)
	}
	n.typed("broker", "cd acme-broker")
	n.typed("platform", "cd acme-broker")
	page := blocksIn("README.md", read(n.t, filepath.Join(n.broker, "README.md")))
	if len(page) != 3 {
		n.t.Fatalf("README.md has %d blocks", len(page))
	}
	n.follow(page[:2], func(b block) { n.t.Errorf("%s is a file", b) })
	lines := strings.Split(strings.TrimSpace(page[2].text), "\n")
	for i := range lines {
		if len(lines) != len(last) || !strings.HasPrefix(lines[i], last[i]) {
			n.t.Errorf("%s is\n%s\nwant %q", page[2], page[2].text, last)
		}
	}
}

// buildsFiles checks the Makefile and the Dockerfile.
func (n newcomer) buildsFiles() {
	n.t.Helper()
	if out := n.runs(nil, "make"); !strings.Contains(out, "image   build a container image\n") {
		n.t.Errorf("make: %s", out)
	}
	if out := n.runs(nil, "make", "lint"); !strings.HasSuffix(out, "openbroker.yaml: ok\n") {
		n.t.Errorf("make lint: %s", out)
	}
	if out := n.runs(nil, filepath.Join(n.broker, "acme-broker"), "version"); !strings.HasPrefix(out, "acme-broker dev ") {
		n.t.Errorf("the version is %s", out)
	}
	if out := n.runs(nil, "make", "-n", "test", "run", "image"); !strings.Contains(out, `docker build --build-arg VERSION="dev" --tag "acme-broker:dev" .`) {
		n.t.Errorf("make -n: %s", out)
	}
	dockerfile := read(n.t, filepath.Join(n.broker, "Dockerfile"))
	for _, want := range []string{"CGO_ENABLED=0 go build ", "\nUSER 65532:65532\n", `CMD ["serve", "--config", "/etc/acme-broker/openbroker.yaml", `} {
		if !strings.Contains(dockerfile, want) {
			n.t.Errorf("the Dockerfile lacks %q:\n%s", want, dockerfile)
		}
	}
	for line := range strings.Lines(dockerfile) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "COPY" || strings.HasPrefix(words[1], "--from=") {
			continue
		}
		for _, name := range words[1 : len(words)-1] {
			if _, err := os.Stat(filepath.Join(n.broker, name)); err != nil {
				n.t.Errorf("the Dockerfile copies %s: %v", name, err)
			}
		}
	}
}

// docs/init.md leads from an empty directory to the first binding, in zsh, which is
// stricter than bash.
func TestInitManual(t *testing.T) {
	t.Parallel()
	page := blocks(t, "docs/init.md")
	for i := range page { // As in TestInitGo.
		page[i].text = strings.ReplaceAll(page[i].text, "~/openbroker", checkout(t))
	}
	if commands := newReader(t, "zsh", t.TempDir()).follow(page, func(b block) { t.Errorf("%s is a file", b) }); commands != 7 {
		t.Errorf("%d blocks of commands", commands)
	}
}
