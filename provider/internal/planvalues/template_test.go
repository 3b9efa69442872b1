package planvalues_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/internal/planvalues"
)

// data is what the templates of tests can use.
const data = `{
	"parameters": {"team": "Blue", "size": 12345678, "price": 1.10, "big": 12345678901234567890123, "on": true, "off": false, "zero": 0.0, "none": null,
		"empty": "", "list": ["a", "b", 3], "gaps": [null], "nothing": [], "odd": "a\"b{{c}}\u00e9/ &<+", "nested": {"a": {"b": 1}, "n": null}, "a-b": "dashed"},
	"context": {"namespace": "prod"},
	"instance": {"id": "i-1"}, "service": {"id": "s", "name": "service"}, "plan": {"id": "p", "name": "plan"}
}`

func dataOf(tb testing.TB, text string) planvalues.Data {
	tb.Helper()
	value, err := planvalues.Decode([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		tb.Fatal("the data is no object")
	}
	return object
}

// plan parses the fields of a plan, in JSON.
func plan(tb testing.TB, fields string) (*planvalues.Plan, []planvalues.Problem) {
	tb.Helper()
	var extensions map[string]json.RawMessage
	if err := json.Unmarshal([]byte(fields), &extensions); err != nil {
		tb.Fatal(err)
	}
	return planvalues.Parse(extensions)
}

func quote(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// label computes a template, as that of a label.
func label(tb testing.TB, template string) (string, error) {
	tb.Helper()
	p, problems := plan(tb, `{"labels":{"x":`+quote(template)+`}}`)
	if len(problems) > 0 {
		return "", errors.New(problems[0].Message)
	}
	labels, err := p.Labels(dataOf(tb, data))
	text, _ := labels["x"].(string)
	return text, err
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]string{
		"plain {{ .parameters.team }}!":                                                                                    "plain Blue!",
		"{{ .parameters.size }} {{ .parameters.price }} {{ .parameters.big }}":                                             "12345678 1.10 12345678901234567890123",
		"{{ .parameters.on }} {{ .parameters.off }} {{ .parameters.zero }}":                                                "true false 0.0",
		"{{ .parameters.nested.a.b }}{{ (index .parameters \"nested\").a.b }}":                                             "11",
		"{{ index .parameters \"a-b\" }} {{ index .parameters \"nested\" \"a\" \"b\" }}":                                   "dashed 1",
		"{{ index .parameters.list 2 }}":                                                                                   "3",
		"{{ .parameters.absent | default \"none\" }}{{ default 5 .parameters.none }}":                                      "none5",
		"{{ default \"x\" .parameters.empty }}{{ default \"x\" .parameters.nested.z.y }}":                                  "xx",
		"{{ default \"x\" (index .parameters \"nope\") }}{{ default \"x\" (index .parameters.gaps 0)}}":                    "xx",
		"{{ default .parameters.absent .parameters.team }}{{ .parameters.none | default .parameters.absent | default 1 }}": "Blue1",
		"{{ default \"x\" .parameters.team }}{{ default \"x\" .parameters.off }}":                                          "Bluefalse",
		"{{ .parameters.team | upper | trimPrefix \"B\" | trimSuffix \"E\" | lower }}":                                     "lu",
		"{{ replace \"-\" \"_\" (index .parameters \"a-b\" | default \"a-b\") }}":                                          "dashed",
		"{{ \" a-b-c \" | trim | replace \"-\" \"_\" }}":                                                                   "a_b_c",
		"{{ truncate 3 \"äöüß\" }}{{ truncate 9 \"ab\" }}{{ truncate 0 \"ab\" }}":                                          "äöüab",
		"{{ label \" Team É / Blue. \" }}|{{ label \"...\" }}":                                                             "Team-Blue|",
		"{{ slug \"_\" \" Team A/1 \" }}{{ slug \"-\" \"É\" }}":                                                            "team_a_1",
		"{{ join \", \" .parameters.list }}":                                                                               "a, b, 3",
		"{{ json .parameters.nested.a }} {{ json .parameters.odd }} {{ json .parameters.big }}":                            `{"b":1} "a\"b{{c}}é/ &<+" 12345678901234567890123`,
		"{{ urlencode .parameters.odd }}":                                                                                  "a%22b%7B%7Bc%7D%7D%C3%A9%2F%20%26%3C%2B",
		"{{ urlencode \"az-AZ.09_~\" }}":                                                                                   "az-AZ.09_~",
		"{{ b64 .parameters.team }} {{ sha256hex \"abc\" }}":                                                               "Qmx1ZQ== ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"{{ if eq .parameters.size 12345678.0 }}same{{ else }}other{{ end }}":                                              "same",
		"{{ if ne .parameters.team \"Red\" }}not red{{ end }}{{ if eq .parameters.on true }}!{{ end }}":                    "not red!",
		"{{ if and .parameters.on .parameters.off .parameters.absent }}x{{ else }}y{{ end }}":                              "y",
		"{{ or .parameters.off .parameters.team .parameters.absent }}":                                                     "Blue",
		"{{ and .parameters.on .parameters.team }}{{ or .parameters.off 0 \"\" }}":                                         "Blue",
		"{{ if not .parameters.zero }}zero{{ end }}{{ if .parameters.nothing }}x{{ end }}":                                 "zero",
		"{{ if .parameters.off }}a{{ else if .parameters.on }}b{{ end }}":                                                  "b",
		"{{ range $i, $x := .parameters.list }}{{ if $i }},{{ end }}{{ $x }}:{{ $.context.namespace }}{{ end }}":           "a:prod,b:prod,3:prod",
		"{{ range .parameters.list }}{{ . }}{{ end }}{{ range .parameters.nothing }}x{{ else }}-{{ end }}":                 "ab3-",
		"{{ with .parameters.nested.a }}{{ .b }}{{ end }}{{ with .parameters.off }}x{{ else }}y{{ end }}":                  "1y",
		"{{ $a := .parameters.nested }}{{ $a.a.b }}{{ if true }}{{ $a = 7 }}{{ end }}{{ $a }}":                             "17",
		"a {{- /* comment */ -}} b":                                                                                        "ab",
		"{{ \"{{\" }}":                                                                                                     "{{",
	} {
		if got, err := label(t, template); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", template, got, err, want)
		}
	}
}

