package rabbitmq

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// state is the stored state of an instance. It keeps the settings of its plan for the
// time after the plan was removed from the catalog.
type state struct {
	PlanID   string          `json:"plan_id"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

// stateOf returns the state with the settings of the instance's plan.
func stateOf(instance durable.Instance) (json.RawMessage, error) {
	return json.Marshal(state{PlanID: instance.PlanID, Settings: instance.PlanSettings})
}

// settingsOf returns the settings of an instance's plan or, if the catalog no longer has
// it, those when the instance got the plan.
func settingsOf(instance durable.Instance) (PlanSettings, error) {
	settings, err := provider.Plan[PlanSettings](instance)
	if !errors.Is(err, provider.ErrPlanGone) {
		return settings, err
	}
	var kept state
	if len(instance.State) == 0 || json.Unmarshal(instance.State, &kept) != nil || kept.PlanID != instance.PlanID {
		return settings, err
	}
	instance.Plan, instance.PlanSettings = &openbroker.Plan{ID: kept.PlanID}, kept.Settings
	return provider.Plan[PlanSettings](instance)
}

// caps returns the definition of the operator policy; times are in milliseconds.
func (s PlanSettings) caps() map[string]int64 {
	caps := map[string]int64{}
	for name, n := range map[string]int64{
		"max-length": s.MaxLength, "max-length-bytes": s.MaxLengthBytes,
		"message-ttl": time.Duration(s.MessageTTL).Milliseconds(), "expires": time.Duration(s.Expires).Milliseconds(),
	} {
		if n > 0 {
			caps[name] = n
		}
	}
	return caps
}
