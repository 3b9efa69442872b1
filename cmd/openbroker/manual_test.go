package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

const (
	// printed is the address of servers in the documentation.
	printed = "127.0.0.1:8080"
	// printedPostgres is that of the reader's own PostgreSQL server.
	printedPostgres = "127.0.0.1:5432"
)

// A block is a fenced block of a page.
type block struct {
	page, language, text string
	line                 int
	// before is the paragraph before it.
	before string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

// blocks returns the blocks of a page, given by its path from the root.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	return blocksIn(page, string(data))
}

// blocksIn returns the blocks of a page with a text.
func blocksIn(page, text string) (found []block) {
	begin := 0
	for _, at := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatchIndex(text, -1) {
		paragraphs := strings.Split(strings.TrimSpace(text[begin:at[0]]), "\n\n")
		begin = at[1]
		found = append(found, block{
			page: page, language: text[at[2]:at[3]], text: text[at[4]:at[5]],
			line: 1 + strings.Count(text[:at[0]], "\n"), before: paragraphs[len(paragraphs)-1],
		})
	}
	return found
}

// A reader follows a page: it types the commands into interactive shells of one kind, and
// compares their output with the page.
type reader struct {
	t         *testing.T
	directory string // the home directory
	bin       string // the directory of installed programs
	shells    map[string]*shell
	server    *exec.Cmd
	wrote     *output
	// address is that of a proxy for every server of the page, which can stop and
	// start again without losing its port.
	address string
	target  atomic.Pointer[url.URL]
	kind    string
	// postgres is the address of the PostgreSQL server of the page, or empty.
	postgres string
	// modules is the URL of a module proxy that refuses each module, as those of
	// companies do.
	modules string
}

func newReader(t *testing.T, kind, bin string) *reader {
	t.Helper()
	if _, err := exec.LookPath(kind); err != nil {
		t.Fatalf("%v: run make tools, which installs what the tests need", err)
	}
	r := &reader{t: t, directory: t.TempDir(), bin: bin, kind: kind, shells: map[string]*shell{}}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(r.target.Load()) }})
	t.Cleanup(proxy.Close)
	r.address = proxy.Listener.Addr().String()
	modules := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(modules.Close)
	r.modules = modules.URL
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, filepath.Join(r.directory, "openbroker")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kill)
	return r
}

// environment returns that of a user who has installed openbroker. The cache of modules
// has the dependencies of this module.
func (r *reader) environment() []string {
	r.t.Helper()
	environment := []string{
		"HOME=" + r.directory, "PATH=" + r.bin + ":" + filepath.Dir(binary) + ":" + os.Getenv("PATH"),
		"TMPDIR=" + os.TempDir(), "GOBIN=" + r.bin, "GOPROXY=" + r.modules, "GOSUMDB=off", "CGO_ENABLED=0",
		// The linter vets; to vet all dependencies once more takes minutes.
		"GOFLAGS=-vet=off",
	}
	for _, name := range []string{"GOPATH", "GOCACHE", "GOMODCACHE"} {
		value, err := exec.CommandContext(r.t.Context(), "go", "env", name).Output()
		if err != nil {
			r.t.Fatal(err)
		}
		environment = append(environment, name+"="+strings.TrimSpace(string(value)))
	}
	return environment
}

// A shell is an interactive shell that reads from a pipe.
type shell struct {
	in  io.Writer
	out *bufio.Reader
}

// shell returns the shell with a name: "broker" or "platform".
func (r *reader) shell(name string) *shell {
	r.t.Helper()
	if s := r.shells[name]; s != nil {
		return s
	}
	options := map[string][]string{"bash": {"--norc", "--noprofile", "--noediting", "-i"}, "zsh": {"-f", "-i", "-s"}}[r.kind]
	command := exec.CommandContext(r.t.Context(), r.kind, options...)
	command.Dir, command.Env = r.directory, r.environment()
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Away from the terminal of the tests.
	in, err := command.StdinPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	s := &shell{in: in, out: bufio.NewReader(out)}
	if err := command.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait() // The exit code does not matter: each command was checked.
	})
	r.shells[name] = s
	// The page shows both outputs, and no prompts.
	if _, err := io.WriteString(in, "PS1= PS2=\n[ -z \"$ZSH_VERSION\" ] || unsetopt prompt_sp prompt_cr\nexec 2>&1\n"); err != nil {
		r.t.Fatal(err)
	}
	return s
}

// end marks the end of the output of a block.
const end = "the-block-has-ended"

