package rules

import (
	"slices"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
)

// rules are all rules. Each list is about one object, in the order of the specification.
var rules = linked(slices.Concat(
	fileRules, responseRules, typeRules, nullRules,
	catalogRules, requiredRules, uniqueRules, nameRules, lengthRules, characterRules,
	serviceRules, dashboardRules, serviceMetadataRules,
	planRules, costRules, maintenanceRules, schemaRules,
	extensionRules, providerRules,
))

// The pages of clauses.
const (
	specPage    = "https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/spec.md"
	profilePage = "https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/profile.md"
	projectPage = "https://github.com/openbroker/openbroker/blob/main/"
)

// Clauses outside the specification.
const (
	cloudController = "Cloud Controller, validation of catalogs"
	serviceCatalog  = "Kubernetes service-catalog, validation of catalogs"
	serviceManager  = "Service Manager, validation of catalogs"
	korifi          = "Korifi, reading of catalogs"
	goodSense       = "docs/catalog.md, Advice"
)

// Clauses that many rules come from.
const (
	catalogClause     = "spec.md, Catalog Management"
	bodyClause        = "spec.md, Body"
	offeringClause    = "spec.md, Service Offering Object"
	planClause        = "spec.md, Service Plan Object"
	schemasClause     = "spec.md, Schemas Object"
	parametersClause  = "spec.md, Input Parameters Schema Object"
	maintenanceClause = "spec.md, Maintenance Info Object"
	dashboardClause   = "profile.md, Dashboard Client Object"
	metadataClause    = "profile.md, Service Metadata"
	costClause        = "profile.md, Cost Object"
)

// linked adds the link to the clause to rules that have none.
func linked(list []Rule) []Rule {
	pages := map[string]string{
		cloudController: "https://github.com/cloudfoundry/cloud_controller_ng/tree/main/lib/services/service_brokers/v2",
		serviceCatalog:  "https://github.com/kubernetes-retired/service-catalog/tree/master/pkg/apis/servicecatalog/validation",
		serviceManager:  "https://github.com/Peripli/service-manager/tree/master/pkg/types",
		korifi:          "https://github.com/cloudfoundry/korifi/tree/main/controllers/controllers/services/osbapi",
	}
	for i := range list {
		r := &list[i]
		if r.Link != "" {
			continue
		}
		document, section, _ := strings.Cut(r.Clause, ", ")
		anchor := "#" + strings.ReplaceAll(strings.ToLower(section), " ", "-")
		switch document {
		case "spec.md":
			r.Link = specPage + anchor
		case "profile.md":
			r.Link = profilePage + anchor
		case "docs/catalog.md", "docs/parameters.md", "docs/plans.md", "docs/providers.md":
			r.Link = projectPage + document + anchor
		default:
			r.Link = pages[r.Clause]
		}
	}
	return list
}

// refusedBy and misreadBy return the platforms that object in the same way.
func refusedBy(platforms ...Platform) map[Platform]Severity { return all(SeverityError, platforms) }

func misreadBy(platforms ...Platform) map[Platform]Severity { return all(SeverityWarning, platforms) }

func all(severity Severity, platforms []Platform) map[Platform]Severity {
	m := make(map[Platform]Severity, len(platforms))
	for _, platform := range platforms {
		m[platform] = severity
	}
	return m
}

func eachService(check func(s *source.Service, report report)) check {
	return func(c *checked, report report) {
		for _, s := range c.Services {
			check(s, report)
		}
	}
}

func eachPlan(check func(p *source.Plan, report report)) check {
	return func(c *checked, report report) {
		for p := range c.Plans() {
			check(p, report)
		}
	}
}

// eachEntity checks services and plans alike; what is "service" or "plan".
func eachEntity(check func(at *source.Place, what string, report report)) check {
	return func(c *checked, report report) {
		for _, s := range c.Services {
			check(s.Place, "service", report)
			for _, p := range s.Plans {
				check(p.Place, "plan", report)
			}
		}
	}
}
