package auth_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/auth"
)

func TestParseCredentials(t *testing.T) {
	t.Parallel()
	hash, argon := bcryptHash(t, "x"), argon2Hash("y")
	data := "\ufeff# a comment\r\n\nadmin:" + hash + "\r\n[cf-eu]\ncc:" + argon + "\ncc:with:colon and space # no comment\n[kf]\nk f:pässwörd"
	got, err := auth.ParseCredentials("file", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	want := []auth.Credential{
		{Username: "admin", PasswordHash: hash},
		{Username: "cc", PasswordHash: argon, Platform: "cf-eu"},
		{Username: "cc", Password: "with:colon and space # no comment", Platform: "cf-eu"},
		{Username: "k f", Password: "pässwörd", Platform: "kf"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d credentials, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("credential %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestParseCredentialsRefuses(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-secret"
	for _, c := range []struct{ name, data, want string }{
		{"empty", "", "broker.htpasswd: the file has no credential"},
		{"comments only", "# x\n\n[cf]\n", "no credential"},
		{"no colon", "a:b\n" + secret, "broker.htpasswd:2: the line has no colon"},
		{"empty username", ":" + secret, "broker.htpasswd:1: the username is empty"},
		{"empty password", "# x\ncc:\n", "broker.htpasswd:2: the password is empty"},
		{"leading space", " cc:" + secret, "begins or ends with a space"},
		{"trailing space", "cc:" + secret + " ", "begins or ends with a space"},
		{"space after colon", "cc: " + secret, "precedes or follows the colon"},
		{"space before colon", "cc :" + secret, "precedes or follows the colon"},
		{"tab inside", "cc:a\t" + secret, "control character"},
		{"NUL", "cc:a\x00" + secret, "control character"},
		{"not UTF-8", "cc:\xff" + secret, "not UTF-8"},
		{"open platform", "[cf\ncc:" + secret, ":1: the platform has no closing bracket"},
		{"empty platform", "[]\ncc:" + secret, "platform must be a name"},
		{"spaces in platform", "[ cf ]\ncc:" + secret, "platform must be a name"},
		{"credential as platform", "[cc:" + secret + "]", "platform must be a name"},
		{"MD5", "cc:$apr1$" + secret, "neither bcrypt"},
		{"SHA", "cc:{SHA}" + secret, "neither bcrypt"},
		{"argon2id", "cc:$argon2id$" + secret, "malformed"},
		{"expensive", "cc:$2y$31$" + strings.Repeat("a", 53), "cost 31"},
		{"twice", "cc:" + secret + "\n[a]\ncc:" + secret, ":3: the credential is the same as on line 1"},
		{"too large", "cc:" + strings.Repeat(secret, 1<<17), "larger than 1048576 bytes"},
		{"too many", manyLines(1001), "at most 1000"},
		{"too long", "cc:" + strings.Repeat(secret, 1<<10), "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := auth.ParseCredentials("broker.htpasswd", []byte(c.data))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "broker.htpasswd") {
				t.Errorf("error %q has no %q", err, c.want)
			}
			mustNotReveal(t, err.Error(), secret)
		})
	}
}

func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "user%d:password\n", i)
	}
	return b.String()
}

func TestLoadBasicRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	write(t, large, strings.Repeat("#", 1<<20)+"\n")
	empty := filepath.Join(dir, "empty")
	write(t, empty, "cc:"+bcryptHash(t, "")+"\n")
	for name, want := range map[string]string{
		filepath.Join(dir, "missing"): "no such file",
		dir:                           "is a directory",
		large:                         "larger than",
		empty:                         "empty password",
	} {
		if _, err := auth.LoadBasic(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	if _, err := auth.LoadCredentials(large); err == nil || !strings.Contains(err.Error(), large) {
		t.Errorf("error %v does not name the file", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
