package catalog

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/internal/markdown"
)

// WriteMarkdown writes a page for the users of a catalog: services and plans, their costs
// and parameters, with commands to copy. Equal catalogs give equal pages.
//
// The texts of a catalog are escaped, and only http and https URLs become links. Secrets
// of dashboard clients are left out. The error is the error of w.
func WriteMarkdown(w io.Writer, c *openbroker.Catalog) error {
	p := &page{}
	p.line("# Services")
	if c == nil || len(c.Services) == 0 {
		p.block("The catalog has no services.")
	} else if len(c.Services) > 1 {
		p.line("")
		for i := range c.Services {
			p.line("- %s: %s", serviceTitle(&c.Services[i]), markdown.Inline(c.Services[i].Description))
		}
	}
	if c != nil {
		for i := range c.Services {
			p.service(&c.Services[i])
		}
	}
	_, err := io.WriteString(w, p.text.String())
	return err
}

// A page is the Markdown written so far. Its texts must be escaped already.
type page struct{ text strings.Builder }

func (p *page) line(format string, args ...any) {
	fmt.Fprintf(&p.text, format, args...)
	p.text.WriteByte('\n')
}

// block writes a separate paragraph, unless it is empty.
func (p *page) block(text string) {
	if text != "" {
		p.line("\n%s", text)
	}
}

func serviceTitle(s *openbroker.Service) string {
	if s.Metadata != nil && s.Metadata.DisplayName != "" && s.Metadata.DisplayName != s.Name {
		return markdown.Inline(s.Metadata.DisplayName) + " (" + markdown.Code(s.Name) + ")"
	}
	return markdown.Code(s.Name)
}

func (p *page) service(s *openbroker.Service) {
	metadata := s.Metadata
	if metadata == nil {
		metadata = &openbroker.ServiceMetadata{}
	}
	p.block("## " + serviceTitle(s))
	p.deprecated(metadata.Extensions)
	p.block(markdown.Paragraphs(s.Description))
	if metadata.LongDescription != s.Description {
		p.block(markdown.Paragraphs(metadata.LongDescription))
	}
	var facts []string
	fact := func(name, value string) {
		if value != "" {
			facts = append(facts, "- "+name+": "+value)
		}
	}
	tags := make([]string, len(s.Tags))
	for i, tag := range s.Tags {
		tags[i] = markdown.Code(tag)
	}
	fact("Tags", strings.Join(tags, ", "))
	fact("Provided by", markdown.Inline(metadata.ProviderDisplayName))
	fact("Documentation", markdown.Link(metadata.DocumentationURL))
	fact("Support", markdown.Link(metadata.SupportURL))
	fact("Can be bound to applications", yes(s.Bindable))
	if metadata.Shareable != nil {
		fact("Can be shared with other spaces", yes(*metadata.Shareable))
	}
	requires := make([]string, len(s.Requires))
	for i, permission := range s.Requires {
		requires[i] = markdown.Code(permission)
	}
	fact("Needs the permission", strings.Join(requires, ", "))
	p.block(strings.Join(facts, "\n"))
	p.plans(s)
	for i := range s.Plans {
		p.plan(s, &s.Plans[i])
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// deprecated marks a service or plan that is deprecated. By convention, the metadata has
// a field deprecated that is true or a text; the specification has no such field.
func (p *page) deprecated(extensions openbroker.Extensions) {
	var value any
	if json.Unmarshal(extensions["deprecated"], &value) != nil {
		return
	}
	switch value := value.(type) {
	case bool:
		if value {
			p.block("**Deprecated.**")
		}
	case string:
		p.block("**Deprecated.** " + markdown.Inline(value))
	}
}

// plans writes the table of all plans.
func (p *page) plans(s *openbroker.Service) {
	p.block("### Plans\n\n| plan | description | costs | can be bound | can be changed to another plan |\n|---|---|---|---|---|")
	for i := range s.Plans {
		plan := &s.Plans[i]
		p.line("| %s | %s | %s | %s | %s |", markdown.Cell(plan.Name), markdown.Inline(plan.Description), planCosts(plan), yes(s.PlanBindable(plan)), yes(s.PlanChangeAllowed(plan)))
	}
}

func planCosts(plan *openbroker.Plan) string {
	if plan.Metadata != nil && len(plan.Metadata.Costs) > 0 {
		return markdown.Inline(formatCosts(plan.Metadata.Costs))
	}
	if plan.IsFree() {
		return "free"
	}
	return "not free"
}

func (p *page) plan(s *openbroker.Service, plan *openbroker.Plan) {
	metadata := plan.Metadata
	if metadata == nil {
		metadata = &openbroker.PlanMetadata{}
	}
	title := markdown.Code(plan.Name)
	if metadata.DisplayName != "" && metadata.DisplayName != plan.Name {
		title = markdown.Inline(metadata.DisplayName) + " (" + title + ")"
	}
	p.block("### Plan " + title)
	p.deprecated(metadata.Extensions)
	p.block(markdown.Paragraphs(plan.Description))
	bullets := make([]string, len(metadata.Bullets))
	for i, bullet := range metadata.Bullets {
		bullets[i] = "- " + markdown.Inline(bullet)
	}
	p.block(strings.Join(bullets, "\n"))
	if m := plan.MaintenanceInfo; m != nil {
		p.block(strings.TrimSpace("Maintenance: version " + markdown.Code(m.Version) + ". " + markdown.Inline(m.Description)))
	}
	instance := "my-" + s.Name
	p.use("Create an instance", createSchema(plan.Schemas), "cf create-service", s.Name, plan.Name, instance)
	if schema := updateSchema(plan.Schemas); schema != nil {
		p.use("Update an instance", schema, "cf update-service", instance)
	}
	if s.PlanBindable(plan) {
		p.use("Bind an instance", bindingSchema(plan.Schemas), "cf bind-service", "my-app", instance)
	}
}

// use writes how to use a plan: a command, and its parameters.
func (p *page) use(title string, schema *openbroker.InputParametersSchema, command string, args ...string) {
	p.block("#### " + title)
	words := []string{command}
	for _, arg := range args {
		words = append(words, markdown.Shell(markdown.Plain(arg)))
	}
	described := describe(parameters(schema))
	if described != nil {
		if example, ok := described.example(); ok {
			words = append(words, "-c", markdown.Shell(example))
		}
	}
	p.block(markdown.Fence("sh", strings.Join(words, " ")))
	if described != nil {
		p.block(described.table())
	}
}
