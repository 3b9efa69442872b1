package rules

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openbroker/openbroker/catalog/internal/source"
	"github.com/openbroker/openbroker/internal/excerpt"
)

var (
	guid        = regexp.MustCompile(`^[0-9a-fA-FxX]{8}(-[0-9a-fA-FxX]{4}){3}-[0-9a-fA-FxX]{12}$`) // The specification's own example has X.
	cliFriendly = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
	wordy       = regexp.MustCompile(`[A-Za-z0-9]`)
)

// nameRules are about the form of ids and names.
var nameRules = []Rule{
	{
		ID: "id-not-guid", Severity: SeverityWarning, Clause: offeringClause,
		Summary: "Ids are GUIDs.",
		Fix:     "Use a new GUID for a new service or plan. If it has instances, keep its id, and disable this rule.",
		check: eachEntity(func(at *source.Place, what string, report report) {
			if id, ok := at.Member("id").Text(); ok && strings.TrimSpace(id) != "" && !guid.MatchString(id) {
				report(at.Member("id"), "the id %q of a %s is not a GUID: another broker may use the same id", excerpt.Brief(id), what)
			}
		}),
	},
	{
		ID: "name-not-cli-friendly", Severity: SeverityWarning, Clause: bodyClause,
		Summary: "Names consist of letters, digits, periods and hyphens.",
		Fix:     "Rename it, and put the name for display into metadata.displayName.",
		check: eachEntity(func(at *source.Place, what string, report report) {
			if name, ok := at.Member("name").Text(); ok && strings.TrimSpace(name) != "" && !cliFriendly.MatchString(name) {
				report(at.Member("name"), "the name %q of a %s is hard to type on a command line", excerpt.Brief(name), what)
			}
		}),
	},
	{
		ID: "name-meaningless", Severity: SeverityWarning, Clause: bodyClause,
		Summary: "Names have a letter or a digit, and do not begin with a hyphen.",
		Fix:     "Choose a name that command lines do not read as an option.",
		check: eachEntity(func(at *source.Place, what string, report report) {
			if name, ok := at.Member("name").Text(); ok && cliFriendly.MatchString(name) && (name[0] == '-' || !wordy.MatchString(name)) {
				report(at.Member("name"), "the name %q of a %s looks like an option, or has no letter or digit", excerpt.Brief(name), what)
			}
		}),
	},
	{
		ID: "sm-reserved-plan-name", Platforms: refusedBy(ServiceManager), Clause: serviceManager,
		Summary: "No plan has the name reference-instance.",
		Fix:     "Rename the plan: Service Manager adds a plan with this name to services that can be shared.",
		check: eachPlan(func(p *source.Plan, report report) {
			if name, _ := p.Member("name").Text(); name == "reference-instance" {
				report(p.Member("name"), "the plan name %q is reserved", name)
			}
		}),
	},
}

// lengthRules are about texts that are too long. Lengths are in characters.
var lengthRules = []Rule{
	tooLong("id-long", SeverityWarning, nil, catalogClause, 255, "Use a GUID.", "id"),
	tooLong("kubernetes-id-long", "", refusedBy(Kubernetes), serviceCatalog, 63, "Use a GUID.", "id"),
	tooLong("name-long", SeverityWarning, refusedBy(ServiceManager), catalogClause, 255,
		"Shorten it, and put the name for display into metadata.displayName.", "name"),
	tooLong("kubernetes-name-long", "", refusedBy(Kubernetes), serviceCatalog, 63,
		"Shorten it, and put the name for display into metadata.displayName.", "name"),
	tooLong("description-long", SeverityWarning, nil, catalogClause, 255,
		"Shorten it, and put the rest into metadata.longDescription or metadata.bullets.", "description"),
	tooLong("cloudfoundry-description-long", "", refusedBy(CloudFoundry), cloudController, 10_000,
		"Shorten it, and put the rest into metadata.longDescription or metadata.bullets.", "description"),
	tooLong("display-name-long", SeverityWarning, nil, catalogClause, 255, "Shorten it.", "metadata", "displayName"),
	tooLong("maintenance-description-long", SeverityWarning, nil, catalogClause, 255,
		"Summarize what users will notice.", "maintenance_info", "description"),
}

func tooLong(id string, severity Severity, platforms map[Platform]Severity, clause string, limit int, fix string, path ...string) Rule {
	field := strings.Join(path, ".")
	article := "A"
	if field == "id" {
		article = "An"
	}
	return Rule{
		ID: id, Severity: severity, Platforms: platforms, Clause: clause,
		Summary: article + " " + field + " has at most " + strconv.Itoa(limit) + " characters.",
		Fix:     fix,
		check: eachEntity(func(at *source.Place, what string, report report) {
			text, ok := at.Path(path...).Text()
			if !ok || len(text) <= limit {
				return
			}
			if length := utf8.RuneCountInString(text); length > limit {
				report(at.Path(path...), "the %s of %s has %d characters, more than %d", field, title(at, what), length, limit)
			}
		}),
	}
}

// characterRules are about invisible characters.
var characterRules = []Rule{
	{
		ID: "surrounding-space", Severity: SeverityWarning, Clause: goodSense,
		Summary: "Ids and names neither begin nor end with white space.",
		Fix:     "Remove the white space while there are no instances.",
		check: eachEntity(func(at *source.Place, what string, report report) {
			for _, field := range []string{"id", "name"} {
				if text, ok := at.Member(field).Text(); ok && text != strings.TrimSpace(text) && strings.TrimSpace(text) != "" {
					report(at.Member(field), "the %s of %s begins or ends with white space", field, title(at, what))
				}
			}
		}),
	},
	{
		ID: "control-character", Severity: SeverityWarning, Clause: goodSense,
		Summary: "Ids, names and descriptions have no control characters.",
		Fix:     "Remove the characters: they can corrupt the terminal of users who list the services.",
		check: eachEntity(func(at *source.Place, what string, report report) {
			for _, field := range []string{"id", "name", "description"} {
				text, _ := at.Member(field).Text()
				if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
					report(at.Member(field), "the %s of %s has a control character", field, title(at, what))
				}
			}
		}),
	},
}
