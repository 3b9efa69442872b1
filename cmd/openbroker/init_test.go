package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// initJSON runs init for a broker in Go, and returns its result.
func initJSON(t *testing.T, working string, args ...string) (result struct {
	Name, Service, Module string
	Files                 []string
},
) {
	t.Helper()
	code, stdout, stderr := command(t, working, nil, append([]string{"init", "--language", "go", "--replace", checkout(t), "-o", "json"}, args...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("%q: exit code %d, %s", args, code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

// listing returns everything below a directory.
func listing(t *testing.T, directory string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(directory, func(path string, _ os.DirEntry, err error) error {
		found = append(found, strings.TrimPrefix(path, directory))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, "\n")
}

// A name is derived from any name of a directory. Binary, module, service and image have
// it, so that they and Go accept it.
func TestInitNames(t *testing.T) {
	t.Parallel()
	working := t.TempDir()
	for directory, want := range map[string]struct{ name, service string }{
		"acme-broker":                    {"acme-broker", "acme"},
		"acme":                           {"acme", "acme"},
		"My Broker!":                     {"my-broker", "my"},
		"../My Café":                     {"my-cafe", "my-cafe"},
		"a/b/Deep_One/":                  {"deep-one", "deep-one"},
		".hidden":                        {"hidden", "hidden"},
		"-rf":                            {"rf", "rf"},
		"日本":                             {"broker", "broker"},
		"x'y\"z;$(id)":                   {"x-y-z-id", "x-y-z-id"},
		"1234":                           {"1234", "1234"},
		"true":                           {"true", "true"},
		"folder":                         {"folder-broker", "folder"},
		"Makefile":                       {"makefile-broker", "makefile"},
		"vendor":                         {"vendor-broker", "vendor"},
		"v2":                             {"v2-broker", "v2"},
		"con":                            {"con-broker", "con"},
		strings.Repeat("long", 50) + "-": {strings.Repeat("long", 12) + "lo", strings.Repeat("long", 12) + "lo"},
	} {
		result := initJSON(t, working, "--", filepath.Join("names", directory))
		if result.Name != want.name || result.Service != want.service || result.Module != "example.com/"+want.name {
			t.Errorf("%q gives %+v", directory, result)
		}
		made := filepath.Join(working, "names", directory)
		for _, args := range [][]string{{"lint", "--strict", "catalog.yaml"}} {
			if code, stdout, stderr := command(t, made, nil, args...); code != 0 {
				t.Errorf("%q: %q: %s%s", directory, args, stdout, stderr)
			}
		}
		list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{.Target}}", "./...")
		list.Dir, list.Env = made, append(os.Environ(), "GOFLAGS=", "GOBIN=/bin", "GOPROXY=off")
		if out, err := list.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "example.com/"+want.name+" /bin/"+want.name+"\n") {
			t.Errorf("%q: go list: %v, %s", directory, err, out)
		}
		if text := read(t, filepath.Join(made, "README.md")); strings.Contains(text, "acme") && !strings.Contains(directory, "acme") {
			t.Errorf("%q: README.md has the name of the template", directory)
		}
	}
	// The working directory has a name, too.
	here := filepath.Join(working, "here")
	if err := os.Mkdir(here, 0o700); err != nil {
		t.Fatal(err)
	}
	if result := initJSON(t, here, "."); result.Name != "here" {
		t.Errorf("the working directory gives %+v", result)
	}
	for module, want := range map[string]string{
		"example.com/teams/acme_broker.db": "acme_broker.db",
		"example.com/acme/v2":              "acme",
		"acme":                             "acme",
	} {
		directory := filepath.Join("modules", want+strings.ReplaceAll(module, "/", "-"))
		if result := initJSON(t, working, directory, "--module", module); result.Name != want || result.Module != module {
			t.Errorf("the module %s gives %+v", module, result)
		}
	}
}

// No two brokers have an id in common.
func TestInitIDs(t *testing.T) {
	t.Parallel()
	working, seen := t.TempDir(), map[string]bool{}
	for _, directory := range []string{"a", "b"} {
		initJSON(t, working, directory)
		ids := regexp.MustCompile(`(?m)\bid: (\S+)$`).FindAllStringSubmatch(read(t, filepath.Join(working, directory, "catalog.yaml")), -1)
		if len(ids) != 3 {
			t.Errorf("%s has the ids %q", directory, ids)
		}
		for _, id := range ids {
			if seen[id[1]] || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id[1]) || strings.HasPrefix(id[1], "00000000-") {
				t.Errorf("%s has the id %s", directory, id[1])
			}
			seen[id[1]] = true
		}
	}
}

// What cannot be done changes nothing, and one line says why.
func TestInitRefuses(t *testing.T) {
	t.Parallel()
	const written = "--language go --replace ROOT"
	for name, c := range map[string]struct {
		// prepare is a script in the working directory.
		prepare, args string
		code          int
		want          string
	}{
		"no directory":      {"", written, 2, "name one directory"},
		"two directories":   {"", "x y " + written, 2, "name one directory"},
		"no language":       {"", "x", 2, "--language is missing: choose go"},
		"unknown language":  {"", "x --language rust", 2, `--language "rust" is unknown: choose go`},
		"empty flag":        {"", "x --language go --replace=", 2, "--replace is empty"},
		"no module":         {"", "x --module=a:b " + written, 2, "malformed import path"},
		"standard library":  {"", "x --module=net/acme " + written, 2, `"net" belongs to the standard library`},
		"our module":        {"", "x --module=github.com/openbroker/openbroker/x " + written, 2, "it belongs to openbroker"},
		"name of a file":    {"", "x --module=example.com/folder " + written, 2, "like another file"},
		"no name":           {"", "x --module=example.com/Acme " + written, 2, `the binary would be called "Acme"`},
		"not published":     {"", "x --language go", 1, "name a checkout of openbroker with --replace PATH"},
		"no checkout":       {"mkdir empty", "x --language go --replace empty", 1, "empty is no checkout of openbroker"},
		"another module":    {"mkdir m && echo 'module example.com/m' > m/go.mod", "x --language go --replace m", 1, `m has the module "example.com/m"`},
		"a file":            {"touch x", "x " + written, 1, "/x exists, and is no directory"},
		"a link":            {"ln -s nothing x", "x " + written, 1, "/x is a link to nothing"},
		"below a file":      {"touch x", "x/y " + written, 1, "not a directory"},
		"collisions":        {"mkdir -p x/folder && touch x/README.md x/folder/folder.go x/.gitignore", "x " + written, 1, "/x has .gitignore, README.md, folder/folder.go already, and init replaces nothing"},
		"a file in the way": {"mkdir x && touch x/folder", "x " + written, 1, "/x has folder already"},
		"a link in the way": {"mkdir x other && ln -s ../other x/folder", "x " + written, 1, "/x has folder already"},
		"other Go files":    {"mkdir -p x/folder && touch x/folder/other.go", "x " + written, 1, "/x has Go files, such as folder/other.go"},
		"again":             {"openbroker init x " + written, "x " + written, 1, "/x has .dockerignore, .gitignore, Dockerfile"},
		"unwritable parent": {"", "/proc/x " + written, 1, "create /proc/x: "},
		"unwritable":        {"", "/proc/sys " + written, 1, "write into /proc/sys: go.mod: "},
		"control character": {"", "x\x07 " + written, 2, "control characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			working := t.TempDir()
			prepare := exec.CommandContext(t.Context(), "bash", "-euc", strings.ReplaceAll(c.prepare, "ROOT", checkout(t)))
			prepare.Dir, prepare.Env = working, append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
			if out, err := prepare.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			before, files := listing(t, working), snapshot(t, working)
			args := strings.Fields("init " + c.args)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "ROOT", checkout(t))
			}
			code, stdout, stderr := command(t, working, nil, args...)
			if code != c.code || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "openbroker: ") || !strings.Contains(stderr, c.want) {
				t.Errorf("exit code %d, %s%s", code, stdout, stderr)
			}
			if after := listing(t, working); after != before {
				t.Errorf("there was\n%s\nnow there is\n%s", before, after)
			}
			for path, content := range snapshot(t, working) {
				if files[path] != content {
					t.Errorf("%s has changed", path)
				}
			}
		})
	}
}

