package spelling

import "strings"

// FullID returns the id of a rule or check, or a pattern of ids, with the full name of the
// platform: cf- is short for cloudfoundry-.
func FullID(id string) string {
	if rest, short := strings.CutPrefix(id, "cf-"); short {
		return "cloudfoundry-" + rest
	}
	return id
}
