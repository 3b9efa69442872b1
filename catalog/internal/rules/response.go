package rules

import (
	"mime"
	"strings"

	"github.com/openbroker/openbroker/internal/excerpt"
)

// responseRules are about the responses of running brokers.
var responseRules = []Rule{
	{
		ID: "response-status", Severity: SeverityError,
		Clause:  "spec.md, Response",
		Summary: "A broker serves its catalog with status 200.",
		Fix:     "Check the URL and the credentials, then the log of the broker. Platforms do not follow redirects.",
	},
	{
		ID: "response-content-type", Severity: SeverityWarning,
		Clause:  "spec.md, Content Type",
		Summary: "A broker serves its catalog as application/json.",
		Fix:     "Respond with Content-Type: application/json.",
		check: func(c *checked, report report) {
			if c.Header == nil {
				return
			}
			given := c.Header.Get("Content-Type")
			media, _, err := mime.ParseMediaType(given)
			if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
				report(c.Place, "the Content-Type is %q instead of application/json", excerpt.Brief(given))
			}
		},
	},
}