// What cannot be computed is an error that names the template and what it needs, and
// never a value.
func TestTemplateErrors(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("{{ range $.parameters.list }}", 9) + "x" + strings.Repeat("{{ end }}", 9)
	grow := `{{ $a := "xxxxxxxx" }}` + strings.Repeat(`{{ $a = replace "x" "xxxxxxxx" $a }}`, 20)
	for template, want := range map[string]string{
		"{{ .parameters.absent }}":                          "needs .parameters.absent, which is missing",
		"{{ .parameters.none }}":                            "needs .parameters.none, which is null",
		"{{ .parameters.none.x }}":                          "needs .parameters.none, which is null",
		"{{ .context.space_guid }}":                         "needs .context.space_guid, which is missing",
		"{{ .parameters.nested.n }}":                        "needs .parameters.nested.n, which is null",
		"{{ .parameters.nested.a.c }}":                      "needs .parameters.nested.a.c, which is missing",
		"{{ index .parameters \"absent\" }}":                `needs index .parameters "absent", which is missing`,
		"{{ index .parameters \"none\" }}":                  `needs index .parameters "none", which is null`,
		"{{ index .parameters.list 3 }}":                    "needs index .parameters.list 3, which is missing",
		"{{ index .parameters .parameters.team }}":          "needs index .parameters .parameters.team, which is missing",
		"{{ index .parameters (upper .parameters.team) }}":  "needs index .parameters (...), which is missing",
		"{{ index .parameters.list -1 }}":                   "cannot be computed: index needs a number from 0 for a list, not a number",
		"{{ index .parameters 1 }}":                         "cannot be computed: index needs a name for an object, not a number",
		"{{ index .parameters.team 1 }}":                    "cannot be computed: index needs an object or a list, not a text (argument 1)",
		"{{ upper .parameters.absent }}":                    "needs .parameters.absent, which is missing",
		"{{ if .parameters.absent }}{{ end }}":              "needs .parameters.absent, which is missing",
		"{{ not .parameters.none }}":                        "needs .parameters.none, which is null",
		"{{ range .parameters.absent }}{{ end }}":           "needs .parameters.absent, which is missing",
		"{{ range .parameters.gaps }}{{ . }}{{ end }}":      "needs an element of a list, which is null",
		"{{ with .parameters.nested }}{{ .z }}{{ end }}":    "needs .parameters.nested.z, which is missing",
		"{{ range .parameters.list }}{{ .z }}{{ end }}":     `cannot be computed: .parameters.list[] is a text, and has no "z"`,
		"{{ join \",\" .parameters.gaps }}":                 "needs an element of a list, which is null",
		"{{ default .parameters.absent .parameters.none }}": "needs .parameters.absent, which is missing",
		"{{ .parameters }}":                                 "cannot be computed: a text is needed, not an object; json makes one",
		"{{ .parameters.list }}":                            "cannot be computed: a text is needed, not a list; json makes one",
		"{{ lower .parameters.list }}":                      "cannot be computed: a text is needed, not a list; json makes one",
		"{{ trimPrefix .parameters.list \"a\" }}":           "cannot be computed: a text is needed, not a list; json makes one",
		"{{ replace \"a\" \"b\" .parameters.list }}":        "cannot be computed: a text is needed, not a list; json makes one",
		"{{ .parameters.team.x }}":                          `cannot be computed: .parameters.team is a text, and has no "x"`,
		"{{ join \",\" .parameters.team }}":                 "cannot be computed: join needs a list, not a text",
		"{{ range .parameters.size }}{{ end }}":             "cannot be computed: range needs a list, not a number",
		"{{ range 1000000000 }}{{ end }}":                   "cannot be computed: range needs a list, not a number",
		"{{ truncate .parameters.team \"y\" }}":             "cannot be computed: truncate needs a number of characters",
		"{{ truncate .parameters.list \"y\" }}":             "cannot be computed: truncate needs a number of characters",
		"{{ replace \"\" \"y\" \"z\" }}":                    "cannot be computed: replace needs a text to replace",
		"{{ eq .parameters.size \"12345678\" }}":            "cannot be computed: eq and ne compare values of one type, not a number with a text",
		"{{ eq .parameters.list .parameters.list }}":        "cannot be computed: eq and ne compare texts, numbers and booleans, not a list",
		grow: "cannot be computed: it makes more than 64 KiB",
		deep: "cannot be computed: it takes more than 10000 steps",
		strings.Repeat("{{ .parameters.team }}", 700) + strings.Repeat("x", 1<<9): "",
	} {
		_, err := label(t, template)
		var failure *planvalues.TemplateError
		if want == "" {
			if err != nil {
				t.Errorf("%.60s: %v", template, err)
			}
			continue
		}
		if !errors.As(err, &failure) || failure.Name != "labels.x" || err.Error() != "the plan's template labels.x "+want {
			t.Errorf("%.60s: %v, want %s", template, err, want)
		}
	}
}

