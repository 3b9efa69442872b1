package catalog

import (
	"math/big"
	"regexp"
	"strings"

	"github.com/openbroker/openbroker/internal/tree"
)

// serviceMetadataRules are about metadata, of plans too. Platforms take metadata
// as it is, so that most of what is wrong with it shows only to users.
var serviceMetadataRules = []rule{
	{
		Rule: Rule{
			ID: "metadata-type", Severity: SeverityWarning, Clause: metadataClause,
			Summary: "The fields of metadata that the profile defines have the type that it says.",
			Fix:     "Give it a value of this type: what shows services to users reads no other.",
		},
		check: func(c *checked, report report) {
			for _, s := range c.services {
				checkMetadata(s.member("metadata"), serviceMetadataShape, report)
				for _, p := range s.plans {
					checkMetadata(p.member("metadata"), planMetadataShape, report)
				}
			}
		},
	},
	{
		Rule: Rule{
			ID: "korifi-documentation-url", Platforms: refusedBy(Korifi), Clause: korifi,
			Summary: "metadata.documentationUrl is a string.",
			Fix:     "Write one URL: Korifi crashes while it reads anything else.",
		},
		check: func(c *checked, report report) {
			for _, s := range c.services {
				// A client sees a null only of a running broker.
				at := s.path("metadata", "documentationUrl")
				if at.node != nil && !at.is(tree.String) && (c.served || !at.is(tree.Null)) {
					report(at, "documentationUrl must be a string, not %s", at.node.Kind)
				}
			}
		},
	},
	{
		Rule: Rule{
			ID: "cf-shareable", Severity: SeverityWarning, Platforms: refusedBy(CloudFoundry), Clause: "profile.md, Cloud Foundry Service Metadata",
			Summary: "metadata.shareable is a boolean.",
			Fix:     "Write true or false, without quotes.",
		},
		check: eachService(func(s *service, report report) {
			if at := s.path("metadata", "shareable"); at.given() && !at.is(tree.Bool) {
				report(at, "shareable must be a boolean, not %s", at.node.Kind)
			}
		}),
	},
	{
		Rule: Rule{
			ID: "metadata-url", Severity: SeverityWarning, Clause: metadataClause,
			Summary: "URLs in metadata are absolute; images may be data URLs.",
			Fix:     "Write the URL with https:// in front.",
		},
		check: eachService(func(s *service, report report) {
			for _, field := range []string{"imageUrl", "documentationUrl", "supportUrl"} {
				at := s.path("metadata", field)
				text, ok := at.text()
				if !ok || isWebURL(text) || field == "imageUrl" && strings.HasPrefix(text, "data:image/") ||
					field == "supportUrl" && strings.HasPrefix(text, "mailto:") {
					continue
				}
				report(at, "%s is no absolute URL", field)
			}
		}),
	},
}

// checkMetadata reports fields with another type than the profile says, but for
// those that have rules of their own.
func checkMetadata(metadata *place, s *shape, report report) {
	for member := range metadata.members() {
		f := s.field(member.token)
		switch {
		case f == nil || !member.given():
		case member.token == "documentationUrl" || member.token == "shareable" || member.token == "costs":
		case member.node.Kind != f.kind:
			report(member, "%s must be %s, not %s", f.name, f.kind, member.node.Kind)
		case f.texts:
			for element := range member.elements() {
				if !element.is(tree.String) {
					report(element, "%s must be a string, not %s", name(element, f), element.node.Kind)
				}
			}
		}
	}
}

