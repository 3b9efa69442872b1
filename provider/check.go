package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
	"github.com/openbroker/openbroker/internal/jsonpointer"
	"github.com/openbroker/openbroker/internal/spelling"
	"github.com/openbroker/openbroker/provider/internal/planvalues"
)

// The rules of package lint that this package checks.
const (
	ruleProvider = "provider-unknown"
	rulePlan     = "plan-settings"
)

// Lint returns what is wrong with the settings of plans and the [Field] of services in a
// catalog, without knowing the configuration: which names its providers have. Catalogs
// of running brokers have neither.
func (s *Set) Lint(source *catalog.Source) []catalog.Finding {
	if source.Served() {
		return nil
	}
	return s.check(source, nil)
}

// Lint is [Set.Lint] for a broker with the providers of the group: each service must
// have one of them, and its plans the settings of that one.
func (g *Group) Lint(source *catalog.Source) []catalog.Finding {
	if source.Served() {
		return nil
	}
	return g.set.check(source, g)
}

// CheckSource returns why the providers cannot serve a catalog. The error is
// [catalog.Errors].
// It calls warn with warnings about fields that probably do not have the intended effect.
func (g *Group) CheckSource(source *catalog.Source, warn ...func(catalog.Finding)) error {
	var wrong catalog.Errors
	for _, finding := range g.Lint(source) {
		switch {
		case finding.Severity == catalog.SeverityError:
			wrong = append(wrong, finding)
		case finding.Rule == planvalues.RuleUnknown || finding.Rule == planvalues.RuleOffered:
			for _, each := range warn {
				each(finding)
			}
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// CheckCatalog is CheckSource for a catalog that is not read from a file.
func (g *Group) CheckCatalog(c *openbroker.Catalog) error {
	source, err := catalog.SourceOf(c)
	if err != nil {
		return err
	}
	return g.CheckSource(source)
}

// onlyPlans are the fields that only plans have. Services have tags of their own.
var onlyPlans = slices.DeleteFunc(slices.Clone(planvalues.Fields), func(name string) bool { return name == planvalues.FieldTags })

// A checker checks the fields for providers in a catalog.
type checker struct {
	set    *Set
	source *catalog.Source
	// group is nil if the configuration is not known.
	group    *Group
	findings []catalog.Finding
}

func (s *Set) check(source *catalog.Source, g *Group) []catalog.Finding {
	c := &checker{set: s, source: source, group: g}
	decoded, err := source.Catalog()
	if err != nil {
		return nil // Other rules say why.
	}
	c.misplaced(decoded.Extensions, "", slices.Concat(s.Names(), []string{Field}, onlyPlans)...)
	for i := range decoded.Services {
		c.service(&decoded.Services[i], "/services/"+strconv.Itoa(i))
	}
	return c.findings
}

func (c *checker) report(rule, pointer string, name bool, format string, args ...any) {
	c.findings = append(c.findings, c.source.Report(rule, pointer, name, fmt.Sprintf(format, args...)))
}

func (c *checker) service(service *openbroker.Service, at string) {
	c.misplaced(service.Extensions, at, slices.Concat(c.set.Names(), onlyPlans)...)
	raw, named := service.Extensions[Field]
	var owner *Definition
	switch {
	case c.group != nil:
		m, err := c.group.of(service)
		if err != nil {
			where := at
			if named {
				where += "/" + Field
				err = fmt.Errorf("%s %w", Field, err)
			} else {
				err = fmt.Errorf("the service %.80q %w", service.Name, err)
			}
			c.report(ruleProvider, where, false, "%v", err)
			return
		}
		owner = &m.Definition
	case named && !isName(string(raw)):
		c.report(ruleProvider, at+"/"+Field, false, "%s must be the name of a provider", Field)
	}
	if owner == nil {
		owner = c.guess(service)
	}
	for i := range service.Plans {
		c.plan(service, &service.Plans[i], owner, at+"/plans/"+strconv.Itoa(i))
	}
}

func isName(raw string) bool {
	name, err := strconv.Unquote(raw)
	return err == nil && ValidName(name) == nil
}

// guess returns the definition whose settings the first plan has, or nil.
func (c *checker) guess(service *openbroker.Service) *Definition {
	for i := range service.Plans {
		for j := range c.set.definitions {
			if d := &c.set.definitions[j]; service.Plans[i].Extensions[d.name] != nil {
				return d
			}
		}
	}
	return nil
}

// plan checks the settings of a plan; owner is the definition of its provider, or nil.
func (c *checker) plan(service *openbroker.Service, plan *openbroker.Plan, owner *Definition, at string) {
	for i := range c.set.definitions {
		d := &c.set.definitions[i]
		if owner != nil && d.name != owner.name && plan.Extensions[d.name] != nil {
			c.report(rulePlan, at+"/"+d.name, true, "the plan %.80q has settings of %s, and the provider of its service is a %s", plan.Name, d.name, owner.name)
		}
	}
	c.misplaced(plan.Extensions, at, Field)
	c.misspelled(plan, owner, at)
	c.values(plan, at)
	if owner == nil {
		return
	}
	pointer := at + "/" + jsonpointer.Escape(owner.name)
	decoded := reflect.New(owner.plan).Interface()
	problems, err := decodePlan(plan.Extensions[owner.name], owner.name, pointer, decoded)
	if err != nil {
		c.report(rulePlan, pointer, false, "%s %v", owner.name, err)
		return
	}
	for _, p := range problems {
		c.report(rulePlan, p.Pointer, p.Name, "%s", p.Message)
	}
	if len(problems) > 0 || c.group == nil && plan.Extensions[owner.name] == nil {
		return
	}
	if err := owner.checkPlan(service, plan, decoded); err != nil {
		var field *FieldError
		if errors.As(err, &field) {
			pointer += "/" + strings.ReplaceAll(field.Field, ".", "/")
			err = fmt.Errorf("%s.%w", owner.name, err)
		}
		c.report(rulePlan, pointer, false, "the plan %.80q cannot be served: %v", plan.Name, err)
	}
}

// misplaced reports those of the named fields that an object has, although they have no
// effect there, and platforms would see them.
func (c *checker) misplaced(extensions openbroker.Extensions, at string, names ...string) {
	for _, name := range names {
		if extensions[name] == nil {
			continue
		}
		rule, home := rulePlan, "plans"
		switch {
		case name == Field:
			rule, home = ruleProvider, "services"
		case slices.Contains(onlyPlans, name):
			rule = planvalues.RuleValues
		}
		c.report(rule, at+"/"+name, true, "%q has no effect here: move it to the %s that it is for", name, home)
	}
}

// values checks what a plan says about parameters, credentials and labels.
func (c *checker) values(plan *openbroker.Plan, at string) {
	values, problems := planvalues.Parse(plan.Extensions)
	if values != nil && len(problems) == 0 {
		var instance, binding []json.RawMessage
		if s := plan.Schemas; s != nil && s.ServiceInstance != nil {
			instance = []json.RawMessage{parametersOf(s.ServiceInstance.Create), parametersOf(s.ServiceInstance.Update)}
		}
		if s := plan.Schemas; s != nil && s.ServiceBinding != nil {
			binding = []json.RawMessage{parametersOf(s.ServiceBinding.Create)}
		}
		problems = values.Advice(planvalues.SchemaOf(instance...), planvalues.SchemaOf(binding...))
	}
	for _, p := range problems {
		if p.Offset > 0 {
			c.findings = append(c.findings, c.source.ReportInside(p.Rule, at+p.Pointer, p.Offset, p.Message))
			continue
		}
		c.report(p.Rule, at+p.Pointer, p.Name, "%s", p.Message)
	}
}

func parametersOf(s *openbroker.InputParametersSchema) json.RawMessage {
	if s == nil {
		return nil
	}
	return s.Parameters
}

// misspelled reports fields of a plan that look like fields for providers under misspelt
// names: platforms would see them, and they would have no effect. owner is the definition
// of the provider, or nil.
func (c *checker) misspelled(plan *openbroker.Plan, owner *Definition, at string) {
	names := c.set.Names()
	if owner != nil {
		names = []string{owner.name}
	}
	hasSettings := hasAny(plan.Extensions, names)
	for _, name := range slices.Sorted(maps.Keys(plan.Extensions)) {
		raw := plan.Extensions[name]
		if _, known := c.set.Definition(name); known || slices.Contains(planvalues.Fields, name) || len(raw) == 0 {
			continue
		}
		pointer := at + "/" + jsonpointer.Escape(name)
		if near := spelling.Nearest(name, names); near != "" && !hasSettings && raw[0] == '{' {
			c.report(rulePlan, pointer, true, "%.80q is unknown: did you mean %q?", name, near)
		} else if near := spelling.Nearest(name, planvalues.Fields); near != "" && plan.Extensions[near] == nil && (raw[0] == '{' || raw[0] == '[') {
			c.report(planvalues.RuleValues, pointer, true, "%.80q is unknown: did you mean %q?", name, near)
		}
	}
}
