package planvalues_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/internal/planvalues"
)

func refuseAll(string) bool { return false }

// valid parses the fields of a plan that has no problem.
func valid(tb testing.TB, fields string) *planvalues.Plan {
	tb.Helper()
	p, problems := plan(tb, fields)
	if len(problems) > 0 {
		tb.Fatalf("the problems are %+v", problems)
	}
	return p
}

const parameters = `{"parameters": {
	"defaults": {"retention_days": 7, "name": "db-{{ .parameters.team | lower }}", "note": "none"},
	"fixed": {"region": "eu", "schema": "app_{{ .context.namespace }}_{{ .parameters.retention_days }}", "size": {"gb": {"$integer": "{{ .parameters.gb }}"}, "zones": ["{{ .plan.name }}", 1.50, true]}},
	"rename": {"class": "instance_class"},
	"remove": ["gb", "team"]
}}`

// Defaults come first, then what users gave, then other names, then fixed values.
func TestParameters(t *testing.T) {
	t.Parallel()
	p := valid(t, parameters)
	for given, want := range map[string]string{
		`{"team": "Blue", "gb": 12345678901234567890, "class": 1.10}`:                           `{"instance_class":1.10,"name":"db-blue","note":"none","region":"eu","retention_days":7,"schema":"app_prod_7","size":{"gb":12345678901234567890,"zones":["plan",1.50,true]}}`,
		`{"gb": 1, "name": "own", "note": null, "retention_days": 30, "other": {"a": [1e400]}}`: `{"name":"own","note":"none","other":{"a":[1e400]},"region":"eu","retention_days":30,"schema":"app_prod_30","size":{"gb":1,"zones":["plan",1.50,true]}}`,
		`{"team": "b", "gb": -0, "region": null}`:                                               `{"name":"db-b","note":"none","region":"eu","retention_days":7,"schema":"app_prod_7","size":{"gb":-0,"zones":["plan",1.50,true]}}`,
	} {
		got, err := p.Parameters(json.RawMessage(given), dataOf(t, data), refuseAll)
		if err != nil || string(got) != want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", given, got, err, want)
		}
	}
	for given, want := range map[string]string{
		`{"region": "us", "instance_class": 1, "gb": 1, "team": "t", "schema": false}`: "/instance_class: the plan sets this parameter: leave it out; /region: the plan sets this parameter: leave it out; /schema: the plan sets this parameter: leave it out",
		``:                              "the plan's template parameters.defaults.name needs .parameters.team, which is missing",
		`{"team": "t"}`:                 "the plan's template parameters.fixed.size.gb needs .parameters.gb, which is missing",
		`{"team": "t", "gb": "5 rm"}`:   "the plan's template parameters.fixed.size.gb must make a whole number, and makes another text",
		`{"team": "t", "gb": 5.5}`:      "the plan's template parameters.fixed.size.gb must make a whole number, and makes another text",
		`{"team": ["s3cret"], "gb": 5}`: "the plan's template parameters.defaults.name cannot be computed: a text is needed, not a list; json makes one",
	} {
		if got, err := p.Parameters(json.RawMessage(given), dataOf(t, data), refuseAll); err == nil || err.Error() != want {
			t.Errorf("%s: %s, %v, want %s", given, got, err, want)
		}
	}
	// A tolerated parameter is overridden, or keeps its place if the new name has no value.
	got, err := p.Parameters(json.RawMessage(`{"region": "us", "instance_class": 1, "gb": 1, "team": "t"}`), dataOf(t, data), func(string) bool { return true })
	if err != nil || !strings.Contains(string(got), `"region":"eu"`) || !strings.Contains(string(got), `"instance_class":1`) {
		t.Errorf("got %s, %v", got, err)
	}
}

