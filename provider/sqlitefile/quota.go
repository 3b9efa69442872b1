package sqlitefile

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// QuotaField is the extension field of a plan with the maximum size of a database:
// sqlitefile: {max_bytes: 67108864}. Only the plans of [Catalog] do not need it.
const QuotaField = "sqlitefile"

// maxPages is the limit of SQLite.
const maxPages = 4294967294

// quotaField is the value of QuotaField.
type quotaField struct {
	MaxBytes *int64 `json:"max_bytes"`
}

// Check returns an error that names all plans of a catalog without a valid quota,
// which the provider cannot serve. It does not check other fields.
func Check(c *openbroker.Catalog) error {
	var problems []error
	for i := range c.Services {
		for j := range c.Services[i].Plans {
			plan := &c.Services[i].Plans[j]
			_, ok, err := planPages(plan)
			if err == nil && !ok {
				err = fmt.Errorf("has no quota: add %s: {max_bytes: NUMBER} to the plan", QuotaField)
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("the plan %q (%s) of the service %q %w", plan.Name, plan.ID, c.Services[i].Name, err))
			}
		}
	}
	return errors.Join(problems...)
}

// planPages returns the quota of a plan in pages of PageSize bytes.
func planPages(plan *openbroker.Plan) (pages int64, ok bool, err error) {
	raw, ok := plan.Extensions[QuotaField]
	if !ok {
		pages, ok = knownPages(plan.ID)
		return pages, ok, nil
	}
	var field quotaField
	if err := json.Unmarshal(raw, &field); err != nil || field.MaxBytes == nil {
		return 0, false, fmt.Errorf("has a field %s that is not {max_bytes: NUMBER}", QuotaField)
	}
	pages = *field.MaxBytes / PageSize
	if pages < 1 || pages > maxPages {
		return 0, false, fmt.Errorf("has a max_bytes of %d in %s: it must be from %d to %d", *field.MaxBytes, QuotaField, PageSize, int64(maxPages)*PageSize)
	}
	return pages, true, nil
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

// state is the stored state of an instance whose plan has a QuotaField. It keeps the
// quota after the plan is removed from the catalog.
type state struct {
	PlanID string `json:"plan_id"`
	Pages  int64  `json:"pages"`
}

// stateOf returns the state with the quota of the instance's plan.
func stateOf(instance durable.Instance) (json.RawMessage, error) {
	if instance.Plan == nil || instance.Plan.Extensions[QuotaField] == nil {
		return nil, nil // The id of the plan determines the quota.
	}
	pages, ok, err := planPages(instance.Plan)
	if err != nil || !ok {
		return nil, err
	}
	return json.Marshal(state{PlanID: instance.PlanID, Pages: pages})
}

// pagesOf returns the quota of an instance: that of its plan in the catalog or, if
// the plan was removed, the quota when the instance got the plan.
func pagesOf(instance durable.Instance) (int64, bool) {
	if instance.Plan != nil {
		if pages, ok, err := planPages(instance.Plan); ok && err == nil {
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
