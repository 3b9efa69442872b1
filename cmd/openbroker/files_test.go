//go:build unix

package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/seal"
)

// namesFiles is a configuration with all kinds of files.
const namesFiles = `data: data
store: sqlite:records.db
tls:
  cert: tls/tls.crt
  key: tls/tls.key
  client_ca: ca.pem
auth:
  credentials_file: credentials
  basic:
    - username: cc
      password: ${file:password}
encryption:
  keyset_file: keyset.json
`

// filesOf creates the files of namesFiles.
func filesOf(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	write(t, directory, "openbroker.yaml", namesFiles)
	certificate(t, filepath.Join(directory, "tls"))
	authorities, err := os.ReadFile(filepath.Join(directory, "tls/tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, directory, "ca.pem", string(authorities))
	write(t, directory, "credentials", "kf:secret\n")
	write(t, directory, "password", "hunter2\n")
	if _, err := seal.Create(filepath.Join(directory, "keyset.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(directory, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	return directory
}

const upstreamOnly = "upstream: {url: 'https://b.example', username: u, password: '${file:password}'}\n"

// An error about a file has the line and the key of the configuration, from openbroker
// config check and from openbroker serve, which does not start.
func TestNamedFiles(t *testing.T) {
	t.Parallel()
	type change struct {
		file string
		// content, if not empty, and mode, if not 0, replace those of the file.
		content string
		mode    os.FileMode
	}
	for name, c := range map[string]struct {
		change change
		want   string // nothing: accepted
	}{
		"nothing":                       {change{}, ""},
		"no keyset yet":                 {change{file: "keyset.json", content: "-"}, ""},
		"no data yet":                   {change{file: "data", content: "-"}, ""},
		"key of the group":              {change{file: "tls/tls.key", mode: 0o640}, ""},
		"open certificate":              {change{file: "tls/tls.crt", mode: 0o644}, ""},
		"open configuration":            {change{file: "openbroker.yaml", mode: 0o644}, ""},
		"data that others may list":     {change{file: "data", mode: 0o755}, ""},
		"data of a group":               {change{file: "data", mode: 0o775}, ""},
		"configuration with a password": {change{file: "openbroker.yaml", mode: 0o644, content: strings.ReplaceAll(namesFiles, "${file:password}", "hunter2")}, "openbroker.yaml:11:17: auth.basic[0].password has a secret: all users can read openbroker.yaml, which has mode 0644: run chmod 600"},
		"store with a password":         {change{file: "openbroker.yaml", mode: 0o644, content: strings.ReplaceAll(namesFiles, "sqlite:records.db", "postgres://u:hunter2@127.0.0.1:1/d")}, "openbroker.yaml:2:8: store has a secret: all users can read openbroker.yaml"},
		"store without a password":      {change{file: "openbroker.yaml", mode: 0o644, content: strings.ReplaceAll(namesFiles, "sqlite:records.db", "postgres://u@127.0.0.1:1/d")}, ""},
		"upstream with its address":     {change{file: "openbroker.yaml", mode: 0o644, content: upstreamOnly}, ""},
		"upstream with its password":    {change{file: "openbroker.yaml", mode: 0o644, content: strings.ReplaceAll(upstreamOnly, "${file:password}", "hunter2")}, "openbroker.yaml:1:61: upstream.password has a secret: all users can read"},
		"open key":                      {change{file: "tls/tls.key", mode: 0o666}, "openbroker.yaml:5:8: tls.key other users can change "},
		"key that all can read":         {change{file: "tls/tls.key", mode: 0o604}, "openbroker.yaml:5:8: tls.key all users can read "},
		"open credentials":              {change{file: "credentials", mode: 0o644}, "openbroker.yaml:8:21: auth.credentials_file all users can read "},
		"open password":                 {change{file: "password", mode: 0o666}, "openbroker.yaml:11:17: auth.basic[0].password has a secret: other users can change "},
		"open keyset":                   {change{file: "keyset.json", mode: 0o640}, "openbroker.yaml:13:16: encryption.keyset_file is not usable: other users have access to the keyset file"},
		"open data":                     {change{file: "data", mode: 0o777}, "openbroker.yaml:1:7: data all users can change the directory "},
		"data that is a file":           {change{file: "data", content: "x"}, "openbroker.yaml:1:7: data "},
		"no certificate":                {change{file: "tls/tls.crt", content: "-"}, "openbroker.yaml:4:9: tls.cert cannot be read: "},
		"bad certificate":               {change{file: "tls/tls.crt", content: "x"}, "openbroker.yaml:4:9: tls.cert "},
		"no key":                        {change{file: "tls/tls.key", content: "-"}, "openbroker.yaml:5:8: tls.key "},
		"bad authorities":               {change{file: "ca.pem", content: "x"}, "openbroker.yaml:6:14: tls.client_ca "},
		"bad credentials":               {change{file: "credentials", content: "hunter2"}, "openbroker.yaml:8:21: auth.credentials_file is not usable: "},
		"bad keyset":                    {change{file: "keyset.json", content: "{}"}, "openbroker.yaml:13:16: encryption.keyset_file is not usable: unusable keyset"},
		"no password":                   {change{file: "password", content: "-"}, "openbroker.yaml:11:17: auth.basic[0].password needs the file password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := filesOf(t)
			path := filepath.Join(directory, c.change.file)
			if c.change.content != "" {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			}
			if c.change.content != "" && c.change.content != "-" {
				write(t, directory, c.change.file, c.change.content)
			}
			if c.change.mode != 0 {
				if err := os.Chmod(path, c.change.mode); err != nil {
					t.Fatal(err)
				}
			}
			code, stdout, stderr := command(t, directory, nil, "config", "check", "openbroker.yaml")
			if strings.Contains(stderr, "hunter2") || strings.Contains(stderr, "Config.") {
				t.Errorf("shown: %s", stderr)
			}
			if c.want == "" {
				if code != 0 || stdout != "openbroker.yaml: ok\n" || stderr != "" {
					t.Errorf("exit code %d, standard error %s", code, stderr)
				}
				return
			}
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, c.want) {
				t.Errorf("exit code %d, standard error\n%s\nwant\n%s", code, stderr, c.want)
			}
			code, stdout, served := command(t, directory, nil, "serve", "--config", "openbroker.yaml", "--listen", "127.0.0.1:0")
			if code != 1 || stdout != "" || served != stderr {
				t.Errorf("serve: exit code %d, standard error\n%s\nwant\n%s", code, served, stderr)
			}
			if _, err := os.Stat(filepath.Join(directory, "records.db")); err == nil {
				t.Error("serve has created a store")
			}
		})
	}
}

// Kubernetes mounts secrets with mode 0644, in a directory behind a link that it swaps.
func TestMountedSecret(t *testing.T) {
	t.Parallel()
	directory := filesOf(t)
	mount := filepath.Join(directory, "tls")
	if err := os.Mkdir(filepath.Join(mount, "..2026"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..2026", filepath.Join(mount, "..data")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tls.crt", "tls.key"} {
		if err := os.Rename(filepath.Join(mount, name), filepath.Join(mount, "..2026", name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(mount, "..2026", name), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(mount, name)); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := command(t, directory, nil, "config", "check", "openbroker.yaml"); code != 0 {
		t.Errorf("exit code %d, standard error\n%s", code, stderr)
	}
	if err := os.Chmod(filepath.Join(mount, "..2026", "tls.key"), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, directory, nil, "config", "check", "openbroker.yaml"); code != 1 || !strings.Contains(stderr, "other users can change") {
		t.Errorf("exit code %d, standard error\n%s", code, stderr)
	}
}

// Without a configuration file, too, other users must not have access to the data
// directory.
func TestOpenDataDirectory(t *testing.T) {
	t.Parallel()
	directory := used(t)
	path := filepath.Join(directory, "openbroker-data")
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	refused(t, directory, nil, "the data directory is refused: all users can change the directory openbroker-data, which has mode 0777: run chmod 700 openbroker-data")
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	p := serve(t, directory, nil)
	p.expect(http.StatusOK, "GET", instance, nil)
	p.stop()
}

// openbroker admin reads the part of the configuration about the store, and no other
// secrets.
func TestAdminNeedsTheStoreOnly(t *testing.T) {
	t.Parallel()
	directory := used(t)
	write(t, directory, "openbroker.yaml", `data: openbroker-data
store: sqlite:${env:STORE}
auth: {basic: [{username: cc, password: '${env:CC_PASSWORD}'}], bearer: [{issuer: '${env:ISSUER}', audience: a}]}
tls: {cert: a.pem, key: '${file:nowhere}'}
encryption: {keyset: '${env:KEYSET}'}
`)
	store := []string{"STORE=openbroker-data/openbroker.db"}
	for _, c := range []struct {
		environment []string
		args        []string
		code        int
		want        string
	}{
		{store, []string{"admin", "instances"}, 0, ""},
		{store, []string{"admin", "operations", "-o", "json"}, 0, ""},
		{nil, []string{"admin", "instances"}, 1, "openbroker.yaml:2:8: store needs the environment variable STORE, which is not set"},
		{store, []string{"admin", "forget", "--reason", "x", "one"}, 1, "openbroker.yaml:5:22: encryption.keyset needs the environment variable KEYSET, which is not set"},
		{store, []string{"config", "check", "openbroker.yaml"}, 1, "CC_PASSWORD"},
	} {
		args := c.args
		if args[0] == "admin" {
			args = append(args, "--config", "openbroker.yaml")
		}
		code, _, stderr := command(t, directory, c.environment, args...)
		if code != c.code || !strings.Contains(stderr, c.want) || c.want == "" && stderr != "" {
			t.Errorf("%q: exit code %d, standard error\n%s", args, code, stderr)
		}
	}
}

// The runtime and the request bodies stay below the memory limit.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[string]string{
		"128MiB": "limit=134217728 body_budget=4194304",
		"8MiB":   "limit=8388608 body_budget=1048576",
		"64GiB":  "limit=68719476736 body_budget=33554432",
	} {
		directory := t.TempDir()
		write(t, directory, "openbroker.yaml", "data: openbroker-data\nlog: {level: debug}\n")
		p := serve(t, directory, []string{"GOMEMLIMIT=" + limit}, "--config", "openbroker.yaml")
		await(t, "the memory limit in the log", func() bool { return strings.Contains(p.stderr.String(), want) })
		p.stop()
	}
}
