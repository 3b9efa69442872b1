package simulator

import (
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// bound returns the result of a bind, by the plan (spec.md, "Types of
// Binding"). It depends on the operation, not on the attempt. So a binding that is
// deleted and created again has other credentials.
func bound(b *durable.Binding, operationID string, asked behaviour, now time.Time) durable.BindResult {
	const host, port = "service.simulated.example", "4711"
	user, password := b.ResourceName(), strings.TrimSuffix(strings.TrimPrefix(name("password", b.ResourceName(), operationID), "simulator_"), "_")
	result := durable.BindResult{
		Credentials: openbroker.Credentials{
			"uri":      "simulated://" + user + ":" + password + "@" + host + ":" + port + "/" + b.Instance.ResourceName(),
			"username": user, "password": password, "host": host, "port": 4711, "instance": b.Instance.ResourceName(),
		},
		State: state,
	}
	switch b.Instance.PlanID {
	case EndpointsPlanID:
		result.Endpoints = []openbroker.Endpoint{{Host: host, Ports: []string{port}, Protocol: "tcp"}}
	case ExpiringPlanID:
		result.ExpiresAt, result.RenewBefore = now.Add(asked.expiresIn), now.Add(asked.renewalIn)
	case RoutePlanID:
		if b.BindResource != nil && b.BindResource.Route != "" {
			result.RouteServiceURL = "https://route.simulated.example/" + b.ResourceName()
		}
	case SyslogPlanID:
		result.SyslogDrainURL = "syslog-tls://logs.simulated.example:6514/" + b.ResourceName()
	case VolumePlanID:
		result.VolumeMounts = []openbroker.VolumeMount{{
			Driver: "simulated", ContainerDir: "/var/simulated/" + b.ResourceName(), Mode: "rw", DeviceType: "shared",
			Device: openbroker.VolumeDevice{VolumeID: b.Instance.ResourceName(), MountConfig: map[string]any{"server": host}},
		}}
	}
	return result
}