// A write that fails, as on a full disk, leaves nothing behind.
func TestInitLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, shell := range map[string]string{
		"new":      `ulimit -f 8; exec openbroker init a/b/c`,
		"existing": `mkdir -p a/folder; ulimit -f 8; exec openbroker init a`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			working := t.TempDir()
			limited := exec.CommandContext(t.Context(), "bash", "-c", shell+" --language go --replace "+checkout(t))
			limited.Dir, limited.Env = working, append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
			out, err := limited.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "go.sum: file too large") || strings.Contains(string(out), ".init-") {
				t.Errorf("%v, %s", err, out)
			}
			if left := strings.TrimPrefix(listing(t, working), "\n/a"); left != "" && left != "\n/a/folder" {
				t.Errorf("there is %s", left)
			}
		})
	}
}

// A directory with other files gets those of the broker, too: a new repository has a
// licence.
func TestInitBesideOtherFiles(t *testing.T) {
	t.Parallel()
	working := t.TempDir()
	write(t, working, "acme/LICENSE", "ours")
	write(t, working, "acme/.git/config", "")
	write(t, working, "acme/folder/notes.txt", "")
	initJSON(t, working, "acme")
	if text := read(t, filepath.Join(working, "acme/LICENSE")); text != "ours" {
		t.Errorf("LICENSE is %q", text)
	}
	if read(t, filepath.Join(working, "acme/main.go")) == "" {
		t.Error("main.go is empty")
	}
}