// Mistakes are found without data.
func TestTemplateProblems(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]string{
		"{{ uper .parameters.x }}":                                  `the function "uper" is unknown: did you mean "upper"?`,
		"{{ env \"HOME\" }}":                                        `the function "env" is unknown: there are and, b64, `,
		"{{ printf \"%s\" .plan.id }}":                              `the function "printf" does not exist here: use text around {{ X }}`,
		"{{ call .plan.id }}":                                       `the function "call" does not exist here`,
		"{{ html .plan.id }}":                                       `the function "html" does not exist here`,
		"{{ .plan.id | urlquery }}":                                 `the function "urlquery" does not exist here: use urlencode`,
		"{{ lower }}":                                               `the function "lower" is used as lower X`,
		"{{ .plan.id | lower 1 }}":                                  `the function "lower" is used as lower X`,
		"{{ join lower .plan.id }}":                                 `the function "lower" is used as lower X`,
		"{{ truncate \"8\" .plan.id }}":                             "truncate needs a number of characters",
		"{{ .plan.id | truncate -1 }}":                              "truncate needs a number of characters",
		"{{ .plan.id | truncate 1.5 }}":                             "truncate needs a number of characters",
		"{{ truncate true .plan.id }}":                              "truncate needs a number of characters",
		"{{ .plan.id 1 }}":                                          "a value is not a function",
		"{{ .plan.id | .plan.name }}":                               "a value is not a function",
		"{{ .parmeters.x }}":                                        ".parmeters is unknown: did you mean .parameters?",
		"{{ .credentials.x }}":                                      ".credentials is unknown: there are .context, .instance, .parameters, .plan, .service",
		"{{ .binding.id }}":                                         ".binding is unknown",
		"{{ $.instance.guid }}":                                     ".instance.guid is unknown: there are .instance.id, ",
		"{{ index .instance \"guid\" }}":                            ".instance.guid is unknown",
		"{{ with .plan }}{{ lowr .id }}{{ end }}":                   `the function "lowr" is unknown: did you mean "lower"?`,
		"{{ range .parameters.x }}{{ break }}{{ end }}":             "break does not exist here",
		"{{ range .parameters.x }}{{ continue }}{{ end }}":          "continue does not exist here",
		"{{ template \"x\" }}":                                      "template does not exist here",
		"{{ define \"x\" }}{{ end }}":                               "define and block do not exist here",
		"{{ block \"x\" . }}{{ end }}":                              "define and block do not exist here",
		"{{ eq .plan.id nil }}":                                     "nil does not exist here: use default",
		"{{ truncate 0x10 .plan.id }}":                              "write the number in decimal digits",
		"{{ truncate 'a' .plan.id }}":                               "write the number in decimal digits",
		"{{ .plan.id ":                                              "unclosed action",
		"{{ if .plan.id }}":                                         "unexpected EOF",
		"{{ end }}":                                                 "unexpected {{end}}",
		"{{ $x }}":                                                  `undefined variable "$x"`,
		"{{ \"hunter2 hunter2\" \"hunter2\" .x hunter2":             "unclosed action",
		"{{ .plan.id = \"hunter2\" }}":                              "unexpected",
		"\n\n{{ \"hunter2\" := }}":                                  "line 3: ",
		"{{ lower \"a\"\"b\" }}":                                    "unexpected",
		strings.Repeat("x", 17<<10) + "{{ .plan.id }}":              "is larger than 16 KiB",
		strings.Repeat("{{ (", 1) + strings.Repeat("(", 16000) + "": "",
	} {
		_, problems := plan(t, `{"labels":{"x":`+quote(template)+`}}`)
		if len(problems) == 0 || problems[0].Rule != planvalues.RuleTemplate || problems[0].Pointer != "/labels/x" || !strings.HasPrefix(problems[0].Message, "labels.x: ") || !strings.Contains(problems[0].Message, want) {
			t.Errorf("%.60s: %+v, want %s", template, problems, want)
			continue
		}
		if strings.Contains(problems[0].Message, "hunter2") {
			t.Errorf("%.60s: a text of the template is shown: %s", template, problems[0].Message)
		}
	}
	_, problems := plan(t, `{"labels":{"x":"äö {{ .plan.id | lowr }}"}}`)
	if len(problems) != 1 || problems[0].Offset != len([]rune("äö {{ .plan.id | ")) {
		t.Errorf("the problems are %+v", problems)
	}
}

// The table in the documentation has each function as it is used.
func TestFunctionsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/plans.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n| function | result |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	documented := map[string]string{}
	for _, found := range regexp.MustCompile("`([a-z0-9A-Z]+)( [A-Z .]+)?`").FindAllStringSubmatch(table, -1) {
		if found[2] != "" || found[1] == "and" || found[1] == "or" || found[1] == "not" {
			documented[found[1]] = found[0]
		}
	}
	for name, use := range planvalues.Uses() {
		if got := documented[name]; got != "`"+use+"`" && got != "`"+name+"`" {
			t.Errorf("the page describes %s as %s, want `%s`", name, got, use)
		}
		delete(documented, name)
	}
	if len(documented) > 0 {
		t.Errorf("the page has functions that do not exist: %v", documented)
	}
}
