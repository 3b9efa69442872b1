package simulator

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// provider runs operations: it waits, fails if configured, and generates
// results. It creates no resources, so repeated attempts are harmless.
type provider struct {
	clock  Clock
	tally  tally
	faults *faults
	delay  *delay
}

var (
	_ durable.RequestChecker    = (*provider)(nil)
	_ durable.DashboardProvider = (*provider)(nil)
)

// CheckInstance refuses plan updates except from updateable to sync (spec.md,
// "Updating a Service Instance").
func (p *provider) CheckInstance(_ context.Context, i durable.Instance, previous *durable.Instance) error {
	if previous != nil && i.PlanID != previous.PlanID && i.PlanID != SyncPlanID {
		return openbroker.ErrPlanChangeNotSupported.WithDescription("An instance of the plan %s can change only to the plan sync.", planNames[previous.PlanID])
	}
	return nil
}

// CheckBinding refuses a bind without an application (spec.md, "Binding").
func (p *provider) CheckBinding(_ context.Context, b durable.Binding) error {
	if b.Instance.PlanID == AppOnlyPlanID && b.AppGUID == "" {
		return openbroker.ErrRequiresApp
	}
	return nil
}

// DashboardURL returns a URL that identifies the instance, as the specification
// requires.
func (p *provider) DashboardURL(_ context.Context, i durable.Instance) (string, error) {
	return "https://dashboard.simulated.example/" + i.ResourceName(), nil
}

// state marks a created resource. A deletion without state is a clean-up, to which no
// fault applies.
var state = json.RawMessage(`{"created":true}`)

// Provision implements [durable.Provider].
func (p *provider) Provision(ctx context.Context, task *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	asked, err := readBehaviour(i.Parameters, i.PlanID, inInstance)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	w := work{task: task, at: instanceRequest(OnProvision, &i), delay: asked.delay}
	w.add(carried(asked.fault, OnProvision), ownerOf(&i))
	if err := p.carryOut(ctx, &w); err != nil {
		return durable.ProvisionResult{}, err
	}
	return durable.ProvisionResult{Metadata: metadata(&i), State: state}, nil
}

// Update implements [durable.Provider].
func (p *provider) Update(ctx context.Context, task *durable.Task, i, previous durable.Instance) (durable.UpdateResult, error) {
	asked, err := readBehaviour(i.Parameters, i.PlanID, inInstance)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	before, err := readBehaviour(previous.Parameters, previous.PlanID, inInstance)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	w := work{task: task, at: instanceRequest(OnUpdate, &previous), delay: asked.delay}
	if !sameFault(asked.fault, before.fault) { // The provider does not see the request, so it compares the parameters.
		w.add(carried(asked.fault, OnUpdate), ownerOf(&i))
	} else {
		w.add(waiting(asked.fault, OnUpdate), ownerOf(&i))
	}
	if err := p.carryOut(ctx, &w); err != nil {
		return durable.UpdateResult{}, err
	}
	return durable.UpdateResult{Metadata: metadata(&i)}, nil
}

// Deprovision implements [durable.Provider].
func (p *provider) Deprovision(ctx context.Context, task *durable.Task, i durable.Instance) error {
	asked, err := readBehaviour(i.Parameters, i.PlanID, inInstance)
	if err != nil {
		return err
	}
	w := work{task: task, at: instanceRequest(OnDeprovision, &i), delay: asked.delay, cleansUp: i.State == nil}
	w.add(waiting(asked.fault, OnDeprovision), ownerOf(&i))
	if err := p.carryOut(ctx, &w); err != nil || w.cleansUp {
		return err
	}
	return p.tally.end(ctx, ownerOf(&i), asked.fault, task.ID())
}

// Bind implements [durable.Provider].
func (p *provider) Bind(ctx context.Context, task *durable.Task, b durable.Binding) (durable.BindResult, error) {
	w, asked, err := p.bindingWork(task, OnBind, &b)
	if err != nil {
		return durable.BindResult{}, err
	}
	if err := p.carryOut(ctx, w); err != nil {
		return durable.BindResult{}, err
	}
	return bound(&b, task.ID(), asked, p.clock.Now()), nil
}

