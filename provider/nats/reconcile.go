package nats

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/jwt/v2"

	"github.com/openbroker/openbroker/durable"
)

// awaitRecords returns the records of the engine, which has called Reconcile or will.
func (p *Provider) awaitRecords(ctx context.Context) (durable.Records, error) {
	select {
	case records := <-p.records:
		p.records <- records
		return records, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Reconcile compares the accounts on the servers with the records, and pushes those that
// the servers lost, or have with other keys: a replica that was paused for long can push
// an older list.
func (p *Provider) Reconcile(ctx context.Context, records durable.Records) {
	p.records <- records
	seen := map[string]string{}
	ticks := p.ticks
	if ticks == nil {
		ticker := time.NewTicker(p.interval)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		next, err := p.reconcile(ctx, records, seen)
		if err != nil && ctx.Err() == nil {
			p.logger.LogAttrs(ctx, slog.LevelWarn, "the accounts of NATS cannot be compared with the records", slog.String("error", err.Error()))
		} else {
			seen = next
		}
		select {
		case <-ticks:
		case <-ctx.Done():
			return
		}
	}
}

// reconcile compares once. seen has the JWTs, by account, that had unknown keys the last
// time.
func (p *Provider) reconcile(ctx context.Context, records durable.Records, seen map[string]string) (map[string]string, error) {
	type group struct {
		instance durable.Instance
		signers  []string
		bindings []durable.Binding
	}
	groups := map[string]*group{}
	for binding, err := range records.Bindings(ctx, nil) {
		if err != nil {
			return nil, err
		}
		name := binding.Instance.ResourceName()
		if groups[name] == nil {
			groups[name] = &group{instance: binding.Instance}
		}
		signer, err := signerOf(binding)
		if err != nil {
			return nil, err
		}
		g := groups[name]
		g.signers, g.bindings = append(g.signers, signer), append(g.bindings, binding)
	}
	suspects := map[string]string{}
	for _, g := range groups {
		a, err := p.describe(g.instance)
		if err != nil {
			return nil, err
		}
		a.signers = g.signers
		suspect, err := p.repair(ctx, records, a, g.bindings, seen[a.id])
		if err != nil {
			return nil, fmt.Errorf("the account %s: %w", a.id, err)
		}
		if suspect != "" {
			suspects[a.id] = suspect
		}
	}
	return suspects, nil
}

// repair pushes an account if keys of its bindings are missing on the server. Keys that
// no record has are those of an operation, which another replica may be at, or those of
// an older push. After a whole interval with the same JWT they are the latter. repair
// returns the JWT if that is not yet known.
func (p *Provider) repair(ctx context.Context, records durable.Records, a *account, bindings []durable.Binding, last string) (suspect string, err error) {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	stored, err := p.lookup(ctx, a.id)
	if err != nil {
		return "", err
	}
	var listed []string
	if stored != "" {
		claims, err := jwt.DecodeAccountClaims(stored)
		if err != nil {
			return "", err
		}
		listed = claims.SigningKeys.Keys()
	}
	known := a.signers
	missing := slices.ContainsFunc(known, func(signer string) bool { return !slices.Contains(listed, signer) })
	unknown := slices.ContainsFunc(listed, func(signer string) bool { return !slices.Contains(known, signer) })
	switch {
	case unknown && stored == last:
		p.logger.LogAttrs(ctx, slog.LevelWarn, "an account of NATS has keys that belong to no binding: they are taken away", slog.String("account", a.id))
	case missing:
		p.logger.LogAttrs(ctx, slog.LevelWarn, "an account of NATS lacks keys of its bindings: it is pushed again", slog.String("account", a.id), slog.Bool("exists", stored != ""))
		// An operation may be at it now: what it lists stays.
		for _, signer := range listed {
			if !slices.Contains(a.signers, signer) {
				a.signers = append(a.signers, signer)
			}
		}
	case unknown:
		return stored, nil
	default:
		return "", nil
	}
	if _, err := p.push(ctx, a); err != nil {
		return "", err
	}
	return "", p.withoutDeleted(ctx, records, a, bindings)
}

// withoutDeleted pushes an account again if one of the bindings was deleted meanwhile, or
// the instance.
func (p *Provider) withoutDeleted(ctx context.Context, records durable.Records, a *account, bindings []durable.Binding) error {
	var deleted []string
	for _, binding := range bindings {
		used, err := records.InUse(ctx, binding)
		if err != nil {
			return err
		}
		if signer, err := signerOf(binding); err == nil && !used {
			deleted = append(deleted, signer)
		}
	}
	if len(deleted) == 0 {
		return nil
	}
	a.signers = slices.DeleteFunc(a.signers, func(signer string) bool { return slices.Contains(deleted, signer) })
	if exists, err := existsIn(ctx, records, bindings[0].Instance); err != nil {
		return err
	} else if !exists {
		return p.delete(ctx, a.id)
	}
	_, err := p.push(ctx, a)
	return err
}

// existsIn reports whether the records have an instance that is not deleted.
func existsIn(ctx context.Context, records durable.Records, instance durable.Instance) (bool, error) {
	for other, err := range records.Instances(ctx) {
		if err != nil || other.ResourceName() == instance.ResourceName() {
			return err == nil, err
		}
	}
	return false, nil
}
