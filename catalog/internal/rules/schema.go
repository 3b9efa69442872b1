package rules

import (
	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/tree"
)

// schemaRules are about the JSON Schemas of parameters.
var schemaRules = []Rule{
	{
		ID: "schema-parameters-missing", Severity: SeverityWarning, Clause: parametersClause,
		Summary: "An object for a schema has the field parameters, and an object for schemas has a schema.",
		Fix:     "Put the JSON Schema below parameters, or remove the object.",
		check:   eachPlan(checkSchemaObjects),
	},
	schemaRule("schema-draft-missing", SeverityError, nil, parametersClause,
		"A schema has $schema, with its version of JSON Schema.",
		"Add $schema: \"http://json-schema.org/draft-04/schema#\", which every platform reads."),
	schemaRule("schema-draft-unknown", SeverityWarning, refusedBy(CloudFoundry), parametersClause,
		"The $schema of a schema is a version of JSON Schema.",
		"Use \"http://json-schema.org/draft-04/schema#\", which every platform reads."),
	schemaRule("schema-draft-old", SeverityWarning, nil, parametersClause,
		"The version of a schema is draft-04 or later.",
		"Use \"http://json-schema.org/draft-04/schema#\", the oldest version that platforms must read."),
	schemaRule("cloudfoundry-schema-draft", "", refusedBy(CloudFoundry), cloudController,
		"The $schema of a schema and of its parts is http://json-schema.org/draft-NN/schema, where NN is 01, 02, 03, 04 or 06.",
		"Use exactly \"http://json-schema.org/draft-04/schema#\": Cloud Foundry supports neither https nor a later version."),
	schemaRule("cloudfoundry-schema-not-draft-04", "", refusedBy(CloudFoundry), cloudController,
		"A schema of a later version is also valid in draft-04.",
		"Use only keywords that mean the same in draft-04."),
	schemaRule("schema-invalid", SeverityError, nil, parametersClause,
		"A schema is valid in its version of JSON Schema.",
		"Correct the schema at this position."),
	schemaRule("schema-large", SeverityError, nil, parametersClause,
		"A schema has at most 65,536 bytes as JSON.",
		"Shorten long texts and lists of values."),
	schemaRule("schema-external-reference", SeverityError, nil, parametersClause,
		"A schema does not refer to other documents.",
		"Copy the target into definitions, and refer to #/definitions/NAME."),
	schemaRule("schema-reference-unresolved", SeverityError, nil, parametersClause,
		"References in a schema have a target.",
		"Correct the reference, or add its target."),
	schemaRule("cloudfoundry-schema-reference", "", misreadBy(CloudFoundry), cloudController,
		"A reference is a path into the schema, such as #/definitions/NAME.",
		"Refer to the part by its path: Cloud Foundry ignores names and URLs of id and $id."),
	schemaRule("schema-type", SeverityWarning, nil, parametersClause,
		"A schema has type: object.",
		"Add type: object, because parameters are always an object."),
	schemaRule("schema-required-undeclared", SeverityWarning, nil, goodSense,
		"The properties that a schema requires are among its properties.",
		"Add the property to properties, or correct its name in required."),
	schemaRule("schema-pattern", SeverityWarning, nil, goodSense,
		"Patterns in a schema are regular expressions that all brokers and platforms understand.",
		"Use the syntax of RE2, without look-around and back-references."),
	schemaRule("schema-unusable", SeverityWarning, nil, "docs/parameters.md, Limits",
		"A schema compiles, so that openbroker serve and catalog.Validator can validate with it.",
		"Correct the schema. Until then, openbroker serve accepts the catalog only with api.skip_parameter_validation."),
	schemaRule("schema-number", SeverityWarning, nil, goodSense,
		"Numbers in a schema have at most a few hundred digits.",
		"Use a smaller number."),
}

func schemaRule(id string, severity Severity, platforms map[Platform]Severity, clause, summary, fix string) Rule {
	return Rule{
		ID: id, Severity: severity, Platforms: platforms, Clause: clause, Summary: summary, Fix: fix,
		check: func(c *checked, report report) {
			for _, schema := range c.schemas() {
				for _, fault := range schema.faults {
					if fault.rule == id {
						report(schema.at.Descend(fault.path), "%s", fault.message)
					}
				}
			}
		},
	}
}

// An analysedSchema has the faults of a schema of a plan.
type analysed struct {
	at     *source.Place
	faults []schemaFault
}

// schemas returns the schemas of all plans that have faults. Plans share schemas, so that
// each is analysed once.
func (c *checked) schemas() []analysed {
	c.analyse.Do(func() {
		known := map[string][]schemaFault{}
		nodes := map[*tree.Node][]schemaFault{} // Files may be used many times.
		for p := range c.Plans() {
			for at := range source.Schemas(p.Place) {
				if !at.Is(tree.Object) {
					continue
				}
				faults, ok := nodes[at.Node]
				if !ok {
					encoded := at.Node.JSON()
					if faults, ok = known[string(encoded)]; !ok {
						faults = analyse(at.Node, encoded)
						known[string(encoded)] = faults
					}
					nodes[at.Node] = faults
				}
				if len(faults) > 0 {
					c.analysed = append(c.analysed, analysed{at, faults})
				}
			}
		}
	})
	return c.analysed
}

func checkSchemaObjects(p *source.Plan, report report) {
	all := p.Member("schemas")
	if !all.Is(tree.Object) {
		return
	}
	if len(all.Node.Members) == 0 {
		report(all, "schemas is empty")
	}
	for _, kind := range source.SchemasShape.Fields {
		schemas := all.Member(kind.Name)
		if schemas.Is(tree.Object) && len(schemas.Node.Members) == 0 {
			report(schemas, "%s is empty", kind.Name)
		}
		for _, action := range kind.Shape.Fields {
			if schema := schemas.Member(action.Name); schema.Is(tree.Object) && !schema.Member("parameters").Given() {
				report(schema, "%s has no parameters", action.Name)
			}
		}
	}
}