// Labels, bindings and credentials see parameters under all names.
func TestAll(t *testing.T) {
	t.Parallel()
	p := valid(t, strings.Replace(parameters, `{"parameters"`, `{"labels": {"region": "{{ .parameters.region }}", "team": "{{ .parameters.team }}", "days": "{{ .parameters.retention_days }}", "class": "{{ .parameters.instance_class }}{{ .parameters.class }}", "version": 1.10, "on": true}, "tags": ["gold"], "parameters"`, 1))
	given := json.RawMessage(`{"team": "Blue", "gb": 3, "class": 4}`)
	got, err := p.Parameters(given, dataOf(t, data), refuseAll)
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.All(given, got, dataOf(t, data))
	if err != nil {
		t.Fatal(err)
	}
	labels, err := p.Labels(dataOf(t, data).With(planvalues.Parameters, all))
	if text := fmt.Sprint(labels); err != nil || text != "map[class:44 days:7 gold: on:true region:eu team:Blue version:1.10]" {
		t.Errorf("the labels are %s, %v", text, err)
	}
	if _, err := p.Labels(dataOf(t, data)); err == nil || err.Error() != "the plan's template labels.region needs .parameters.region, which is missing" {
		t.Errorf("the error is %v", err)
	}
	if !p.HasParameters() || p.HasBindingParameters() || p.HasCredentials() || !p.HasLabels() {
		t.Error("the plan has other fields")
	}
}

func TestBindingParameters(t *testing.T) {
	t.Parallel()
	p := valid(t, `{"binding_parameters": {"fixed": {"mode": "{{ .binding.parameters.access }}-{{ .parameters.team }}"}, "defaults": {"access": "ro"}, "remove": ["access"]}}`)
	with := dataOf(t, data).With(planvalues.Binding, map[string]any{"id": "b"})
	for given, want := range map[string]string{`{}`: `{"mode":"ro-Blue"}`, `{"access": "rw", "x": 1}`: `{"mode":"rw-Blue","x":1}`} {
		if got, err := p.BindingParameters(json.RawMessage(given), with, refuseAll); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", given, got, err, want)
		}
	}
	all, err := p.BindingAll(json.RawMessage(`{}`), json.RawMessage(`{"mode":"m"}`), with)
	if err != nil || fmt.Sprint(all) != "map[access:ro mode:m]" {
		t.Errorf("all are %v, %v", all, err)
	}
}

const credentials = `{"credentials": {
	"set": {
		"jdbcUrl": "jdbc:postgresql://{{ .credentials.host }}:{{ .credentials.port }}/{{ .credentials.name }}?user={{ .credentials.username | urlencode }}",
		"port": {"$integer": "{{ .credentials.port }}"}, "tls": {"$boolean": "{{ .credentials.tls }}"}, "load": {"$number": "{{ .credentials.load }}"},
		"hosts": ["{{ .credentials.host }}", {"of": "{{ .binding.id }}"}], "key-prefix": "{{ index .credentials \"key-prefix\" }}", "limit": 5
	},
	"rename": {"username": "user"},
	"remove": ["host", "absent"]
}}`

func TestCredentials(t *testing.T) {
	t.Parallel()
	p := valid(t, credentials)
	returned := func() map[string]any {
		return map[string]any{"host": "h", "port": 5432, "name": "db", "username": "u@", "password": "p", "tls": true, "load": 1.5, "key-prefix": "k:", "big": json.Number("12345678901234567890")}
	}
	with := dataOf(t, data).With(planvalues.Binding, map[string]any{"id": "b-1"})
	given := returned()
	got, err := p.Credentials(given, with)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(got)
	const want = `{"big":12345678901234567890,"hosts":["h",{"of":"b-1"}],"jdbcUrl":"jdbc:postgresql://h:5432/db?user=u%40","key-prefix":"k:","limit":5,"load":1.5,"name":"db","password":"p","port":5432,"tls":true,"user":"u@"}`
	if err != nil || string(encoded) != want {
		t.Errorf("got  %s, %v\nwant %s", encoded, err, want)
	}
	if len(given) != len(returned()) {
		t.Errorf("the credentials of the provider became %v", given)
	}
	for key, want := range map[string]string{
		"host":     "the plan's template credentials.set.jdbcUrl needs .credentials.host, which is missing",
		"username": "the plan's template credentials.set.jdbcUrl needs .credentials.username, which is missing",
		"tls":      "the plan's template credentials.set.tls needs .credentials.tls, which is missing",
	} {
		without := returned()
		delete(without, key)
		if _, err := p.Credentials(without, with); err == nil || err.Error() != want {
			t.Errorf("without %s: %v", key, err)
		}
		without[key] = nil
		if _, err := p.Credentials(without, with); err == nil || err.Error() != strings.Replace(want, "is missing", "is null", 1) {
			t.Errorf("with null for %s: %v", key, err)
		}
	}
	renames := valid(t, `{"credentials": {"rename": {"a": "b"}}}`)
	if _, err := renames.Credentials(nil, with); err == nil || err.Error() != "the plan's template credentials.rename.a needs .credentials.a, which is missing" {
		t.Errorf("the error is %v", err)
	}
	if _, err := renames.Credentials(map[string]any{"a": make(chan int)}, with); err == nil || err.Error() != "the credentials of the provider are not JSON" {
		t.Errorf("the error is %v", err)
	}
	bad := returned()
	bad["tls"], bad["load"] = "s3cret", "s3cret"
	if _, err := p.Credentials(bad, with); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "must make") {
		t.Errorf("the error is %v", err)
	}
}

