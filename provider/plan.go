package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/internal/settings"
	"github.com/openbroker/openbroker/internal/tree"
)

// ErrPlanGone says that the catalog no longer has the plan of an instance, and with it
// the settings, or that the service has moved to a provider of another kind, whose
// settings the plan now has. A provider that needs them to delete an instance keeps them
// in its State.
var ErrPlanGone = errors.New("the catalog no longer has the plan for this provider")

// settingsGone are the PlanSettings of an instance whose plan has settings for another
// kind of provider. A catalog cannot have them.
const settingsGone = "null"

// Plan returns the settings that the plan of an instance has for its provider, of the
// Plan of its [Spec]. Absent fields have their defaults. It needs an instance that a
// [Dispatcher] passed on. The error wraps ErrPlanGone, or says what is wrong with the
// settings, which catalogs were checked for.
func Plan[T any](instance durable.Instance) (T, error) {
	var plan T
	if instance.Plan == nil || string(instance.PlanSettings) == settingsGone {
		return plan, fmt.Errorf("the settings of the plan %q: %w", instance.PlanID, ErrPlanGone)
	}
	problems, err := decodePlan(instance.PlanSettings, "", "", &plan)
	if err == nil && len(problems) > 0 {
		messages := make([]string, len(problems))
		for i := range problems {
			messages[i] = problems[i].Message
		}
		err = errors.New(strings.Join(messages, "; "))
	}
	if err != nil {
		return plan, fmt.Errorf("the settings of the plan %q: %w", instance.PlanID, err)
	}
	return plan, nil
}

// decodePlan decodes settings of a plan; without any, it sets the defaults. name and
// pointer lead to them. The error says that they are not JSON.
func decodePlan(raw json.RawMessage, name, pointer string, into any) ([]settings.Problem, error) {
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	node, err := tree.ParseJSON("", raw)
	if err != nil {
		return nil, err
	}
	document := settings.NewDocument("", nil)
	d := &settings.Decoder{Document: document, Problems: document.Collector(), Defaults: true}
	d.DecodeAt(node, name, pointer, into)
	return d.Problems.Problems(), nil
}
