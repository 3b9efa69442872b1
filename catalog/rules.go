package catalog

import "slices"

// rules are all of them. Each list is about one object, in the order of the
// specification.
var rules = slices.Concat(fileRules, responseRules, typeRules)

// Pages of the specification, and what is known of the platforms.
const (
	specPage      = "https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/spec.md"
	profilePage   = "https://github.com/openservicebrokerapi/servicebroker/blob/v2.17/profile.md"
	openbrokerDoc = "https://github.com/openbroker/openbroker/blob/main/docs/catalog.md"
)
