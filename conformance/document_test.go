package conformance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openbroker/openbroker/conformance"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, value, fault, duplicate string }{
		"object":        {`{"a": [1, "x", null, true]}`, `{"a":[1,"x",null,true]}`, "", ""},
		"large number":  {`{"a": 12345678901234567890.50}`, `{"a":12345678901234567890.50}`, "", ""},
		"twice":         {`{"a": 1, "b": {"c": 1, "c": 2}}`, `{"a":1,"b":{"c":2}}`, "", "c"},
		"empty":         {" \n", "null", "empty", ""},
		"trailing":      {`{} {}`, "null", "data after", ""},
		"trailing junk": {`{}x`, "null", "not JSON", ""},
		"cut":           {`{"a": `, "null", "not JSON", ""},
		"latin1":        {"{\"a\": \"\xe4\"}", "null", "not UTF-8", ""},
		"deep":          {strings.Repeat("[", 300) + strings.Repeat("]", 300), "null", "nested", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value, fault, duplicate := conformance.Read([]byte(test.body))
			encoded, err := json.Marshal(value)
			if err != nil || string(encoded) != test.value || (fault == "") != (test.fault == "") ||
				!strings.Contains(fault, test.fault) || duplicate != test.duplicate {
				t.Errorf("Read: %s, fault %q, duplicate %q, %v", encoded, fault, duplicate, err)
			}
		})
	}
}

// FuzzDocument compares the reader with encoding/json.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{`{"a": [1, "x", null, true, {"b": 1e9}]}`, `[]`, `{"a": 1, "a": 2}`, `{}{}`, `"\ud800"`, ` 1 `, `{"a" 1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		value, fault, _ := conformance.Read(body)
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var want any
		err := decoder.Decode(&want)
		if err == nil {
			if _, err = decoder.Token(); errors.Is(err, io.EOF) {
				err = nil
			} else if err == nil {
				err = io.ErrUnexpectedEOF
			}
		}
		deep := strings.Contains(fault, "nested")
		if valid := err == nil && utf8.Valid(body); valid != (fault == "") && !deep {
			t.Fatalf("fault %q, while encoding/json says %v", fault, err)
		}
		if fault == "" && fmt.Sprint(value) != fmt.Sprint(want) {
			t.Fatalf("read %v, want %v", value, want)
		}
	})
}

func catalogOf(plans ...string) []byte {
	var all []string
	for i, plan := range plans {
		all = append(all, fmt.Sprintf(`{"id": "p%d", "name": "plan-%d", "description": "A plan." %s}`, i, i, plan))
	}
	return fmt.Appendf(nil, `{"services": [{"id": "s", "name": "service", "description": "A service.", "bindable": true, "plans": [%s]}]}`,
		strings.Join(all, ","))
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	many := make([]string, 14)
	many[3], many[7] = `, "bindable": false`, `, "binding_rotatable": true`
	tests := map[string]struct {
		catalog []byte
		options conformance.Options
		used    []string
		leftOut int
	}{
		"few":         {catalogOf("", "", ""), conformance.Options{}, []string{"service/plan-0", "service/plan-1", "service/plan-2"}, 0},
		"one of each": {catalogOf(many...), conformance.Options{}, []string{"service/plan-0", "service/plan-3", "service/plan-7"}, 11},
		"chosen": {
			catalogOf(many...), conformance.Options{Plans: []string{"plan-1", "p2"}}, []string{"service/plan-1", "service/plan-2"}, 12,
		},
		"not a catalog": {[]byte(`{"services": "none"}`), conformance.Options{}, nil, 0},
		"no ids":        {[]byte(`{"services": [{"plans": [{}, 1]}, null]}`), conformance.Options{}, nil, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			used, leftOut, err := conformance.Discover(test.catalog, test.options)
			if err != nil || !slices.Equal(used, test.used) || len(leftOut) != test.leftOut {
				t.Errorf("used %v, left out %v, %v", used, leftOut, err)
			}
		})
	}
	used, leftOut, err := conformance.Discover(catalogOf(many...), conformance.Options{AllPlans: true})
	if err != nil || len(used) != 14 || len(leftOut) != 0 {
		t.Errorf("of all plans, used %v, left out %v, %v", used, leftOut, err)
	}
}

