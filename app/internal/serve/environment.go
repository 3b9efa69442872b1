package serve

import (
	"os"
	"strings"

	"github.com/openbroker/openbroker"
)

// environmentOptions returns the options that the environment variables of
// openbrokerapi set. As in openbrokerapi, only "true" counts, in any case.
func environmentOptions() []openbroker.Option {
	var options []openbroker.Option
	if strings.EqualFold(os.Getenv("DISABLE_VERSION_CHECK"), "true") {
		options = append(options, openbroker.WithoutVersionCheck())
	}
	if strings.EqualFold(os.Getenv("DISABLE_SPACE_ORG_GUID_CHECK"), "true") {
		options = append(options, openbroker.WithoutOrganizationCheck())
	}
	return options
}
