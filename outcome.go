package openbroker

import (
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// What a broker answers is held to the specification here. A violation is a
// fault in the broker: it is logged, and the platform gets a 500.

// checkOutcome returns the status of a response whose success is done.
func (c *call) checkOutcome(outcome Outcome, operation string, acceptsIncomplete bool, done int) (int, *Error) {
	switch outcome {
	case Created:
		return done, nil
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

// checkBinding checks what a binding must not contain. service is nil if it is
// unknown.
func (c *call) checkBinding(service *Service, b *GetBindingResponse) *Error {
	for _, field := range [...]struct {
		name, permission string
		present          bool
	}{
		{"syslog_drain_url", RequiresSyslogDrain, b.SyslogDrainURL != ""},
		{"route_service_url", RequiresRouteForwarding, b.RouteServiceURL != ""},
		{"volume_mounts", RequiresVolumeMount, len(b.VolumeMounts) > 0},
	} {
		if field.present && service != nil && !slices.Contains(service.Requires, field.permission) {
			return c.programmingError("the binding has %s, but the service %q does not require %q", field.name, service.Name, field.permission)
		}
	}
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

// checkObject checks raw JSON from a broker.
func (c *call) checkObject(field string, raw Parameters) *Error {
	if len(raw) > 0 && !isObject(raw) {
		return c.programmingError("%s is not a JSON object", field)
	}
	return nil
}
