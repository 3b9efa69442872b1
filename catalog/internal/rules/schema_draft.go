package rules

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// A draft is a version of JSON Schema.
type draft struct {
	name string
	// metaschema validates schemas of the draft; nil if the draft is too old.
	metaschema func() *jsonschema.Schema
}

const draft4URL = "http://json-schema.org/draft-04/schema"

// drafts are the known drafts, by "$schema" without scheme and fragment. A hyper-schema
// adds links for clients, and is otherwise a schema of its draft. The URL without a draft,
// json-schema.org/schema, is missing: it means the newest draft, which changes.
var drafts = map[string]*draft{
	"json-schema.org/draft-01/schema":       {name: "draft-01"},
	"json-schema.org/draft-02/schema":       {name: "draft-02"},
	"json-schema.org/draft-03/schema":       {name: "draft-03"},
	"json-schema.org/draft-04/schema":       draft4,
	"json-schema.org/draft-06/schema":       draft6,
	"json-schema.org/draft-07/schema":       {name: "draft-07", metaschema: metaschema("http://json-schema.org/draft-07/schema")},
	"json-schema.org/draft/2019-09/schema":  {name: "2019-09", metaschema: metaschema("https://json-schema.org/draft/2019-09/schema")},
	"json-schema.org/draft/2020-12/schema":  {name: "2020-12", metaschema: metaschema("https://json-schema.org/draft/2020-12/schema")},
	"json-schema.org/draft-01/hyper-schema": {name: "draft-01"},
	"json-schema.org/draft-02/hyper-schema": {name: "draft-02"},
	"json-schema.org/draft-03/hyper-schema": {name: "draft-03"},
	"json-schema.org/draft-04/hyper-schema": draft4,
	"json-schema.org/draft-06/hyper-schema": draft6,
}

var (
	draft4 = &draft{name: "draft-04", metaschema: metaschema(draft4URL)}
	draft6 = &draft{name: "draft-06", metaschema: metaschema("http://json-schema.org/draft-06/schema")}
)

// knownToCF reports whether the validator of the Cloud Controller, json-schema 6.2.0,
// knows a "$schema". It compares scheme, host and path exactly: https differs from http.
func knownToCF(uri string) bool {
	parsed, err := url.Parse(uri)
	if err != nil || !strings.HasPrefix(uri, "http://json-schema.org") || parsed.Hostname() != "json-schema.org" {
		return false
	}
	version, ok := strings.CutPrefix(parsed.EscapedPath(), "/draft-")
	version, kind, _ := strings.Cut(version, "/")
	return ok && slices.Contains([]string{"01", "02", "03", "04", "06"}, version) && (kind == "schema" || kind == "hyper-schema")
}

// metaschema returns a metaschema, compiled when it is first needed.
func metaschema(url string) func() *jsonschema.Schema {
	return sync.OnceValue(func() *jsonschema.Schema { return jsonschema.NewCompiler().MustCompile(url) })
}

func draftOf(url string) *draft {
	url, _ = strings.CutSuffix(url, "#")
	for _, scheme := range []string{"http://", "https://"} {
		if rest, ok := strings.CutPrefix(url, scheme); ok {
			return drafts[rest]
		}
	}
	return nil
}

// draft checks "$schema", and validates the schema against its metaschema. It skips the
// latter for extreme numbers, which take unbounded work.
func (a *schemaAnalysis) draft(extreme bool) {
	declared := a.root.Member("$schema")
	if declared == nil || declared.Kind == tree.Null {
		a.report("schema-draft-missing", nil, "the schema has no $schema")
		return
	}
	if !declared.Is(tree.String) {
		a.report("schema-invalid", []string{"$schema"}, "$schema must be a string, not %s", declared.Kind)
		return
	}
	found, known := draftOf(declared.Text), knownToCF(declared.Text)
	switch {
	case found == nil && !known:
		a.report("schema-draft-unknown", []string{"$schema"}, "%q is not a known version of JSON Schema", excerpt.Brief(declared.Text))
	case found == nil: // Only Cloud Foundry knows this spelling.
	case !known:
		a.report("cloudfoundry-schema-draft", []string{"$schema"}, "Cloud Foundry does not know %q (%s)", excerpt.Brief(declared.Text), found.name)
	case found.metaschema == nil:
		a.report("schema-draft-old", []string{"$schema"}, "the schema is %s, which is older than draft-04", found.name)
	}
	if extreme || found == nil {
		return
	}
	value := a.root.Value()
	if found.metaschema != nil {
		a.violations("schema-invalid", found.metaschema(), value, found.name)
	}
	if known && found != draft4 {
		a.violations("cloudfoundry-schema-not-draft-04", draft4.metaschema(), value, draft4.name)
	}
}

// cloudFoundry checks a part as the validator of Cloud Foundry does, which reads the
// $schema of each part, and does not accept 2.0 as an integer.
func (a *schemaAnalysis) cloudFoundry(schema *tree.Node, path []string) {
	if declared := schema.Member("$schema"); len(path) > 0 && declared.Is(tree.String) && !knownToCF(declared.Text) {
		a.report("cloudfoundry-schema-draft", below(path, "$schema"), "Cloud Foundry does not know %q", excerpt.Brief(declared.Text))
	}
	for _, name := range []string{"maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"} {
		if limit := schema.Member(name); limit.Is(tree.Number) && strings.ContainsAny(limit.Text, ".eE") {
			a.report("cloudfoundry-schema-not-draft-04", below(path, name), "%s is not valid in draft-04: write %s without a decimal point and exponent", name, excerpt.Brief(limit.Text))
		}
	}
	if reference := schema.Member("$ref"); reference.Is(tree.String) && strings.HasPrefix(reference.Text, "#") &&
		reference.Text != "#" && !strings.HasPrefix(reference.Text, "#/") {
		a.report("cloudfoundry-schema-reference", below(path, "$ref"), "Cloud Foundry does not find %q, which is a name instead of a path", excerpt.Brief(reference.Text))
	}
}

// violations reports the violations of the metaschema, one for each place.
func (a *schemaAnalysis) violations(rule string, meta *jsonschema.Schema, value any, name string) {
	var failed *jsonschema.ValidationError
	if !errors.As(meta.Validate(value), &failed) {
		return
	}
	printer := message.NewPrinter(language.English)
	seen := map[string]bool{}
	var leaves func(e *jsonschema.ValidationError)
	leaves = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			leaves(cause)
		}
		at := strings.Join(e.InstanceLocation, "\x00")
		if format, ok := e.ErrorKind.(*kind.Format); ok && format.Want == "regex" {
			return // The rule schema-pattern reports it.
		}
		if len(e.Causes) > 0 || seen[at] {
			return
		}
		seen[at] = true
		keyword := "the schema"
		if n := len(e.InstanceLocation); n > 0 {
			keyword = excerpt.Brief(e.InstanceLocation[n-1])
		}
		a.report(rule, e.InstanceLocation, "%s is not valid in %s: %s", keyword, name, e.ErrorKind.LocalizedString(printer))
	}
	leaves(failed)
}
