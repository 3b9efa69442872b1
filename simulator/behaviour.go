package simulator

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/openbroker/openbroker"
)

// The names of the parameters that choose a behaviour. Other parameters have no
// effect.
const (
	delayParameter   = "delay"
	faultParameter   = "fault"
	expiresParameter = "expires_in"
	renewParameter   = "renew_in"
)

const (
	// maxDelay is the longest delay.
	maxDelay = time.Hour
	// operationDeadline leaves time for the delays of several operations: a
	// deprovision also unbinds the remaining bindings.
	operationDeadline = 4 * maxDelay
	// defaultExpiry is the lifetime of a binding of the plan expiring. Its
	// renew_before is half of that.
	defaultExpiry = time.Hour
	maxExpiry     = 10 * 365 * 24 * time.Hour
)

// A behaviour is the behaviour that parameters configure.
type behaviour struct {
	delay                time.Duration
	fault                *Fault
	expiresIn, renewalIn time.Duration
}

// readBehaviour reads a behaviour from sent or stored parameters. Its error is
// for the user who wrote them.
func readBehaviour(parameters openbroker.Parameters, planID string, p place) (behaviour, error) {
	b := behaviour{expiresIn: defaultExpiry, renewalIn: -1}
	if len(parameters) == 0 || planID == SchemaPlanID {
		return b, nil // The schema does not allow these parameters.
	}
	members, err := object(json.RawMessage(parameters))
	if err != nil {
		return b, invalid("parameters %w", err)
	}
	durations := []struct {
		name    string
		into    *time.Duration
		longest time.Duration
		read    bool
	}{
		{delayParameter, &b.delay, maxDelay, true},
		{expiresParameter, &b.expiresIn, maxExpiry, p == inBinding && planID == ExpiringPlanID},
		{renewParameter, &b.renewalIn, maxExpiry, p == inBinding && planID == ExpiringPlanID},
	}
	for _, d := range durations {
		value, found := members[d.name]
		if !found || !d.read || string(value) == "null" {
			continue
		}
		var text Duration
		if err := readDuration(&text, value); err != nil {
			return b, invalid("parameters.%s %w", d.name, err)
		}
		if *d.into = time.Duration(text); *d.into > d.longest {
			return b, invalid("parameters.%s must not be longer than %s", d.name, d.longest)
		}
	}
	if b.renewalIn < 0 {
		b.renewalIn = b.expiresIn / 2
	}
	if b.renewalIn > b.expiresIn {
		return b, invalid("parameters.%s must not be longer than %s", renewParameter, expiresParameter)
	}
	if value, found := members[faultParameter]; found && string(value) != "null" {
		if b.fault, err = decodeFault(value, "parameters."+faultParameter, p); err != nil {
			return b, invalid("%w", err)
		}
	}
	return b, nil
}

func invalid(format string, args ...any) error {
	return openbroker.ErrInvalidParameters.WithDescription("%s", fmt.Errorf(format, args...).Error())
}

// sameFault reports whether two faults are equal, or both nil.
func sameFault(a, b *Fault) bool {
	one, _ := json.Marshal(a)
	other, _ := json.Marshal(b)
	return string(one) == string(other)
}

// carried returns the fault in the parameters of a request if it is for the
// operation of this request. Any other fault is for a later operation.
func carried(f *Fault, on Operation) *Fault {
	if f != nil && (f.On == "" || f.On == on) {
		return f
	}
	return nil
}

// waiting returns the fault in the parameters of a record if it names the
// operation. A fault without an operation applied to the request that carried it.
func waiting(f *Fault, on Operation) *Fault {
	if f != nil && f.On == on {
		return f
	}
	return nil
}
