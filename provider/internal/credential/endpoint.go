package credential

import (
	"strconv"

	"github.com/openbroker/openbroker"
)

// Endpoints returns where applications connect, for platforms that open their networks.
func Endpoints(hosts []Host) []openbroker.Endpoint {
	list := make([]openbroker.Endpoint, len(hosts))
	for i, host := range hosts {
		list[i] = openbroker.Endpoint{Host: host.Name, Ports: []string{strconv.Itoa(host.Port)}, Protocol: "tcp"}
	}
	return list
}
