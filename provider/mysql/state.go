package mysql

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// A state has what later operations on an instance need of its plan, for the time after
// the plan was removed from the catalog.
type state struct {
	ConnectionLimit  int64             `json:"connection_limit"`
	StatementTimeout provider.Duration `json:"statement_timeout"` // Nanoseconds.
	RequireTLS       bool              `json:"require_tls"`
	Profiles         []string          `json:"credential_profiles"`
}

func stateOf(s PlanSettings) (json.RawMessage, error) {
	return json.Marshal(state{s.ConnectionLimit, s.StatementTimeout, s.RequireTLS, s.Profiles})
}

// settingsOf returns the settings of the plan of an instance or, if the catalog no
// longer has the plan, those that the instance had last.
func settingsOf(instance durable.Instance) (PlanSettings, error) {
	settings, err := provider.Plan[PlanSettings](instance)
	if !errors.Is(err, provider.ErrPlanGone) {
		return settings, err
	}
	var kept state
	if len(instance.State) == 0 {
		return PlanSettings{}, err
	}
	if err := json.Unmarshal(instance.State, &kept); err != nil {
		return PlanSettings{}, fmt.Errorf("read the state of the instance: %w", err)
	}
	return PlanSettings{
		ConnectionLimit: kept.ConnectionLimit, StatementTimeout: kept.StatementTimeout, RequireTLS: kept.RequireTLS, Profiles: kept.Profiles,
	}, nil
}
