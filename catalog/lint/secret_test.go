package lint_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/catalog/lint"
)

// No finding shows a secret, in any notation. Findings elsewhere still quote
// their line. The secrets are hunter2.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	const rest = `
    id: 1
    name: [quoted]
    plans: {}
`
	for name, c := range map[string]struct {
		file, text string
		quoted     bool
	}{
		"block":              {"c.yaml", "services:\n  - dashboard_client:\n      id: c\n      secret: [hunter2]\n      redirect_uri: 1" + rest, true},
		"flow":               {"c.yaml", "services:\n  - dashboard_client: {id: 1, secret: hunter2}" + rest, true},
		"flow in lines":      {"c.yaml", "services:\n  - dashboard_client: {id: 1,\n      secret: 'hunter2\n      hunter2'}" + rest, true},
		"flow in the middle": {"c.yaml", "services:\n  - {x-password: 'a\n    hunter2', id: 1, name: [a]}\n  - id: 1\n    name: [quoted]\n", true},
		"literal":            {"c.yaml", "services:\n  - dashboard_client:\n      id: 1\n      secret: |\n        x\n        hunter2\n\n        hunter2" + rest, true},
		"folded":             {"c.yaml", "services:\n  - dashboard_client:\n      id: 1\n      secret: >-\n        hunter2\n        hunter2" + rest, true},
		"misspelled":         {"c.yaml", "services:\n  - dashbord_client: {}\n    dashboardClient: {id: 1, secrt: hunter2, secret: hunter2, secret: 1}" + rest, true},
		"extension":          {"c.yaml", "services:\n  - x-admin-password: {a: hunter2, a: hunter2}" + rest, true},
		"last":               {"c.yaml", "services:\n  - id: 1\n    name: [quoted]\n    dashboard_client:\n      secret: >\n        hunter2\n\n      id: 1\n", true},
		"one line":           {"c.json", `{"services":[{"id":1,"name":[],"dashboard_client":{"id":1,"secret":"hunter2"}}]}`, false},
		"unfinished":         {"c.json", `{"services":[{"dashboard_client":{"id":1,"secret":"hunter2` + "\n" + `"}}]}`, false},
		"unfinished YAML":    {"c.yaml", "services:\n  - dashboard_client: {secret: \"hunter2\n", false},
		"alias":              {"c.yaml", "services:\n  - dashboard_client: {secret: *hunter2}\n", false},
		"tag":                {"c.yaml", "services:\n  - dashboard_client: {secret: !hunter2 x}\n", false},
		"number":             {"c.yaml", "services:\n  - dashboard_client: {secret: 0xhunter2}\n    id: 1\n    name: quoted\n", true},
		"secret is an array": {"c.yaml", "services:\n  - dashboard_client:\n      secret:\n        - hunter2\n        - 1" + rest, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := catalog.ParseSource(c.file, []byte(c.text))
			var list catalog.Errors
			if err == nil {
				_, err = s.Catalog()
				list = append(list, lint.Run(s)...)
			}
			var more catalog.Errors
			if errors.As(err, &more) {
				list = append(list, more...)
			}
			if len(list) == 0 {
				t.Fatal("the catalog has no findings")
			}
			text := list.Error() + report(list) // Error shows the first of several that say the same.
			if strings.Contains(text, "hunter2") {
				t.Errorf("a secret is shown:\n%s", text)
			}
			if strings.Contains(text, "quoted") != c.quoted {
				t.Errorf("quoted: %v\n%s", !c.quoted, text)
			}
		})
	}
}

// Findings about a hostile schema are short, and the work for it is bounded.
func TestHostileSchemas(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"many values":     `"enum":[` + strings.Repeat("1,", 30000) + `2]`,
		"many names":      `"required":["` + strings.Repeat(`a","a`, 12000) + `"]`,
		"deep":            strings.Repeat(`"not":{`, 150) + `"type":"object"` + strings.Repeat("}", 150),
		"wide pattern":    `"pattern":"` + strings.Repeat("(a|a)*", 10000) + `"`,
		"repeated":        `"pattern":"((((x{99}){99}){99}){99}){99}"`,
		"huge number":     `"minimum":1e9999999999999`,
		"huge multiple":   `"multipleOf":1e99999999`,
		"huge length":     `"minLength":1e99999999`,
		"long number":     `"multipleOf":` + strings.Repeat("9", 60000),
		"circle":          `"$ref":"#"`,
		"circle of two":   `"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"$ref":"#/definitions/a"`,
		"many references": `"allOf":[` + strings.Repeat(`{"$ref":"#"},`, 4000) + `{}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := catalog.ParseSource("c.json", []byte(`{"services":[{"plans":[{"schemas":{"service_instance":{"create":{"parameters":`+
				`{"$schema":"http://json-schema.org/draft-04/schema#",`+schema+`}}}}}]}]}`))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range lint.Run(s) {
				if len(f.Text()) > 2000 {
					t.Errorf("%d bytes: %.300s", len(f.Text()), f.Text())
				}
			}
		})
	}
}
