package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nkeys"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/internal/credential"
	"github.com/openbroker/openbroker/provider/internal/step"
)

// A state is what is kept of an instance.
type state struct {
	// Account is the public key of the account.
	Account string `json:"account"`
	// Plan are the settings of its plan, for a catalog that no longer has it.
	Plan PlanSettings `json:"plan"`
}

// describe returns the account of an instance, without the keys of bindings.
func (p *Provider) describe(instance durable.Instance) (*account, error) {
	var kept state
	if len(instance.State) > 0 {
		if err := json.Unmarshal(instance.State, &kept); err != nil {
			return nil, fmt.Errorf("the state of the instance: %w", err)
		}
	}
	a := &account{id: kept.Account, name: instance.ResourceName()}
	if a.id == "" {
		var err error
		if a.id, err = p.operator.account(credential.Identifier(a.name)); err != nil {
			return nil, err
		}
	}
	plan, err := provider.Plan[PlanSettings](instance)
	if errors.Is(err, provider.ErrPlanGone) {
		plan, err = kept.Plan, nil
	}
	a.plan = plan
	return a, err
}

// Provision makes the account. It tries it as a user of its own, because a server answers
// 200 even if it cannot use an account.
func (p *Provider) Provision(ctx context.Context, _ *durable.Task, instance durable.Instance) (durable.ProvisionResult, error) {
	a, err := p.describe(instance)
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	if err := p.check(ctx); err != nil {
		return durable.ProvisionResult{}, err
	}
	stored, err := p.lookup(ctx, a.id)
	if err == nil && stored == "" {
		err = p.reserve(ctx, a.plan, PlanSettings{}, instance)
	}
	if err != nil {
		return durable.ProvisionResult{}, err
	}
	if err := p.install(ctx, a, "create the account"); err != nil {
		return durable.ProvisionResult{}, err
	}
	kept, err := a.state()
	return durable.ProvisionResult{State: kept, Metadata: p.metadata()}, err
}

// Update gives the account the limits of the new plan.
func (p *Provider) Update(ctx context.Context, _ *durable.Task, instance, previous durable.Instance) (durable.UpdateResult, error) {
	a, err := p.describe(instance)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	before, err := p.describe(previous)
	if err != nil {
		return durable.UpdateResult{}, err
	}
	if err := p.reserve(ctx, a.plan, before.plan, instance); err != nil {
		return durable.UpdateResult{}, err
	}
	if err := p.fits(ctx, a); err != nil {
		return durable.UpdateResult{}, err
	}
	if a.signers, err = p.signers(ctx, instance, ""); err != nil {
		return durable.UpdateResult{}, err
	}
	if err := p.install(ctx, a, "change the limits of the account"); err != nil {
		return durable.UpdateResult{}, err
	}
	kept, err := a.state()
	return durable.UpdateResult{State: kept, Metadata: p.metadata()}, err
}

// install pushes an account with the key of a user who exists only now, logs in as this
// user, and pushes the account without the key.
func (p *Provider) install(ctx context.Context, a *account, name string) error {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	probe, err := newUser(a.id, "openbroker-probe", "", nil, 0)
	if err != nil {
		return err
	}
	final := *a
	a.signers = append(a.signers[:len(a.signers):len(a.signers)], probe.Signer)
	if _, err := p.push(ctx, a); err != nil {
		return err
	}
	if err := step.Done(ctx, name+" with a key to try it"); err != nil {
		return err
	}
	if err := p.confirmLogin(ctx, probe.creds(), a.plan.jetStream()); err != nil {
		return err
	}
	token, err := p.push(ctx, &final)
	if err == nil {
		err = p.confirm(ctx, a.id, token)
	}
	if err != nil {
		return err
	}
	return step.Done(ctx, name)
}

func (a *account) state() (json.RawMessage, error) {
	return json.Marshal(state{Account: a.id, Plan: a.plan})
}

// metadata describes the server to users of the instance.
func (p *Provider) metadata() *openbroker.InstanceMetadata {
	labels := map[string]any{"engine": "nats-server", "host": p.hosts()[0].Name}
	if version := p.link.conn.ConnectedServerVersion(); version != "" {
		labels["version"] = version
	}
	return &openbroker.InstanceMetadata{Labels: labels}
}

// hosts are those of the addresses for applications.
func (p *Provider) hosts() []credential.Host {
	hosts := make([]credential.Host, len(p.application))
	for i, u := range p.application {
		port, _ := strconv.Atoi(u.Port()) // url.Parse takes only digits.
		hosts[i] = credential.Host{Name: u.Hostname(), Port: port}
	}
	return hosts
}

// Deprovision closes the connections of the account, purges its streams, which the
// deletion of an account would leave on disk, and deletes the account.
func (p *Provider) Deprovision(ctx context.Context, _ *durable.Task, instance durable.Instance) error {
	a, err := p.describe(instance)
	if err != nil {
		return err
	}
	p.pushing.Lock()
	defer p.pushing.Unlock()
	stored, err := p.lookup(ctx, a.id)
	if err != nil {
		return err
	}
	if stored != "" {
		// Without a key, no login succeeds.
		token, err := p.push(ctx, a)
		if err == nil {
			err = p.confirm(ctx, a.id, token)
		}
		if err != nil {
			return err
		}
		if err := step.Done(ctx, "close the connections of the account"); err != nil {
			return err
		}
	}
	if err := p.purge(ctx, a.id); err != nil {
		return err
	}
	if err := step.Done(ctx, "purge the streams of the account"); err != nil {
		return err
	}
	if err := p.delete(ctx, a.id); err != nil {
		return err
	}
	return step.Done(ctx, "delete the account")
}

// newSigner makes a key for the users of a binding.
func newSigner() (nkeys.KeyPair, string, error) {
	key, public, _, err := newKey(nkeys.CreateAccount)
	return key, public, err
}
