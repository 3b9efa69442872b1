package rules

import (
	"net/url"
	"strings"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/tree"
)

// dashboardRules are about the clients of dashboards. Messages show no other values of
// a client than its id.
var dashboardRules = []Rule{
	clientMissing("id", SeverityError, nil, dashboardClause, "Add the id of the OAuth client."),
	clientEmpty("id", "Enter the id of the OAuth client."),
	clientMissing("secret", SeverityError, nil, dashboardClause, "Add the secret of the OAuth client."),
	clientEmpty("secret", "Enter the secret of the OAuth client."),
	clientMissing("redirect_uri", "", refusedBy(CloudFoundry), cloudController, "Add the URI to which users return after the login."),
	{
		ID: "dashboard-client-redirect-uri", Severity: SeverityWarning, Clause: dashboardClause,
		Summary: "The redirect_uri of a dashboard client is an absolute http or https URI.",
		Fix:     "Write the URI with scheme and host, such as https://dashboard.example.com.",
		check: eachClient(func(client *source.Place, report report) {
			if text, ok := client.Member("redirect_uri").Text(); ok && !isWebURL(text) {
				report(client.Member("redirect_uri"), "the redirect_uri is not an absolute http or https URI")
			}
		}),
	},
	{
		ID: "cloudfoundry-dashboard-client-id-duplicate", Platforms: refusedBy(CloudFoundry), Clause: cloudController,
		Summary: "No two services have the same dashboard client.",
		Fix:     "Register one client for each service.",
		check: func(c *checked, report report) {
			seen := uses{}
			for _, s := range c.Services {
				seen.add(s.Path("dashboard_client", "id"), "dashboard client id", report)
			}
		},
	},
}

func eachClient(check func(client *source.Place, report report)) check {
	return eachService(func(s *source.Service, report report) {
		if client := s.Member("dashboard_client"); client.Is(tree.Object) {
			check(client, report)
		}
	})
}

func clientMissing(field string, severity Severity, platforms map[Platform]Severity, clause, fix string) Rule {
	id := "dashboard-client-" + strings.ReplaceAll(field, "_", "-") + "-missing"
	if severity == "" {
		id = "cloudfoundry-" + id
	}
	return Rule{
		ID: id, Severity: severity, Platforms: platforms, Clause: clause,
		Summary: "A dashboard client has the field " + field + ".",
		Fix:     fix,
		check: eachClient(func(client *source.Place, report report) {
			if !client.Member(field).Given() {
				report(client, "the dashboard client has no %s", field)
			}
		}),
	}
}

func clientEmpty(field, fix string) Rule {
	return Rule{
		ID: "dashboard-client-" + field + "-empty", Severity: SeverityError, Clause: dashboardClause,
		Summary: "The " + field + " of a dashboard client is not empty.",
		Fix:     fix,
		check: eachClient(func(client *source.Place, report report) {
			if text, ok := client.Member(field).Text(); ok && text == "" {
				report(client.Member(field), "the %s of the dashboard client is empty", field)
			}
		}),
	}
}

// isWebURL reports whether the text is an absolute http or https URL.
func isWebURL(text string) bool {
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != ""
}