// What is wrong with the form of the fields.
func TestPlanProblems(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		`{"parameters": []}`:                                                   "/parameters: parameters must be an object, not a list",
		`{"parameters": null}`:                                                 "/parameters: parameters must be an object, not null",
		`{"parameters": {"default": {}}}`:                                      `/parameters/default name: "default" is unknown: did you mean "defaults"? parameters can have defaults, fixed, rename, remove`,
		`{"parameters": {"set": {}}}`:                                          `/parameters/set name: "set" is unknown: parameters can have defaults, fixed, rename, remove`,
		`{"credentials": {"add": {}}}`:                                         `/credentials/add name: "add" is unknown: credentials can have set, rename, remove`,
		`{"credentials": {"defaults": {}}}`:                                    `/credentials/defaults name: "defaults" is unknown: credentials can have set, rename, remove`,
		`{"parameters": {"fixed": {"a": null}}}`:                               "/parameters/fixed/a: parameters.fixed.a is null: give it a value",
		`{"parameters": {"fixed": {"a": [null]}}}`:                             "/parameters/fixed/a/0: parameters.fixed.a[0] is null: give it a value",
		`{"parameters": {"fixed": "x"}}`:                                       "/parameters/fixed: parameters.fixed must be an object, not a text",
		`{"parameters": {"rename": {"a": 1}}}`:                                 "/parameters/rename/a: parameters.rename.a must be a text, not a number",
		`{"parameters": {"rename": {"a": ""}}}`:                                "/parameters/rename/a: parameters.rename.a is empty: name a key",
		`{"parameters": {"rename": {"a": "{{ .plan.id }}"}}}`:                  "/parameters/rename/a: parameters.rename.a is a name, which cannot be a template",
		`{"parameters": {"remove": ["a", 1]}}`:                                 "/parameters/remove/1: parameters.remove[1] must be a text, not a number",
		`{"parameters": {"remove": "a"}}`:                                      "/parameters/remove: parameters.remove must be a list, not a text",
		`{"parameters": {"fixed": {"a": {"$intger": "{{ .plan.id }}"}}}}`:      "/parameters/fixed/a/$intger name: parameters.fixed.a.$intger is unknown: did you mean $integer?",
		`{"parameters": {"fixed": {"a": {"$x": "{{ .plan.id }}"}}}}`:           "/parameters/fixed/a/$x name: parameters.fixed.a.$x is unknown: names with $ are types, and there are $integer, $number, $boolean",
		`{"parameters": {"fixed": {"a": {"$integer": 1}}}}`:                    "/parameters/fixed/a/$integer: parameters.fixed.a.$integer must be a template: write any other value without $integer",
		`{"parameters": {"fixed": {"a": {"$integer": "{{ 1 }}", "b": 2}}}}`:    "/parameters/fixed/a/$integer name: parameters.fixed.a.$integer must be alone in its object",
		`{"parameters": {"fixed": {"a": 1}, "rename": {"b": "a"}}}`:            `/parameters/rename/b: "a" is in fixed and in rename, as the new name of b: only one of them can have effect`,
		`{"parameters": {"fixed": {"a": 1}, "remove": ["a"]}}`:                 `/parameters/remove/0: "a" is in fixed and in remove: only one of them can have effect`,
		`{"parameters": {"fixed": {"a": 1}, "defaults": {"a": 1}}}`:            `/parameters/defaults/a: "a" is in fixed and in defaults: only one of them can have effect`,
		`{"parameters": {"rename": {"a": "b"}, "defaults": {"b": 1}}}`:         `/parameters/defaults/b: "b" is in rename, as the new name of a and in defaults: only one of them can have effect`,
		`{"parameters": {"rename": {"a": "b", "c": "b"}}}`:                     `/parameters/rename/c: "b" is in rename, as the new name of a and in rename, as the new name of c: only one of them can have effect`,
		`{"parameters": {"rename": {"a": "a"}}}`:                               `/parameters/rename/a: "a" is in rename and in rename, as the new name of a: only one of them can have effect`,
		`{"credentials": {"set": {"a": 1}, "remove": ["a"]}}`:                  `/credentials/remove/0: "a" is in set and in remove: only one of them can have effect`,
		`{"labels": {"a": {}}}`:                                                "/labels/a: labels.a must be a text, not an object",
		`{"labels": []}`:                                                       "/labels: labels must be an object, not a list",
		`{"tags": {}}`:                                                         "/tags: tags must be a list, not an object",
		`{"tags": ["{{ .plan.id }}"]}`:                                         "/tags/0: tags[0] is a name, which cannot be a template",
		`{"tags": ["a", "a"]}`:                                                 `/tags/1: "a" is already a label or a tag: a tag is a label with an empty value`,
		`{"labels": {"a": "b"}, "tags": ["a"]}`:                                `/tags/0: "a" is already a label or a tag: a tag is a label with an empty value`,
		`{"binding_parameters": {"fixed": {"a": "{{ .credentials.x }}"}}}`:     "/binding_parameters/fixed/a: binding_parameters.fixed.a: .credentials is unknown: there are .binding, .context, .instance, .parameters, .plan, .service",
		`{"credentials": {"set": {"a/b": {"c": ["{{ lowr .binding.id }}"]}}}}`: `/credentials/set/a~1b/c/0: credentials.set.a/b.c[0]: the function "lowr" is unknown: did you mean "lower"?`,
		`{"credentials": {"set": {"a": "{{ .binding.gid }}"}}}`:                "/credentials/set/a: credentials.set.a: .binding.gid is unknown: did you mean .binding.id?",
	} {
		_, problems := plan(t, fields)
		got := make([]string, len(problems))
		for i, p := range problems {
			name := ""
			if p.Name {
				name = " name"
			}
			got[i] = p.Pointer + name + ": " + p.Message
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s:\ngot  %q\nwant %q", fields, got, want)
		}
	}
	if p, problems := plan(t, `{"sqlitefile": {}}`); p != nil || problems != nil {
		t.Errorf("without fields: %v, %v", p, problems)
	}
}

