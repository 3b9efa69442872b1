package simulator

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/openbroker/openbroker"
)

// The names of the parameters that choose a behaviour. All others mean nothing.
const (
	delayParameter   = "delay"
	faultParameter   = "fault"
	expiresParameter = "expires_in"
	renewParameter   = "renew_in"
)

const (
	// maxDelay is as good as forever for a platform that polls.
	maxDelay = time.Hour
	// operationDeadline leaves a delayed operation room for others to be
	// delayed with it, as a deprovision is by the bindings that are left.
	operationDeadline = 4 * maxDelay
	// defaultExpiry is how long a binding of the plan expiring is valid. It is
	// to be renewed after half of that.
	defaultExpiry = time.Hour
	maxExpiry     = 10 * 365 * 24 * time.Hour
)

// A behaviour is what parameters ask for.
type behaviour struct {
	delay                time.Duration
	fault                *Fault
	expiresIn, renewalIn time.Duration
}

// readBehaviour reads it from parameters that the platform sent, or from those
// that are stored. The error says what is wrong, for the user who wrote them.
func readBehaviour(parameters openbroker.Parameters, planID string, p place) (behaviour, error) {
	b := behaviour{expiresIn: defaultExpiry, renewalIn: -1}
	if len(parameters) == 0 || planID == SchemaPlanID {
		return b, nil // The schema has none of them.
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
		value, there := members[d.name]
		if !there || !d.read || string(value) == "null" {
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
	if value, there := members[faultParameter]; there && string(value) != "null" {
		if b.fault, err = decodeFault(value, "parameters."+faultParameter, p); err != nil {
			return b, invalid("%w", err)
		}
	}
	return b, nil
}

func invalid(format string, args ...any) error {
	return openbroker.ErrInvalidParameters.WithDescription("%s", fmt.Errorf(format, args...).Error())
}

// sameFault reports whether the parameters have the same fault, or none.
func sameFault(a, b *Fault) bool {
	one, _ := json.Marshal(a)
	other, _ := json.Marshal(b)
	return string(one) == string(other)
}

// carried is the fault that an operation's own parameters set for it; others
// wait in the record.
func carried(f *Fault, on Operation) *Fault {
	if f != nil && (f.On == "" || f.On == on) {
		return f
	}
	return nil
}

// waiting is the fault of a record for a later operation. One that names no
// operation was for the one that brought it.
func waiting(f *Fault, on Operation) *Fault {
	if f != nil && f.On == on {
		return f
	}
	return nil
}
