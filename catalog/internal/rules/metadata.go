package rules

import (
	"math/big"
	"regexp"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
	"github.com/openbroker/openbroker/internal/tree"
)

// serviceMetadataRules are about the metadata of services and plans. Platforms do
// not check metadata, so that most faults only show to users.
var serviceMetadataRules = []Rule{
	{
		ID: "metadata-type", Severity: SeverityWarning, Clause: metadataClause,
		Summary: "The fields of metadata that the profile defines have the right type.",
		Fix:     "Enter a value of this type: marketplaces and dashboards ignore other types.",
		check: func(c *checked, report report) {
			for _, s := range c.Services {
				checkMetadata(s.Member("metadata"), source.ServiceMetadataShape, report)
				for _, p := range s.Plans {
					checkMetadata(p.Member("metadata"), source.PlanMetadataShape, report)
				}
			}
		},
	},
	{
		ID: "korifi-documentation-url", Platforms: refusedBy(Korifi), Clause: korifi,
		Summary: "metadata.documentationUrl is a string.",
		Fix:     "Enter one URL: Korifi crashes when it reads anything else.",
		check: func(c *checked, report report) {
			for _, s := range c.Services {
				// Clients see a null only if a running broker serves it.
				at := s.Path("metadata", "documentationUrl")
				if at.Node != nil && !at.Is(tree.String) && (c.Served || !at.Is(tree.Null)) {
					report(at, "documentationUrl must be a string, not %s", at.Node.Kind)
				}
			}
		},
	},
	{
		ID: "cloudfoundry-shareable", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: "profile.md, Cloud Foundry Service Metadata",
		Summary: "metadata.shareable is a boolean.",
		Fix:     "Write true or false, without quotes.",
		check: eachService(func(s *source.Service, report report) {
			if at := s.Path("metadata", "shareable"); at.Given() && !at.Is(tree.Bool) {
				report(at, "shareable must be a boolean, not %s", at.Node.Kind)
			}
		}),
	},
	{
		ID: "metadata-url", Severity: SeverityWarning, Clause: metadataClause,
		Summary: "URLs in metadata are absolute; images may be data URLs.",
		Fix:     "Begin the URL with https://.",
		check: eachService(func(s *source.Service, report report) {
			for _, field := range []string{"imageUrl", "documentationUrl", "supportUrl"} {
				at := s.Path("metadata", field)
				text, ok := at.Text()
				if !ok || isWebURL(text) || field == "imageUrl" && strings.HasPrefix(text, "data:image/") ||
					field == "supportUrl" && strings.HasPrefix(text, "mailto:") {
					continue
				}
				report(at, "%s is not an absolute URL", field)
			}
		}),
	},
}

// checkMetadata reports fields of the wrong type, except those with separate rules.
func checkMetadata(metadata *source.Place, s *source.Shape, report report) {
	for member := range metadata.Members() {
		f := s.Field(member.Token)
		switch {
		case f == nil || !member.Given():
		case member.Token == "documentationUrl" || member.Token == "shareable" || member.Token == "costs":
		case member.Node.Kind != f.Kind:
			report(member, "%s must be %s, not %s", f.Name, f.Kind, member.Node.Kind)
		case f.Texts:
			for element := range member.Elements() {
				if !element.Is(tree.String) {
					report(element, "%s must be a string, not %s", name(element, f), element.Node.Kind)
				}
			}
		}
	}
}

