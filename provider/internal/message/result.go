package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// ErrRetry is the cause of another attempt that a provider asks for without an error for
// the platform.
var ErrRetry = errors.New("the provider asks for another attempt")

// Err returns nil for a result, an [*openbroker.Error] for an error, and an error of
// [durable.Retryable] for another attempt.
func (a *Answer) Err() error {
	var err error
	if a.Error != nil {
		public := openbroker.NewError(a.Error.Status, a.Error.Code, a.Error.Description)
		public.InstanceUsable, public.UpdateRepeatable = a.Error.InstanceUsable, a.Error.UpdateRepeatable
		err = public
	}
	if a.RetryAfter == nil {
		return err
	}
	if err == nil {
		err = ErrRetry
	}
	return durable.Retryable(err, time.Duration(*a.RetryAfter*float64(time.Second)))
}

// Provisioned returns the result of a provision.
func (a *Answer) Provisioned() durable.ProvisionResult {
	return durable.ProvisionResult{DashboardURL: a.DashboardURL, Metadata: a.Metadata, State: present(a.State)}
}

// Updated returns the result of an update.
func (a *Answer) Updated() durable.UpdateResult {
	return durable.UpdateResult{DashboardURL: a.DashboardURL, Metadata: a.Metadata, State: present(a.State)}
}

// Bound returns the result of a bind. The error says that the service does not require a
// permission that the binding needs, which platforms would refuse. service is nil if the
// catalog no longer has it.
func (a *Answer) Bound(service *openbroker.Service) (durable.BindResult, error) {
	bound := durable.BindResult{
		Credentials: a.Credentials, SyslogDrainURL: a.SyslogDrainURL, RouteServiceURL: a.RouteServiceURL,
		VolumeMounts: a.VolumeMounts, Endpoints: a.Endpoints,
		ExpiresAt: a.ExpiresAt, RenewBefore: a.RenewBefore, State: present(a.State),
	}
	var missing []string
	for _, p := range []struct {
		present            bool
		member, permission string
	}{
		{a.SyslogDrainURL != "", "syslog_drain_url", openbroker.PermissionSyslogDrain},
		{a.RouteServiceURL != "", "route_service_url", openbroker.PermissionRouteForwarding},
		{len(a.VolumeMounts) > 0, "volume_mounts", openbroker.PermissionVolumeMount},
	} {
		if p.present && service != nil && !slices.Contains(service.Requires, p.permission) {
			missing = append(missing, fmt.Sprintf("the answer has %s, but the service %q does not require %q: add it to requires in the catalog", p.member, service.Name, p.permission))
		}
	}
	if len(missing) > 0 {
		return durable.BindResult{}, errors.New(strings.Join(missing, "; "))
	}
	return bound, nil
}

// present returns nil for null.
func present(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}
