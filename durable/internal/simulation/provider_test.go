package simulation_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// A provider of one replica works on the service of the ledger. Each call parks when it
// begins, before it changes the service, and before it returns.
type provider struct {
	w *world
	r *replica
}

var _ durable.Provider = (*provider)(nil)

// A call is a call of the provider.
type call struct {
	r    *replica
	kind durable.OperationKind
	key  durable.Key
	op   string
	// generation is that of the attempt, and attempt its number.
	generation int64
	ctx        context.Context //nolint:containedctx // The ledger asks whether it has ended.
	// ended is when ctx ended, or 0.
	ended atomic.Int64
	// params are those of the resource that the call makes.
	params string
	wrote  bool
}

var errBroken = errors.New("the service is broken")

func (p *provider) Provision(ctx context.Context, t *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, p.run(ctx, t, keyOf(&i, ""), string(i.Parameters))
}

func (p *provider) Update(ctx context.Context, t *durable.Task, i, _ durable.Instance) (durable.UpdateResult, error) {
	return durable.UpdateResult{}, p.run(ctx, t, keyOf(&i, ""), string(i.Parameters))
}

func (p *provider) Deprovision(ctx context.Context, t *durable.Task, i durable.Instance) error {
	return p.run(ctx, t, keyOf(&i, ""), "")
}

func (p *provider) Bind(ctx context.Context, t *durable.Task, b durable.Binding) (durable.BindResult, error) {
	return durable.BindResult{Credentials: openbroker.Credentials{"name": b.ID}}, p.run(ctx, t, keyOf(&b.Instance, b.ID), string(b.Parameters))
}

func (p *provider) Unbind(ctx context.Context, t *durable.Task, b durable.Binding) error {
	return p.run(ctx, t, keyOf(&b.Instance, b.ID), "")
}

func keyOf(i *durable.Instance, binding string) durable.Key {
	return durable.Key{Platform: i.Platform, InstanceID: i.ID, BindingID: binding}
}

// What a call does, besides success.
const (
	succeeds = iota
	failsHard
	answersError
	retries
	unreachable
	panics
	exits
	hangs
	ignores
	behaviours
)

func behaviourNames() []string {
	return []string{"succeeds", "fails", "answers with an error", "asks for another attempt", "cannot reach the service", "panics", "exits", "hangs", "ignores its context"}
}

func (p *provider) run(ctx context.Context, t *durable.Task, key durable.Key, params string) error {
	c := &call{r: p.r, kind: t.Kind(), key: key, op: t.ID(), generation: t.Generation(), ctx: ctx, params: params}
	label := p.r.name + " " + string(c.kind) + " " + p.w.ledger.name(c.op) + "/" + strconv.FormatInt(c.generation, 10) + nameOf(key)
	stop := context.AfterFunc(ctx, func() { c.ended.Store(time.Now().UnixNano()) })
	defer stop()
	d, live := p.w.parkUntil(ctx, &step{label: label + " begins", kind: provides, of: p.r})
	switch {
	case d.dead:
		return errDead
	case !live:
		return ctx.Err()
	}
	behaves := p.behaviour(c.op, d.coin)
	p.w.ledger.begins(c, behaves)
	defer p.w.ledger.returns(c)
	if err := p.checkpoint(ctx, t, c, d.coin>>8); err != nil {
		return err
	}
	park := func(where string, held func() bool) (decision, bool) {
		s := &step{label: label + where, kind: provides, of: p.r, held: held}
		if behaves == ignores {
			return p.w.park(s), true
		}
		return p.w.parkUntil(ctx, s)
	}
	switch behaves {
	case hangs:
		park(" hangs", func() bool { return true })
		return ctx.Err()
	case ignores:
		// It goes on when the engine has abandoned it, or does not wait that long.
		if d.coin>>16%2 == 0 {
			park(" ignores", func() bool { return p.w.calm == 0 && c.ended.Load() == 0 })
		}
	}
	d, live = park(" works", nil)
	switch {
	case d.dead:
		return errDead
	case !live:
		return ctx.Err()
	}
	if before := d.coin % 2; before == 0 || behaves == succeeds || behaves == ignores {
		p.w.ledger.writes(c)
	}
	d, live = park(" returns", nil)
	switch {
	case d.dead:
		return errDead
	case !live:
		return ctx.Err()
	}
	return p.result(c, behaves)
}

func (p *provider) behaviour(id string, coin uint32) int {
	switch {
	case p.w.calm > 0:
		return succeeds
	case strings.HasSuffix(p.w.ledger.name(id), "7") && coin%100 < 85:
		return retries // Some operations use up their attempts.
	case coin%100 < 62:
		return succeeds
	}
	return 1 + int(coin/100)%(behaviours-1)
}

func (p *provider) result(c *call, behaves int) error {
	switch behaves {
	case failsHard, answersError, retries, panics, exits:
		p.w.ledger.errs(c)
	}
	switch behaves {
	case failsHard:
		return errBroken
	case answersError:
		return openbroker.NewError(417, "Broken", "The service refuses it.")
	case retries:
		return durable.Retryable(errBroken, 0)
	case unreachable:
		return durable.Unreachable(errBroken)
	case panics:
		panic("the provider panics")
	case exits:
		runtime.Goexit()
	}
	p.w.ledger.completes(c)
	return nil
}

// checkpoint reads the checkpoint of earlier attempts, and may save one.
func (p *provider) checkpoint(ctx context.Context, t *durable.Task, c *call, coin uint32) error {
	saved := 0
	if _, err := t.Load(&saved); err != nil {
		return err
	}
	p.w.ledger.reads(c, saved)
	if coin%4 == 0 {
		p.w.ledger.saves(c, saved+1)
		if err := t.Save(ctx, saved+1); err != nil {
			return err
		}
		p.w.ledger.saved(c, saved+1)
	}
	if coin%8 < 2 {
		return t.Report(ctx, "half done "+strconv.FormatInt(c.generation, 10))
	}
	return nil
}