// Unbind implements [durable.Provider].
func (p *provider) Unbind(ctx context.Context, task *durable.Task, b durable.Binding) error {
	w, asked, err := p.bindingWork(task, OnUnbind, &b)
	if err != nil {
		return err
	}
	w.cleansUp = b.State == nil
	if err := p.carryOut(ctx, w); err != nil || w.cleansUp {
		return err
	}
	o := ownerOf(&b.Instance)
	o.bindingID = b.ID
	return p.tally.end(ctx, o, asked.fault, task.ID())
}

func (p *provider) bindingWork(task *durable.Task, on Operation, b *durable.Binding) (*work, behaviour, error) {
	asked, err := readBehaviour(b.Parameters, b.Instance.PlanID, inBinding)
	if err != nil {
		return nil, asked, err
	}
	ofInstance, err := readBehaviour(b.Instance.Parameters, b.Instance.PlanID, inInstance)
	if err != nil {
		return nil, asked, err
	}
	w := &work{task: task, at: instanceRequest(on, &b.Instance), delay: asked.delay}
	w.at.bindingID = b.ID
	own := waiting(asked.fault, on)
	if on == OnBind && b.PredecessorID == "" { // A successor inherits its parameters.
		own = carried(asked.fault, on)
	}
	o := ownerOf(&b.Instance)
	w.add(waiting(ofInstance.fault, on), o)
	o.bindingID = b.ID
	w.add(own, o)
	return w, asked, nil
}

// work is the configured misbehaviour of an operation.
type work struct {
	task       *durable.Task
	at         request
	delay      time.Duration
	candidates []candidate
	// cleansUp is true if the operation deletes a resource that was never created.
	cleansUp bool
}

// A candidate is a fault of parameters, with its owner.
type candidate struct {
	*Fault
	owner owner
}

func (w *work) add(f *Fault, o owner) {
	if f != nil {
		w.candidates = append(w.candidates, candidate{f, o})
	}
}

// carryOut waits, and then fails if configured.
func (p *provider) carryOut(ctx context.Context, w *work) error {
	if err := p.wait(ctx, w.task, max(w.delay, p.delay.get())); err != nil {
		return err
	}
	if w.cleansUp {
		return nil
	}
	f, err := w.fault(ctx, p)
	if err != nil {
		// The store is unavailable, or another replica has the operation.
		return durable.Retryable(err, time.Second)
	}
	if f == nil {
		return nil
	}
	status := http.StatusInternalServerError
	if w.at.on == OnDeprovision || w.at.on == OnUnbind {
		status = http.StatusUnprocessableEntity // The engine retries after a 500.
	}
	return f.err(status)
}

// fault returns the fault that makes the operation fail, or nil.
func (w *work) fault(ctx context.Context, p *provider) (*Fault, error) {
	for _, c := range w.candidates {
		if !c.ofOperation() {
			continue
		}
		taken, err := p.tally.take(ctx, c.owner, w.at.on, c.Fault, w.task.ID())
		if err != nil || taken {
			return c.Fault, err
		}
	}
	return p.faults.take(w.at, (*Fault).ofOperation), nil
}

// wait waits until the delay has passed since the first attempt. After a crash,
// it waits only for the remaining time.
func (p *provider) wait(ctx context.Context, task *durable.Task, delay time.Duration) error {
	if delay <= 0 {
		return nil
	}
	var begun time.Time
	found, err := task.Load(&begun)
	if err != nil {
		return err
	}
	if !found {
		begun = p.clock.Now()
		if err := task.Save(ctx, begun); err != nil {
			return err
		}
	}
	_ = task.Report(ctx, "The operation takes "+delay.String()+", as configured.") // The report is optional.
	if left := begun.Add(delay).Sub(p.clock.Now()); left > 0 {
		return p.clock.Sleep(ctx, left)
	}
	return nil
}

func ownerOf(i *durable.Instance) owner { return owner{platform: i.Platform, instanceID: i.ID} }

func instanceRequest(on Operation, i *durable.Instance) request {
	return request{on: on, instanceID: i.ID, planID: i.PlanID}
}

func metadata(i *durable.Instance) *openbroker.InstanceMetadata {
	return &openbroker.InstanceMetadata{Attributes: map[string]any{"plan": planNames[i.PlanID], "resource": i.ResourceName()}}
}