// Of several that write into one directory at once, one does it, and the others change
// nothing.
func TestInitAtOnce(t *testing.T) {
	t.Parallel()
	for _, directory := range []string{"new/acme", "."} {
		working := t.TempDir()
		var wait sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 8 {
			wait.Go(func() {
				code, _, stderr := command(t, working, nil, "init", directory, "--language", "go", "--replace", checkout(t))
				mu.Lock()
				defer mu.Unlock()
				if code == 0 {
					done++
				} else if code != 1 || strings.Contains(stderr, ".init-") {
					t.Errorf("exit code %d, %s", code, stderr)
				}
			})
		}
		wait.Wait()
		list := listing(t, working)
		if done != 1 || strings.Count(list, "/main.go") != 1 || strings.Contains(list, ".init-") {
			t.Errorf("%s: %d have succeeded, and there is\n%s", directory, done, list)
		}
	}
}

// The result names the files, and what to type next, which a shell understands.
func TestInitResult(t *testing.T) {
	t.Parallel()
	working := t.TempDir()
	write(t, working, "work/go.work", "go 1.26.0\n")
	for directory, want := range map[string]string{
		"acme":           "  cd acme\n  go build .\n  ./acme serve --config openbroker.yaml\n",
		"it's $(here)":   "  cd 'it'\\''s $(here)'\n  go build .\n  ./it-s-here serve --config openbroker.yaml\n",
		"work/my-broker": "  cd work/my-broker\n  go work use .\n  go build .\n",
	} {
		code, stdout, stderr := command(t, working, nil, "init", "--language", "go", "--replace", checkout(t), directory)
		if code != 0 || stderr != "" || !strings.Contains(stdout, want) || !strings.HasPrefix(stdout, directory+" has 13 files of the broker ") {
			t.Errorf("exit code %d, %s%s", code, stdout, stderr)
		}
	}
	result := initJSON(t, working, "other")
	var found []string
	for path := range snapshot(t, filepath.Join(working, "other")) {
		relative, err := filepath.Rel(filepath.Join(working, "other"), path)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, relative)
	}
	slices.Sort(found)
	slices.Sort(result.Files)
	if !slices.Equal(found, result.Files) {
		t.Errorf("there are %q, and the result has %q", found, result.Files)
	}
}
