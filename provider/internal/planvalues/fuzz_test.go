package planvalues_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openbroker/openbroker/provider/internal/planvalues"
)

// Whatever a template is, it is refused or computed within bounds. An error has no value.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		"{{ .parameters.team | lower }}", "{{ range $i, $x := .parameters.list }}{{ $x }}{{ end }}", "{{ index .parameters \"a-b\" | default 1 }}",
		"{{ if eq .parameters.size 1 }}a{{ else }}b{{ end }}", "{{ with $x := .context }}{{ $x.namespace }}{{ end }}", "{{ (index .parameters.list 0).x }}", "{{ json . }}", "{{{{",
		"{{ and .parameters.on 1 | or 2 }}", "{{ .parameters.secret }}{{ .parameters.secret.x }}",
	} {
		f.Add(seed)
	}
	const secret = "s3cr3t-value"
	with := func(t *testing.T) planvalues.Data {
		t.Helper()
		d := dataOf(t, data)
		d[planvalues.Parameters].(map[string]any)["secret"] = secret //nolint:forcetypeassert // It is an object.
		return d
	}
	f.Fuzz(func(t *testing.T, template string) {
		p, problems := plan(t, `{"labels":{"x":`+quote(template)+`}}`)
		if len(problems) > 0 {
			if !strings.Contains(template, "{{") {
				t.Errorf("a text without a template has %+v", problems)
			}
			return
		}
		labels, err := p.Labels(with(t))
		if err != nil {
			if !isTemplateError(err) || strings.Contains(err.Error(), secret) && !strings.Contains(template, secret) {
				t.Errorf("the error is %v", err)
			}
			return
		}
		text, ok := labels["x"].(string)
		if !ok || len(text) > 1<<16+len(template) || strings.Contains(text, "<no value>") && !strings.Contains(template, "<no value>") {
			t.Errorf("the label is %q", labels["x"])
		}
	})
}

// Whatever users and providers send, the credentials have exactly the keys of the
// template and of the provider, the same types, and numbers with their digits.
func FuzzCredentials(f *testing.F) {
	p := valid(f, `{"credentials": {
		"set": {"url": "x://{{ .binding.parameters.a }}@{{ .credentials.host }}", "list": ["{{ .binding.parameters.a }}"], "in": {"a": "{{ .parameters.team }}"},
			"port": {"$integer": "{{ .credentials.port }}"}, "raw": "{{ json .binding.parameters }}"},
		"rename": {"username": "user"}, "remove": ["host"]}}`)
	for _, seed := range []string{"plain", `"`, `","admin":"true`, "{{ .credentials.password }}", "\\", "\x00\n", "é\u2028", "</script>", `{"$integer": "1"}`} {
		f.Add(seed, seed, uint64(12345678))
	}
	f.Fuzz(func(t *testing.T, parameter, host string, port uint64) {
		binding := map[string]any{"id": "b", "parameters": map[string]any{"a": parameter}}
		number, err := json.Marshal(port)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Credentials(map[string]any{"host": host, "port": json.Number(number), "username": parameter, "own": 1}, dataOf(t, data).With(planvalues.Binding, binding))
		if err != nil {
			if len(parameter)+len(host) < 1<<14 {
				t.Fatal(err)
			}
			return
		}
		encoded, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		decoded := planvalues.Object(encoded)
		if keys := strings.Join(slices.Sorted(maps.Keys(decoded)), " "); keys != "in list own port raw url user" {
			t.Errorf("the keys are %s", keys)
		}
		list, _ := decoded["list"].([]any)
		in, _ := decoded["in"].(map[string]any)
		if len(list) != 1 || len(in) != 1 || decoded["port"] != json.Number(number) {
			t.Errorf("the credentials are %s", encoded)
		}
		if utf8.ValidString(parameter) && utf8.ValidString(host) && (list[0] != parameter || decoded["user"] != parameter || decoded["url"] != "x://"+parameter+"@"+host) {
			t.Errorf("the credentials are %s", encoded)
		}
		raw, _ := decoded["raw"].(string)
		if planvalues.Object([]byte(raw))["a"] == nil {
			t.Errorf("json makes %s", raw)
		}
	})
}

// The fields of a plan may be anything.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{parameters, credentials, `{"labels":{"a":1},"tags":["b"]}`, `{"parameters":{"fixed":{"a":{"$integer":"{{ 1 }}"}}}}`, `{"credentials":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, fields string) {
		var extensions map[string]json.RawMessage
		if json.Unmarshal([]byte(fields), &extensions) != nil {
			return
		}
		p, problems := planvalues.Parse(extensions)
		for _, problem := range problems {
			if problem.Rule == "" || problem.Message == "" || !strings.HasPrefix(problem.Pointer, "/") || problem.Offset < 0 {
				t.Errorf("the problem is %+v", problem)
			}
		}
		if p == nil || len(problems) > 0 {
			return
		}
		p.Advice(planvalues.SchemaOf(json.RawMessage(`{"properties":{}}`)), planvalues.Schema{})
		if got, err := p.Parameters(nil, dataOf(t, data), refuseAll); err == nil && !json.Valid(got) {
			t.Errorf("the parameters are %s", got)
		}
	})
}