// costRules are about prices. Cloud Foundry drops those that it does not
// understand, and says nothing.
var costRules = []rule{
	{
		Rule: Rule{
			ID: "costs-type", Severity: SeverityWarning, Clause: costClause,
			Summary: "metadata.costs is an array of objects, each with an object amount and a string unit.",
			Fix:     "Write costs as a list of {amount: {usd: 99.0}, unit: MONTHLY}.",
		},
		check: eachPlan(checkCosts),
	},
	{
		Rule: Rule{
			ID: "cost-amount-missing", Severity: SeverityWarning, Clause: costClause,
			Summary: "A cost has an amount, with at least one currency.",
			Fix:     "Add amount: {usd: 99.0}.",
		},
		check: eachCost(func(cost *place, report report) {
			amount := cost.member("amount")
			if !amount.given() {
				report(cost, "the cost has no amount")
			} else if amount.is(tree.Object) && len(amount.node.Members) == 0 {
				report(amount, "the amount has no currency")
			}
		}),
	},
	{
		Rule: Rule{
			ID: "cost-unit-missing", Severity: SeverityWarning, Clause: costClause,
			Summary: "A cost has a unit.",
			Fix:     "Add what is paid for, such as unit: MONTHLY.",
		},
		check: eachCost(func(cost *place, report report) {
			if unit := cost.member("unit"); !unit.given() {
				report(cost, "the cost has no unit")
			} else if text, ok := unit.text(); ok && strings.TrimSpace(text) == "" {
				report(unit, "the unit is empty")
			}
		}),
	},
	{
		Rule: Rule{
			ID: "cost-amount-number", Severity: SeverityWarning, Clause: costClause,
			Summary: "An amount is a number.",
			Fix:     "Write the number without quotes and without currency sign.",
		},
		check: eachAmount(func(amount *place, report report) {
			if !amount.is(tree.Number) {
				report(amount, "the amount of %s must be a number, not %s", printable(amount.token), amount.node.Kind)
			}
		}),
	},
	{
		Rule: Rule{
			ID: "cost-amount-negative", Severity: SeverityWarning, Clause: goodSense,
			Summary: "An amount is not negative.",
			Fix:     "Write what users pay.",
		},
		check: eachAmount(func(amount *place, report report) {
			if amount.is(tree.Number) && strings.HasPrefix(amount.node.Text, "-") && sign(amount.node.Text) < 0 {
				report(amount, "the amount of %s is negative", printable(amount.token))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "cost-currency", Severity: SeverityWarning, Clause: costClause,
			Summary: "A currency is a code of three letters (ISO 4217).",
			Fix:     "Use the code, such as usd or eur.",
		},
		check: eachAmount(func(amount *place, report report) {
			if !currency.MatchString(amount.token) {
				report(amount, "%q is no currency code", printable(amount.token))
			}
		}),
	},
	{
		Rule: Rule{
			ID: "free-with-costs", Severity: SeverityWarning, Clause: planClause,
			Summary: "A plan that is free has no costs.",
			Fix:     "Add free: false to the plan, or remove the costs. A plan is free unless it says otherwise.",
		},
		check: eachPlan(func(p *plan, report report) {
			if p.member("free").isFalse() {
				return
			}
			for cost := range p.path("metadata", "costs").elements() {
				for amount := range cost.member("amount").members() {
					if amount.is(tree.Number) && sign(amount.node.Text) > 0 {
						report(p.path("metadata", "costs"), "%s has costs, but is free", title(p.place, "plan"))
						return
					}
				}
			}
		}),
	},
}

var currency = regexp.MustCompile(`^[A-Za-z]{3}$`)

func checkCosts(p *plan, report report) {
	costs := p.path("metadata", "costs")
	if costs.given() && !costs.is(tree.Array) {
		report(costs, "costs must be an array, not %s", costs.node.Kind)
	}
	for cost := range costs.elements() {
		if !cost.is(tree.Object) {
			report(cost, "costs[%s] must be an object, not %s", cost.token, cost.node.Kind)
			continue
		}
		for _, f := range costShape.fields {
			if at := cost.member(f.name); at.given() && !at.is(f.kind) {
				report(at, "%s must be %s, not %s", f.name, f.kind, at.node.Kind)
			}
		}
	}
}

func eachCost(check func(cost *place, report report)) check {
	return eachPlan(func(p *plan, report report) {
		for cost := range p.path("metadata", "costs").elements() {
			if cost.is(tree.Object) {
				check(cost, report)
			}
		}
	})
}

func eachAmount(check func(amount *place, report report)) check {
	return eachCost(func(cost *place, report report) {
		for amount := range cost.member("amount").members() {
			check(amount, report)
		}
	})
}

// sign returns -1, 0 or 1 for a number as JSON writes it.
func sign(number string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(number), "e")
	value, ok := new(big.Float).SetString(mantissa)
	if !ok {
		return 0
	}
	return value.Sign()
}