// costRules are about prices. Cloud Foundry silently drops prices that it does not
// understand.
var costRules = []Rule{
	{
		ID: "costs-type", Severity: SeverityWarning, Clause: costClause,
		Summary: "metadata.costs is an array of objects, each with an object amount and a string unit.",
		Fix:     "Write costs as a list of {amount: {usd: 99.0}, unit: MONTHLY}.",
		check:   eachPlan(checkCosts),
	},
	{
		ID: "cost-amount-missing", Severity: SeverityWarning, Clause: costClause,
		Summary: "A cost has an amount, with at least one currency.",
		Fix:     "Add amount: {usd: 99.0}.",
		check: eachCost(func(cost *source.Place, report report) {
			amount := cost.Member("amount")
			if !amount.Given() {
				report(cost, "the cost has no amount")
			} else if amount.Is(tree.Object) && len(amount.Node.Members) == 0 {
				report(amount, "the amount has no currency")
			}
		}),
	},
	{
		ID: "cost-unit-missing", Severity: SeverityWarning, Clause: costClause,
		Summary: "A cost has a unit.",
		Fix:     "Add the unit that users pay for, such as unit: MONTHLY.",
		check: eachCost(func(cost *source.Place, report report) {
			if unit := cost.Member("unit"); !unit.Given() {
				report(cost, "the cost has no unit")
			} else if text, ok := unit.Text(); ok && strings.TrimSpace(text) == "" {
				report(unit, "the unit is empty")
			}
		}),
	},
	{
		ID: "cost-amount-number", Severity: SeverityWarning, Clause: costClause,
		Summary: "An amount is a number.",
		Fix:     "Write the number without quotes and without a currency sign.",
		check: eachAmount(func(amount *source.Place, report report) {
			if !amount.Is(tree.Number) {
				report(amount, "the amount of %s must be a number, not %s", excerpt.Brief(amount.Token), amount.Node.Kind)
			}
		}),
	},
	{
		ID: "cost-amount-negative", Severity: SeverityWarning, Clause: goodSense,
		Summary: "An amount is not negative.",
		Fix:     "Enter the price that users pay.",
		check: eachAmount(func(amount *source.Place, report report) {
			if amount.Is(tree.Number) && strings.HasPrefix(amount.Node.Text, "-") && sign(amount.Node.Text) < 0 {
				report(amount, "the amount of %s is negative", excerpt.Brief(amount.Token))
			}
		}),
	},
	{
		ID: "cost-currency", Severity: SeverityWarning, Clause: costClause,
		Summary: "A currency is a code of three letters (ISO 4217).",
		Fix:     "Use the code, such as usd or eur.",
		check: eachAmount(func(amount *source.Place, report report) {
			if !currency.MatchString(amount.Token) {
				report(amount, "%q is not a currency code", excerpt.Brief(amount.Token))
			}
		}),
	},
	{
		ID: "free-with-costs", Severity: SeverityWarning, Clause: planClause,
		Summary: "A free plan has no costs.",
		Fix:     "Add free: false to the plan, or remove the costs. A plan is free by default.",
		check: eachPlan(func(p *source.Plan, report report) {
			if p.Member("free").IsFalse() {
				return
			}
			for cost := range p.Path("metadata", "costs").Elements() {
				for amount := range cost.Member("amount").Members() {
					if amount.Is(tree.Number) && sign(amount.Node.Text) > 0 {
						report(p.Path("metadata", "costs"), "%s has costs, but is free", title(p.Place, "plan"))
						return
					}
				}
			}
		}),
	},
}

var currency = regexp.MustCompile(`^[A-Za-z]{3}$`)

func checkCosts(p *source.Plan, report report) {
	costs := p.Path("metadata", "costs")
	if costs.Given() && !costs.Is(tree.Array) {
		report(costs, "costs must be an array, not %s", costs.Node.Kind)
	}
	for cost := range costs.Elements() {
		if !cost.Is(tree.Object) {
			report(cost, "costs[%s] must be an object, not %s", cost.Token, cost.Node.Kind)
			continue
		}
		for _, f := range source.CostShape.Fields {
			if at := cost.Member(f.Name); at.Given() && !at.Is(f.Kind) {
				report(at, "%s must be %s, not %s", f.Name, f.Kind, at.Node.Kind)
			}
		}
	}
}

func eachCost(check func(cost *source.Place, report report)) check {
	return eachPlan(func(p *source.Plan, report report) {
		for cost := range p.Path("metadata", "costs").Elements() {
			if cost.Is(tree.Object) {
				check(cost, report)
			}
		}
	})
}

func eachAmount(check func(amount *source.Place, report report)) check {
	return eachCost(func(cost *source.Place, report report) {
		for amount := range cost.Member("amount").Members() {
			check(amount, report)
		}
	})
}

// sign returns -1, 0 or 1 for a number in JSON.
func sign(number string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(number), "e")
	value, ok := new(big.Float).SetString(mantissa)
	if !ok {
		return 0
	}
	return value.Sign()
}
