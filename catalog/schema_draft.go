package catalog

import (
	"errors"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/openbroker/openbroker/internal/tree"
)

// A draft is a version of JSON Schema.
type draft struct {
	name string
	// refusedByCF says that Cloud Foundry's validator does not know it.
	refusedByCF bool
	// metaschema is what schemas of the draft are held to; nil if it is too old
	// for that.
	metaschema func() *jsonschema.Schema
}

const draft4URL = "http://json-schema.org/draft-04/schema"

// drafts are the known ones, by what "$schema" says without scheme and fragment.
var drafts = map[string]*draft{
	"json-schema.org/draft-01/schema":      {name: "draft-01"},
	"json-schema.org/draft-02/schema":      {name: "draft-02"},
	"json-schema.org/draft-03/schema":      {name: "draft-03"},
	"json-schema.org/draft-04/schema":      {name: "draft-04", metaschema: metaschema(draft4URL)},
	"json-schema.org/schema":               {name: "draft-04", metaschema: metaschema(draft4URL)},
	"json-schema.org/draft-06/schema":      {name: "draft-06", metaschema: metaschema("http://json-schema.org/draft-06/schema")},
	"json-schema.org/draft-07/schema":      {name: "draft-07", refusedByCF: true, metaschema: metaschema("http://json-schema.org/draft-07/schema")},
	"json-schema.org/draft/2019-09/schema": {name: "2019-09", refusedByCF: true, metaschema: metaschema("https://json-schema.org/draft/2019-09/schema")},
	"json-schema.org/draft/2020-12/schema": {name: "2020-12", refusedByCF: true, metaschema: metaschema("https://json-schema.org/draft/2020-12/schema")},
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

// draft checks "$schema", and the schema against its metaschema; with extreme
// numbers it does not, as these take unbounded work.
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
	found := draftOf(declared.Text)
	if found == nil {
		a.report("schema-draft-unknown", []string{"$schema"}, "%q is no known version of JSON Schema", printable(declared.Text))
		return
	}
	if found.refusedByCF {
		a.report("cf-schema-draft", []string{"$schema"}, "the schema is of %s", found.name)
	}
	if found.metaschema == nil {
		a.report("schema-draft-old", []string{"$schema"}, "the schema is of %s, older than draft-04", found.name)
	}
	if extreme {
		return
	}
	value := a.root.Value()
	if found.metaschema != nil {
		a.violations("schema-invalid", found.metaschema(), value, found.name)
	}
	if four := drafts[strings.TrimPrefix(draft4URL, "http://")]; found.name != four.name && !found.refusedByCF {
		a.violations("cf-schema-not-draft-04", four.metaschema(), value, four.name)
	}
}

// violations reports what the metaschema objects to, once for each place.
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
			return // The rule schema-pattern is about those.
		}
		if len(e.Causes) > 0 || seen[at] {
			return
		}
		seen[at] = true
		keyword := "the schema"
		if n := len(e.InstanceLocation); n > 0 {
			keyword = printable(e.InstanceLocation[n-1])
		}
		a.report(rule, e.InstanceLocation, "%s is not valid in %s: %s", keyword, name, e.ErrorKind.LocalizedString(printer))
	}
	leaves(failed)
}
