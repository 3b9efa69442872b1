package provider

import (
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
func (g *Group) CheckSource(source *catalog.Source) error {
	if findings := g.Lint(source); len(findings) > 0 {
		return catalog.Errors(findings)
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
	c.misplaced(decoded.Extensions, "", append(s.Names(), Field)...)
	for i := range decoded.Services {
		c.service(&decoded.Services[i], "/services/"+strconv.Itoa(i))
	}
	return c.findings
}

func (c *checker) report(rule, pointer string, name bool, format string, args ...any) {
	c.findings = append(c.findings, c.source.Report(rule, pointer, name, fmt.Sprintf(format, args...)))
}

func (c *checker) service(service *openbroker.Service, at string) {
	c.misplaced(service.Extensions, at, c.set.Names()...)
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
		if name == Field {
			rule, home = ruleProvider, "services"
		}
		c.report(rule, at+"/"+name, true, "%q has no effect here: move it to the %s that it is for", name, home)
	}
}

// misspelled reports a field of a plan without settings that looks like settings under a
// misspelt name: platforms would see them, and the plan would have the defaults. owner is
// the definition of the provider, or nil.
func (c *checker) misspelled(plan *openbroker.Plan, owner *Definition, at string) {
	names := c.set.Names()
	if owner != nil {
		names = []string{owner.name}
	}
	if hasAny(plan.Extensions, names) {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(plan.Extensions)) {
		raw := plan.Extensions[name]
		if _, known := c.set.Definition(name); known || len(raw) == 0 || raw[0] != '{' {
			continue
		}
		if near := spelling.Nearest(name, names); near != "" {
			c.report(rulePlan, at+"/"+jsonpointer.Escape(name), true, "%.80q is unknown: did you mean %q?", name, near)
		}
	}
}
