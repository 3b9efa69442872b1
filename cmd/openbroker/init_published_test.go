package main_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// published is a version of this module that only this process has: all tests of a machine
// share one cache of modules.
var published = module.Version{Path: "github.com/openbroker/openbroker", Version: "v0.0.0-0.init." + strconv.Itoa(os.Getpid())}

// publish makes a module proxy with this checkout as a published version, and returns
// its URL.
func publish(t *testing.T) string {
	t.Helper()
	root, proxy := checkout(t), t.TempDir()
	var files []zip.File
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(entry.Name(), ".") && path != root; entry.IsDir() && hidden {
			return filepath.SkipDir
		}
		if entry.Type().IsRegular() {
			relative, err := filepath.Rel(root, path)
			files = append(files, zipped{path, filepath.ToSlash(relative)})
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	versions := filepath.Join(proxy, filepath.FromSlash(published.Path), "@v", published.Version)
	info, err := json.Marshal(map[string]string{"Version": published.Version, "Time": "2026-01-02T15:04:05Z"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(versions), published.Version+".info", string(info))
	write(t, filepath.Dir(versions), published.Version+".mod", read(t, filepath.Join(root, "go.mod")))
	write(t, filepath.Dir(versions), "list", published.Version+"\n")
	archive, err := os.Create(versions + ".zip")
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.Create(archive, published, files); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return "file://" + proxy
}

// zipped is a file for an archive of a module.
type zipped struct{ path, name string }

func (z zipped) Path() string                 { return z.name }
func (z zipped) Lstat() (os.FileInfo, error)  { return os.Lstat(z.path) }
func (z zipped) Open() (io.ReadCloser, error) { return os.Open(z.path) }

// An openbroker that was installed from a published version writes a broker that uses
// this version, without --replace.
func TestInitPublished(t *testing.T) {
	t.Parallel()
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	bin, working := t.TempDir(), t.TempDir()
	environment := append(os.Environ(), "GOPROXY="+publish(t), "GOSUMDB=off", `GOFLAGS=-modcacherw -ldflags=-w "-gcflags=`+published.Path+`/...=-N -l"`, // Only this test compiles this version: quickly.
		"GOBIN="+bin, "GOWORK=off")
	// The cache has the dependencies. Afterwards it has no other version than before.
	t.Cleanup(func() {
		for _, pattern := range []string{"github.com/openbroker/openbroker@" + published.Version, "cache/download/github.com/openbroker/openbroker/@v/" + published.Version + ".*"} {
			found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)), filepath.FromSlash(pattern)))
			if err != nil {
				t.Error(err)
			}
			for _, path := range found {
				if err := os.RemoveAll(path); err != nil {
					t.Error(err)
				}
			}
		}
	})
	runs := func(directory string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), args[0], args[1:]...)
		command.Dir, command.Env = directory, environment
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	runs(working, "go", "install", published.Path+"/cmd/openbroker@"+published.Version)
	openbroker := filepath.Join(bin, "openbroker")
	if out := runs(working, openbroker, "version"); !strings.Contains(out, published.Version) {
		t.Errorf("the version is %s", out)
	}
	runs(working, openbroker, "init", "acme-broker", "--language", "go")
	broker := filepath.Join(working, "acme-broker")
	if text := read(t, filepath.Join(broker, "go.mod")); !strings.Contains(text, "require "+published.Path+" "+published.Version+"\n") || strings.Contains(text, "replace") {
		t.Errorf("go.mod is\n%s", text)
	}
	runs(broker, "go", "build", ".")
	// The broker has init, too, and the same version.
	runs(broker, "./acme-broker", "init", "other", "--language", "go")
	runs(filepath.Join(broker, "other"), "go", "list", "-deps", "-test", "./...")
}
