package platform_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker/app/internal/platform"
)

const schema = `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","additionalProperties":false,"properties":{
	"size":{"type":"integer","maximum":99999999999999999999},"name":{"type":"string"},"on":{"type":"boolean"},"list":{"type":"array"},
	"either":{"type":["integer","string"]},"o":{"type":"object"}}}`

func TestTypedParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pair, schema, want, problem string }{
		{"size=5", schema, `{"size":5}`, ""},
		{"size=9007199254740993", schema, `{"size":9007199254740993}`, ""},
		{"size=big", schema, "", "--param size must be integer"},
		{"size=1.5", schema, "", "nothing was sent: parameters: 1 violation: /size"},
		{"name=5", schema, `{"name":"5"}`, ""},
		{"name=true", schema, `{"name":"true"}`, ""},
		{"name=a=b", schema, `{"name":"a=b"}`, ""},
		{"name=", schema, `{"name":""}`, ""},
		{"on=true", schema, `{"on":true}`, ""},
		{"on=yes", schema, "", "must be boolean"},
		{"either=7", schema, `{"either":7}`, ""},
		{"either=seven", schema, `{"either":"seven"}`, ""},
		{"list=[1,2]", schema, `{"list":[1,2]}`, ""},
		{`o:={"a":1e400}`, schema, `{"o":{"a":1e400}}`, ""},
		{"o:={", schema, "", "not valid JSON"},
		{"other=1", schema, "", "nothing was sent"},
		{"n=5", "", `{"n":5}`, ""},
		{"n=007", "", `{"n":"007"}`, ""},
		{"n=null", "", `{"n":null}`, ""},
		{"n={}", "", `{"n":"{}"}`, ""},
		{"=5", "", "", "has no key"},
		{"hunter22", "", "", "has no ="},
	} {
		got, err := platform.Typed(c.pair, c.schema)
		if got != c.want || (c.problem == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s: %s, %v; want %s%s", c.pair, got, err, c.want, c.problem)
		}
		var failed *platform.Error
		if err != nil && (!errors.As(err, &failed) || failed.Code != 2) {
			t.Errorf("%s: exit code of %v", c.pair, err)
		}
	}
}

func TestConfigSources(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(file, []byte("{\"a\": 12345678901234567890}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ config, stdin, want, problem string }{
		{`{"a":1}`, "", `{"a":1}`, ""},
		{" {} ", "", `{}`, ""},
		{"@" + file, "", `{"a":12345678901234567890}`, ""},
		{file, "", `{"a":12345678901234567890}`, ""},
		{"-", `{"b":"hunter22"}`, `{"b":"hunter22"}`, ""},
		{"-", `["hunter22"]`, "", "not a JSON object"},
		{"-", "{\n  \"b\": hunter22}", "", "line 2, column 8"},
		{"-", "null", "", "not a JSON object"},
		{"@/nowhere", "", "", "no such file"},
		{"@", "", "", "needs the name of a file"},
		{"-", " \n", "", "standard input, which is empty"},
		{"nonsense", "", "", "takes a JSON object, @FILE, or -"},
	} {
		got, err := platform.Config(c.config, c.stdin)
		if got != c.want || (c.problem == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "hunter22")) {
			t.Errorf("%s: %s, %v", c.config, got, err)
		}
	}
}

// A record that this package cannot have written is refused.
func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	for text, sound := range map[string]bool{
		``: false, `{`: false, `[]`: false, `{"instances":[null]}`: false, `{"instances":[{"name":"a"}]}`: false,
		`{"instances":[{"id":"a","bindings":[null]}]}`: false, `{"instances":[{"id":"a","bindings":[{"id":"b"}]}]}`: true, `{}`: true,
	} {
		path := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := platform.ReadRecord(path)
		if (err == nil) != sound || err != nil && !strings.Contains(err.Error(), "is damaged: repair it or move it away") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestConcurrentCommands changes one file with 20 concurrent commands.
func TestConcurrentCommands(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.json")
	var commands sync.WaitGroup
	for n := range 20 {
		commands.Go(func() {
			if err := platform.Count(t.Context(), path, fmt.Sprint(n)); err != nil {
				t.Error(err)
			}
		})
	}
	commands.Wait()
	counted, err := platform.ReadCounter(path)
	if err != nil || counted.Count != 20 || len(counted.Names) != 20 {
		t.Errorf("%+v, %v", counted, err)
	}
	before, err := os.Stat(path)
	if err != nil || before.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", before.Mode(), err)
	}
	if err := platform.Touch(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file is written without a change: %v", err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if len(left) != 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := platform.Count(t.Context(), path, "x"); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("a damaged file: %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "{" {
		t.Errorf("a damaged file is overwritten with %q", text)
	}
}

func TestHangingKeyring(t *testing.T) {
	t.Parallel()
	if err := platform.HangingKeyring(time.Millisecond); err == nil || !strings.Contains(err.Error(), "did not respond within 1ms") {
		t.Errorf("%v", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"orders": "orders", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'", "ä": "'ä'"} {
		if got := platform.Quote(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestAttribute(t *testing.T) {
	t.Parallel()
	credentials := map[string]any{"a": map[string]any{"b.c": map[string]any{"d": 1}}, "a.x": 2}
	for key, want := range map[string]any{"a.b.c.d": 1, "a.x": 2, "a.y": nil, "z": nil, "a.b": nil} {
		if got, found := platform.Attribute(credentials, key); got != want || found != (want != nil) {
			t.Errorf("%s: %v, %v", key, got, found)
		}
	}
}