func TestJudgeCatalog(t *testing.T) {
	t.Parallel()
	for catalog, want := range map[string]string{
		`{"services": 1}`: "catalog-services",
		`{"services": [{"name": "a b", "plans": []}]}`:                                                                        "service-plans",
		string(catalogOf(`, "maintenance_info": {"version": "1.0"}`)):                                                         "plan-maintenance-version",
		string(catalogOf(`, "schemas": {"service_instance": {"create": {"parameters": {"a": {"$ref": "http://x/y"}}}}}`)):     "plan-schema-no-external-references",
		string(catalogOf(`, "metadata": {"costs": [{"amount": {"usd": "much"}, "unit": "MONTHLY"}]}`)):                        "plan-costs",
		string(catalogOf(`, "maximum_polling_duration": 1.5`)):                                                                "plan-maximum-polling-duration",
		strings.ReplaceAll(string(catalogOf("", "")), `"p1"`, `"p0"`):                                                         "plan-id-unique",
		strings.ReplaceAll(string(catalogOf("")), `"bindable": true`, `"bindable": "true"`):                                   "service-bindable",
		strings.ReplaceAll(string(catalogOf("")), `"bindable": true`, `"bindable": true, "requires": ["root"]`):               "service-requires",
		strings.ReplaceAll(string(catalogOf("")), `"bindable": true`, `"bindable": true, "dashboard_client": {"id": "only"}`): "service-dashboard-client",
	} {
		if failed := conformance.JudgeCatalog([]byte(catalog)); !slices.Contains(failed, want) {
			t.Errorf("%s fails %v, and not %s", catalog, failed, want)
		}
	}
	for _, id := range conformance.JudgeCatalog(catalogOf(`, "free": false`)) {
		if id != "service-id-guid" && id != "plan-id-guid" {
			t.Errorf("a good catalog fails %s", id)
		}
	}
}

// FuzzCatalog shows that no catalog makes the run or a check panic.
func FuzzCatalog(f *testing.F) {
	f.Add(catalogOf("", `, "schemas": {"service_instance": {"create": {"parameters": {"properties": {"a": {"type": "string"}}}}}}`))
	f.Add([]byte(`{"services": [{"id": 1, "name": null, "plans": {"a": []}, "tags": [1], "metadata": {"costs": [{}]}}, []]}`))
	f.Add([]byte(`{"services": [{"plans": [{"maintenance_info": 1, "schemas": {"service_binding": {"create": {"parameters": {"$ref": {}}}}}}]}]}`))
	f.Fuzz(func(t *testing.T, catalog []byte) {
		used, leftOut, err := conformance.Discover(catalog, conformance.Options{})
		if err != nil || len(used) == 0 && len(leftOut) > 0 {
			t.Errorf("used %v, left out %v, %v", used, leftOut, err)
		}
		conformance.JudgeCatalog(catalog)
	})
}

func TestMask(t *testing.T) {
	t.Parallel()
	target := conformance.Target{Username: "admin", Password: `p"ss`, Bearer: "bearer-token"}
	options := conformance.Options{Parameters: map[string]conformance.Parameters{
		"plan": {Bind: map[string]any{"list": []any{"deep secret"}, "short": "ab"}},
	}}
	for body, want := range map[string]string{
		`{"credentials": {"uri": "x", "nested": {"a": [1]}}, "state": "ok"}`: `{"credentials":{"nested":{"a":"***"},"uri":"***"},"state":"ok"}`,
		`{"dashboard_client": {"id": "d", "secret": "s"}}`:                   `{"dashboard_client":{"id":"d","secret":"***"}}`,
		`{"parameters": {"a": {"b": "c"}}}`:                                  `{"parameters":{"a":{"b":"***"}}}`,
		`{"description": "p\"ss and deep secret"}`:                           `{"description":"*** and ***"}`,
		`{"url": "postgres://user:pw@host/db"}`:                              `{"url":"postgres://***@host/db"}`,
		`not JSON, but bearer-token`:                                         `not JSON, but ***`,
		``:                                                                   ``,
		`{"properties": {"password": {"type": "string"}}}`:                   `{"properties":{"password":{"type":"string"}}}`,
	} {
		if got := conformance.Mask(target, options, body); got != want {
			t.Errorf("%s is shown as %s, want %s", body, got, want)
		}
	}
	if got := conformance.Mask(target, options, strings.Repeat("ü", 10_000)); len(got) > 4100 || !utf8.ValidString(got) {
		t.Errorf("a long body is shown with %d bytes", len(got))
	}
}
