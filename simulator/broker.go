package simulator

import (
	"context"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// broker decides which responses get a fault. The engine answers all other
// requests.
type broker struct {
	engine *durable.Engine
	store  durable.Store
	tally  tally
	faults *faults
}

var _ openbroker.Broker = (*broker)(nil)

// Catalog implements [openbroker.Broker]. The handler calls it for every
// request; only a request for the catalog itself gets a fault.
func (b *broker) Catalog(ctx context.Context) (*openbroker.Catalog, error) {
	x := exchangeFrom(ctx)
	if x.route.operation != OnCatalog {
		return b.engine.Catalog(ctx)
	}
	return answer(x, b.control(request{on: OnCatalog}), func() (*openbroker.Catalog, error) { return b.engine.Catalog(ctx) })
}

// Provision implements [openbroker.Broker].
func (b *broker) Provision(ctx context.Context, r *openbroker.ProvisionRequest) (*openbroker.ProvisionResponse, error) {
	asked, err := readBehaviour(r.Parameters, r.PlanID, inInstance)
	if err != nil {
		return nil, err
	}
	c := b.begin(ctx, &r.Caller, request{OnProvision, r.InstanceID, "", r.PlanID})
	c.add(carried(asked.fault, OnProvision), "")
	return change(c, func() (*openbroker.ProvisionResponse, error) { return b.engine.Provision(ctx, r) },
		func(r *openbroker.ProvisionResponse) (openbroker.Outcome, string) { return r.Outcome, r.Operation })
}

// Update implements [openbroker.Broker].
func (b *broker) Update(ctx context.Context, r *openbroker.UpdateRequest) (*openbroker.UpdateResponse, error) {
	c := b.begin(ctx, &r.Caller, request{OnUpdate, r.InstanceID, "", r.PlanID})
	stored := c.instance()
	planID := c.at.planID
	if r.PlanID != "" {
		planID = r.PlanID // The parameters are for the new plan.
	}
	asked, err := readBehaviour(r.Parameters, planID, inInstance)
	switch {
	case err != nil:
		return nil, err
	case asked.fault != nil && asked.fault.On == OnProvision:
		return nil, invalid("parameters.fault.on is provision, but the instance already exists: choose another operation")
	case asked.fault != nil:
		c.add(carried(asked.fault, OnUpdate), "")
	default:
		c.add(waiting(stored.fault, OnUpdate), "")
	}
	return change(c, func() (*openbroker.UpdateResponse, error) { return b.engine.Update(ctx, r) },
		func(r *openbroker.UpdateResponse) (openbroker.Outcome, string) { return r.Outcome, r.Operation })
}

// Deprovision implements [openbroker.Broker].
func (b *broker) Deprovision(ctx context.Context, r *openbroker.DeprovisionRequest) (*openbroker.DeprovisionResponse, error) {
	c := b.begin(ctx, &r.Caller, request{OnDeprovision, r.InstanceID, "", r.PlanID})
	c.add(waiting(c.instance().fault, OnDeprovision), "")
	return change(c, func() (*openbroker.DeprovisionResponse, error) { return b.engine.Deprovision(ctx, r) },
		func(r *openbroker.DeprovisionResponse) (openbroker.Outcome, string) { return r.Outcome, r.Operation })
}

// Bind implements [openbroker.Broker].
func (b *broker) Bind(ctx context.Context, r *openbroker.BindRequest) (*openbroker.BindResponse, error) {
	c := b.begin(ctx, &r.Caller, request{OnBind, r.InstanceID, r.BindingID, r.PlanID})
	ofInstance := c.instance()
	asked, err := readBehaviour(r.Parameters, c.at.planID, inBinding)
	if err != nil {
		return nil, err
	}
	c.add(carried(asked.fault, OnBind), r.BindingID)
	c.add(waiting(ofInstance.fault, OnBind), "")
	return change(c, func() (*openbroker.BindResponse, error) { return b.engine.Bind(ctx, r) },
		func(r *openbroker.BindResponse) (openbroker.Outcome, string) { return r.Outcome, r.Operation })
}

// Unbind implements [openbroker.Broker].
func (b *broker) Unbind(ctx context.Context, r *openbroker.UnbindRequest) (*openbroker.UnbindResponse, error) {
	c := b.begin(ctx, &r.Caller, request{OnUnbind, r.InstanceID, r.BindingID, r.PlanID})
	ofInstance := c.instance()
	c.add(waiting(c.binding().fault, OnUnbind), r.BindingID)
	c.add(waiting(ofInstance.fault, OnUnbind), "")
	return change(c, func() (*openbroker.UnbindResponse, error) { return b.engine.Unbind(ctx, r) },
		func(r *openbroker.UnbindResponse) (openbroker.Outcome, string) { return r.Outcome, r.Operation })
}

// GetInstance implements [openbroker.Broker].
func (b *broker) GetInstance(ctx context.Context, r *openbroker.GetInstanceRequest) (*openbroker.GetInstanceResponse, error) {
	return answer(exchangeFrom(ctx), b.control(request{OnGetInstance, r.InstanceID, "", r.PlanID}),
		func() (*openbroker.GetInstanceResponse, error) { return b.engine.GetInstance(ctx, r) })
}

// GetBinding implements [openbroker.Broker].
func (b *broker) GetBinding(ctx context.Context, r *openbroker.GetBindingRequest) (*openbroker.GetBindingResponse, error) {
	return answer(exchangeFrom(ctx), b.control(request{OnGetBinding, r.InstanceID, r.BindingID, r.PlanID}),
		func() (*openbroker.GetBindingResponse, error) { return b.engine.GetBinding(ctx, r) })
}

// LastOperation implements [openbroker.Broker].
func (b *broker) LastOperation(ctx context.Context, r *openbroker.LastOperationRequest) (*openbroker.LastOperationResponse, error) {
	f, err := b.poll(ctx, &r.Caller, request{OnLastOperation, r.InstanceID, "", r.PlanID}, r.Operation)
	if err != nil {
		return nil, err
	}
	return answer(exchangeFrom(ctx), f, func() (*openbroker.LastOperationResponse, error) { return b.engine.LastOperation(ctx, r) })
}

// LastBindingOperation implements [openbroker.Broker].
func (b *broker) LastBindingOperation(ctx context.Context, r *openbroker.LastBindingOperationRequest) (*openbroker.LastOperationResponse, error) {
	f, err := b.poll(ctx, &r.Caller, request{OnLastBindingOperation, r.InstanceID, r.BindingID, r.PlanID}, r.Operation)
	if err != nil {
		return nil, err
	}
	return answer(exchangeFrom(ctx), f, func() (*openbroker.LastOperationResponse, error) { return b.engine.LastBindingOperation(ctx, r) })
}