// What is probably a mistake.
func TestAdvice(t *testing.T) {
	t.Parallel()
	const schema = `{"properties": {"team": {}, "class": {}}}`
	for _, c := range []struct {
		fields, instance, binding string
		want                      []string
	}{
		{`{"parameters": {"defaults": {"tem": 1}}}`, schema, "", []string{`plan-parameter-unknown /parameters/defaults/tem name: parameters.defaults: the plan's schema has no parameter "tem": did you mean "team"?`}},
		{`{"parameters": {"rename": {"klass": "x"}, "remove": ["other", "team"]}}`, schema, "", []string{
			`plan-parameter-unknown /parameters/rename/klass name: parameters.rename: the plan's schema has no parameter "klass": did you mean "class"?`,
			`plan-parameter-unknown /parameters/remove/0: parameters.remove: the plan's schema has no parameter "other"`,
		}},
		{`{"parameters": {"fixed": {"a": "{{ .parameters.tema }}"}}}`, schema, "", []string{`plan-parameter-unknown /parameters/fixed/a +14: parameters.fixed.a: the plan's schema has no parameter "tema": did you mean "team"?`}},
		{`{"parameters": {"fixed": {"a": "{{ index .parameters \"x\" }}"}}}`, schema, "", []string{`plan-parameter-unknown /parameters/fixed/a +21: parameters.fixed.a: the plan's schema has no parameter "x"`}},
		{`{"parameters": {"fixed": {"a": "{{ .parameters.d }}", "b": 1}, "defaults": {"d": 1}}, "labels": {"x": "{{ .parameters.b }}{{ $.parameters.team }}"}}`, `{"properties": {"team": {}, "d": {}}}`, "", nil},
		{`{"parameters": {"fixed": {"a": "{{ .parameters.b }}", "b": 1}}}`, "", "", []string{`plan-parameter-unknown /parameters/fixed/a +14: parameters.fixed.a: the plan sets "b" itself, and templates of parameters do not have it`}},
		{`{"labels": {"x": "{{ with .plan }}{{ .parameters }}{{ end }}{{ .parameters.x }}"}}`, `{"additionalProperties": false}`, "", []string{`plan-parameter-unknown /labels/x +56: labels.x: the plan's schema has no parameter "x"`}},
		{`{"parameters": {"defaults": {"x": 1}}}`, `{"type": "object"}`, "", nil},
		{`{"parameters": {"defaults": {"x": 1}}}`, `{"properties": {}, "allOf": [{}]}`, "", nil},
		{`{"binding_parameters": {"fixed": {"mode": "{{ .binding.parameters.access }}{{ .parameters.x }}"}}}`, schema, `{"properties": {"mode": {}}}`, []string{
			`plan-parameter-unknown /binding_parameters/fixed/mode +22: binding_parameters.fixed.mode: the plan's schema has no parameter "access"`,
			`plan-parameter-unknown /binding_parameters/fixed/mode +46: binding_parameters.fixed.mode: the plan's schema has no parameter "x"`,
			`plan-parameter-offered /binding_parameters/fixed/mode name: binding_parameters.fixed: the plan sets "mode", and its schema offers that to users, whose requests are refused`,
		}},
		{`{"credentials": {"set": {"a": "{{ .binding.parameters.mode }}"}}, "binding_parameters": {"fixed": {"mode": "ro"}}}`, "", `{"properties": {}}`, nil},
		{`{"parameters": {"rename": {"class": "team"}}}`, schema, "", []string{`plan-parameter-offered /parameters/rename/class name: parameters.rename: the plan sets "team", and its schema offers that to users, whose requests are refused`}},
		{`{"credentials": {"set": {"jdbcUrl": "x", "jdbc-url": "x"}, "rename": {"a": "B", "c": "d"}}}`, "", "", []string{
			`credential-key /credentials/set/jdbcUrl name: the credential "jdbcUrl" cannot become a file: Cloud Foundry refuses applications with file-based bindings`,
			`credential-key /credentials/rename/a: the credential "B" cannot become a file: Cloud Foundry refuses applications with file-based bindings`,
		}},
		{`{"labels": {"example.com/team": "{{ .plan.id }}", "-x": "y", "z": "a b", "e": ""}, "tags": ["ok", "not ok"]}`, "", "", []string{
			`label-syntax /labels/-x name: platforms may ignore the label "-x" because of its name`,
			`label-syntax /labels/z: platforms may ignore the label "z" because of its value`,
			`label-syntax /tags/1: platforms may ignore the tag "not ok" because of its name`,
		}},
	} {
		p := valid(t, c.fields)
		var got []string
		for _, a := range p.Advice(planvalues.SchemaOf(json.RawMessage(c.instance)), planvalues.SchemaOf(json.RawMessage(c.binding))) {
			where := a.Rule + " " + a.Pointer
			if a.Name {
				where += " name"
			}
			if a.Offset > 0 {
				where += fmt.Sprintf(" +%d", a.Offset)
			}
			got = append(got, where+": "+a.Message)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.fields, got, c.want)
		}
	}
}

// isTemplateError reports whether an error is one that a plan may have at run time.
func isTemplateError(err error) bool {
	var failure *planvalues.TemplateError
	return errors.As(err, &failure)
}