// typed types text into a shell and returns the output. The last command must succeed.
func (r *reader) typed(name, text string) string {
	r.t.Helper()
	s := r.shell(name)
	text = strings.TrimSpace(strings.ReplaceAll(text, printed, r.address))
	if r.postgres != "" {
		text = strings.ReplaceAll(text, printedPostgres, r.postgres)
	}
	if _, err := fmt.Fprintf(s.in, "%s\nprintf '\\n%%s %%s\\n' %s $?\n", text, end); err != nil {
		r.t.Fatal(err)
	}
	var said strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			r.t.Fatalf("%v: %s has ended in\n%s\nit printed\n%s", err, r.kind, text, said.String())
		}
		if status, ended := strings.CutPrefix(line, end+" "); ended {
			if status != "0\n" {
				r.t.Fatalf("%s: exit code %sof\n%s\nit printed\n%s", r.kind, status, text, said.String())
			}
			return strings.ReplaceAll(strings.TrimSpace(said.String()), r.address, printed)
		}
		said.WriteString(line)
	}
}

// expect compares an output with a block. In the block, "..." matches any part of a line;
// as a line it matches any lines.
func (r *reader) expect(b block, got string) {
	r.t.Helper()
	var pattern strings.Builder
	for line := range strings.Lines(strings.TrimSpace(b.text)) {
		if strings.TrimSpace(line) == "..." {
			pattern.WriteString(`(?s:.*)`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, `.*`))
	}
	if !regexp.MustCompile(`\A` + pattern.String() + `\z`).MatchString(got) {
		r.t.Fatalf("%s, in %s: the output is\n%s\nbut the page shows\n%s", b, r.kind, got, b.text)
	}
}

// servers are the commands of pages that keep running, with the flags that choose a free
// port.
var servers = map[string][]string{
	"openbroker serve":    {"--listen", "127.0.0.1:0"},
	"openbroker simulate": {"--listen", "127.0.0.1:0"},
	"./folders":           nil, // Its port is in its source.

	"./acme-broker serve --config openbroker.yaml": {"--listen", "127.0.0.1:0"},
	"openbroker serve --config openbroker.yaml":    {"--listen", "127.0.0.1:0"},
}

// run runs the commands of a block, and returns the output.
func (r *reader) run(b block) string {
	r.t.Helper()
	text := strings.TrimSpace(b.text)
	at := strings.LastIndexByte(text, '\n') + 1
	if options, goesOn := servers[text[at:]]; goesOn {
		if at > 0 {
			r.typed("broker", text[:at])
		}
		return r.started(append(strings.Fields(text[at:]), options...))
	}
	if r.server == nil {
		return r.typed("broker", text)
	}
	return r.typed("platform", text)
}

// The last lines that servers write before the first request.
var (
	listening = regexp.MustCompile(`(?m)^openbroker: listening on (http://[\d.:]+)\n`)
	serving   = regexp.MustCompile(`(?m) msg=serving url=(http://[\d.:]+) .*\n`)
)

// started starts a server in the directory of the broker's shell, and waits until it
// prints its address. It first kills a running server with kill -9.
func (r *reader) started(command []string) (said string) {
	r.t.Helper()
	r.kill()
	r.wrote = new(output)
	directory, environment := r.typed("broker", "pwd"), r.typed("broker", "env")
	program := r.typed("broker", "command -v "+command[0])
	if !filepath.IsAbs(program) {
		program = filepath.Join(directory, program)
	}
	r.server = exec.CommandContext(r.t.Context(), program, command[1:]...)
	r.server.Dir, r.server.Env = directory, strings.Split(environment, "\n")
	r.server.Stdout, r.server.Stderr = r.wrote, r.wrote
	if err := r.server.Start(); err != nil {
		r.t.Fatal(err)
	}
	last := serving
	if command[0] == "openbroker" {
		last = listening
	}
	await(r.t, "the server of the page", func() bool {
		match := last.FindStringSubmatch(r.wrote.String())
		if match == nil {
			return false
		}
		at, err := url.Parse(match[1])
		if err != nil {
			r.t.Fatal(err)
		}
		r.target.Store(at)
		said = strings.TrimSpace(strings.ReplaceAll(r.wrote.String(), at.Host, printed))
		return true
	})
	return said
}

func (r *reader) kill() {
	if r.server != nil && r.server.Process != nil {
		_ = r.server.Process.Kill() // It may have ended.
		_ = r.server.Wait()
		r.server = nil
	}
}

// follow runs a page from its beginning to its end. It calls file for blocks that are
// neither commands nor output.
func (r *reader) follow(page []block, file func(b block)) (commands int) {
	r.t.Helper()
	said := ""
	for _, b := range page {
		switch b.language {
		case "sh":
			said = r.run(b)
			commands++
		case "text":
			r.expect(b, said)
		default:
			file(b)
		}
	}
	return commands
}
