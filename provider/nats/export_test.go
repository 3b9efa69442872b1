package nats

import (
	"context"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
)

// DefinitionWithTicks is Definition for providers that compare the accounts with the
// records at each tick.
func DefinitionWithTicks(ticks <-chan time.Time) provider.Definition {
	return provider.Define(provider.Spec[Settings, PlanSettings]{
		Name: definitionName, Doc: "accounts of a NATS server", Catalog: catalogYAML, SerialBindings: true,
		New: func(ctx context.Context, settings Settings, host provider.Host) (durable.Provider, error) {
			p, err := start(ctx, settings, host)
			if err == nil {
				p.ticks = ticks
			}
			return p, err
		},
	})
}

// CheckSubject checks a subject of a plan.
var CheckSubject = checkSubject
