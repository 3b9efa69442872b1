//go:build unix

package main

import (
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

const serviceID = "chaos-service"

// The plans, one for each policy.
const (
	planAuto     = "auto"
	planLarge    = "auto-large"
	planSync     = "sync"
	planAsync    = "async"
	planParallel = "parallel"
	planHasty    = "hasty"
	planManual   = "manual"
)

// plans lists the plans for a random choice. A plan that occurs more often is chosen
// more often.
var plans = []string{
	planAuto, planAuto, planAuto, planLarge, planSync, planSync, planAsync, planAsync, planAsync,
	planParallel, planParallel, planHasty, planManual,
}

// hastyDeadline is shorter than an outage, so operations can exceed it.
const hastyDeadline = 6 * time.Second

func offer() *openbroker.Catalog {
	service := openbroker.Service{
		ID: serviceID, Name: "chaos", Description: "Keeps a ledger.", Bindable: true, PlanUpdateable: true,
		InstancesRetrievable: true, BindingsRetrievable: true,
	}
	for _, id := range []string{planAuto, planLarge, planSync, planAsync, planParallel, planHasty, planManual} {
		service.Plans = append(service.Plans, openbroker.Plan{ID: id, Name: id, Description: "See its policy."})
	}
	return &openbroker.Catalog{Services: []openbroker.Service{service}}
}

func policies() map[string]durable.Policy {
	return map[string]durable.Policy{
		planSync:     {Mode: durable.ModeSynchronous},
		planAsync:    {Mode: durable.ModeAsynchronous},
		planParallel: {Mode: durable.ModeAsynchronous, ParallelBindings: new(true)},
		planHasty:    {Mode: durable.ModeAsynchronous, Deadline: hastyDeadline},
		planManual:   {Cleanup: durable.CleanupManual},
	}
}

// defaultPolicy has a deadline that is longer than every fault. Only operations of
// the plan hasty may exceed their deadline.
func defaultPolicy() durable.Policy {
	return durable.Policy{
		SyncWait: 300 * time.Millisecond, Deadline: 3 * time.Minute, Attempts: 6,
		BackoffMin: 20 * time.Millisecond, BackoffMax: 500 * time.Millisecond, ParallelBindings: new(false),
	}
}
