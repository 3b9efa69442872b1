package sqlitefile

import (
	"encoding/json"
	"errors"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// planPages returns the quota of a plan in pages of PageSize bytes. ok is false if
// neither its settings nor its id have one.
func planPages(planID string, settings PlanSettings) (pages int64, ok bool) {
	if settings.MaxBytes > 0 {
		return settings.MaxBytes / PageSize, true
	}
	return knownPages(planID)
}

// knownPages returns the quota of a plan of Catalog.
func knownPages(planID string) (int64, bool) {
	switch planID {
	case SmallPlanID:
		return SmallPages, true
	case LargePlanID:
		return LargePages, true
	default:
		return 0, false
	}
}

// state is the stored state of an instance whose plan has settings. It keeps the quota
// after the plan is removed from the catalog.
type state struct {
	PlanID string `json:"plan_id"`
	Pages  int64  `json:"pages"`
}

// stateOf returns the state with the quota of the instance's plan.
func stateOf(instance durable.Instance) (json.RawMessage, error) {
	settings, err := provider.Plan[PlanSettings](instance)
	if errors.Is(err, provider.ErrPlanGone) {
		return nil, nil // The stored state stays.
	}
	if err != nil || settings.MaxBytes == 0 {
		return nil, err // The id of the plan determines the quota.
	}
	return json.Marshal(state{PlanID: instance.PlanID, Pages: settings.MaxBytes / PageSize})
}

// pagesOf returns the quota of an instance: that of its plan in the catalog or, if
// the plan was removed, the quota when the instance got the plan.
func pagesOf(instance durable.Instance) (int64, bool) {
	if settings, err := provider.Plan[PlanSettings](instance); err == nil {
		if pages, ok := planPages(instance.PlanID, settings); ok {
			return pages, true
		}
	}
	if pages, ok := keptPages(instance); ok {
		return pages, true
	}
	return knownPages(instance.PlanID)
}

func keptPages(instance durable.Instance) (int64, bool) {
	var kept state
	if len(instance.State) == 0 || json.Unmarshal(instance.State, &kept) != nil || kept.PlanID != instance.PlanID || kept.Pages < 1 {
		return 0, false
	}
	return kept.Pages, true
}
