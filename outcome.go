package openbroker

import (
	"log/slog"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// The functions below check the responses of a broker against the specification. A
// violation is a fault of the broker: the handler logs it and answers with 500.

// checkOutcome returns the HTTP status for an outcome; completed is the status for
// Completed.
func (c *call) checkOutcome(outcome Outcome, operation string, acceptsIncomplete bool, completed int) (int, *Error) {
	switch outcome {
	case Completed:
		return completed, nil
	case AlreadyExists:
		return http.StatusOK, nil
	case Accepted:
		if !acceptsIncomplete {
			return 0, c.programmingError("the outcome is Accepted, but the request has no accepts_incomplete=true; return ErrAsyncRequired instead")
		}
		if n := utf8.RuneCountInString(operation); n > maxOperationLength {
			return 0, c.programmingError("the operation has %d characters, more than %d", n, maxOperationLength)
		}
		return http.StatusAccepted, nil
	default:
		return 0, c.programmingError("the outcome is %v", outcome)
	}
}

// replyDelete answers a deprovision or unbind.
func (c *call) replyDelete(outcome Outcome, response any, operation string, retryAfter time.Duration, acceptsIncomplete bool) *Error {
	if outcome == AlreadyExists {
		return c.programmingError("the outcome of a deletion is AlreadyExists")
	}
	status, err := c.checkOutcome(outcome, operation, acceptsIncomplete, http.StatusOK)
	if err != nil {
		return err
	}
	if status == http.StatusOK {
		return c.reply(status, struct{}{})
	}
	c.retryAfter(retryAfter)
	return c.reply(status, response)
}

// A permission is the entry in requires that a field of a binding needs.
type permission struct{ field, requires string }

// permissions returns the permissions that a binding needs.
func (b *GetBindingResponse) permissions() []permission {
	var needed []permission
	if b.SyslogDrainURL != "" {
		needed = append(needed, permission{"syslog_drain_url", PermissionSyslogDrain})
	}
	if b.RouteServiceURL != "" {
		needed = append(needed, permission{"route_service_url", PermissionRouteForwarding})
	}
	if len(b.VolumeMounts) > 0 {
		needed = append(needed, permission{"volume_mounts", PermissionVolumeMount})
	}
	return needed
}

// checkPermissions checks a binding that the broker has just created. service is
// nil if a rotation does not name it.
func (c *call) checkPermissions(service *Service, b *GetBindingResponse) *Error {
	for _, p := range b.permissions() {
		if service != nil && !slices.Contains(service.Requires, p.requires) {
			return c.programmingError("the binding has %s, but the service %q does not require %q: add it to the service's requires in the catalog", p.field, service.Name, p.requires)
		}
	}
	return nil
}

// warnAboutPermissions logs the permissions that the catalog lacks for a fetched
// binding. It does not change the response, because the service of the binding is
// only a hint of the platform. Without a hint it warns if no service of the catalog
// requires the permission.
func (c *call) warnAboutPermissions(b *GetBindingResponse) {
	needed := b.permissions()
	if len(needed) == 0 {
		return
	}
	version, err := c.current()
	if err != nil {
		return // The response does not depend on the catalog.
	}
	hinted := version.services[c.serviceID]
	for _, p := range needed {
		permitted := false
		for _, service := range version.services {
			permitted = permitted || (hinted == nil || hinted == service) && slices.Contains(service.Requires, p.requires)
		}
		if !permitted {
			c.logger.LogAttrs(c.r.Context(), slog.LevelWarn, "platforms refuse the binding: add the permission to the service's requires in the catalog",
				slog.String("field", p.field), slog.String("requires", p.requires), slog.String("service_id", shorten(c.serviceID)),
				slog.String("instance_id", shorten(c.target.instanceID)), slog.String("binding_id", shorten(c.target.bindingID)))
		}
	}
}

// checkBinding checks the fields of a binding that do not depend on its service.
func (c *call) checkBinding(b *GetBindingResponse) *Error {
	if m := b.Metadata; m != nil && !m.ExpiresAt.IsZero() && m.RenewBefore.After(m.ExpiresAt) {
		return c.programmingError("renew_before of the binding is later than expires_at")
	}
	for i := range b.Endpoints {
		if b.Endpoints[i].Host == "" || len(b.Endpoints[i].Ports) == 0 {
			return c.programmingError("endpoints[%d] of the binding needs a host and at least one port", i)
		}
	}
	return nil
}

// checkObject checks that raw JSON from a broker, if present, is an object.
func (c *call) checkObject(field string, raw Parameters) *Error {
	if len(raw) > 0 && !isObject(raw) {
		return c.programmingError("%s is not a JSON object", field)
	}
	return nil
}
