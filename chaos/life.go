//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A life is the life of one service instance with one user.
type life struct {
	*actor
	id, plan string
	// version is the parameter of the last successful update.
	version  int
	versions int
	bindings map[string]bool
	names    int
}

func newLife(p *platform, random *rand.Rand, id string) *life {
	return &life{actor: &actor{platform: p, random: random}, id: id, bindings: map[string]bool{}}
}

// branch returns another actor for the same life, for concurrent requests.
func (l *life) branch(name string) *actor {
	return &actor{platform: l.platform, random: newRandom(l.random.Uint64(), name)}
}

func (l *life) path() string { return "/v2/service_instances/" + l.id }

func hints(plan string) url.Values { return url.Values{"service_id": {serviceID}, "plan_id": {plan}} }

func (l *life) provisionRequest() request {
	return request{
		method: http.MethodPut, path: l.path(), kind: kindProvision, instance: l.id, accepts: l.accepts(),
		body: map[string]any{
			"service_id": serviceID, "plan_id": l.plan, "organization_guid": "o", "space_guid": "s",
			"parameters": map[string]any{"version": l.version},
		},
	}
}

func (l *life) deprovisionRequest() request {
	return request{method: http.MethodDelete, path: l.path(), kind: kindDeprovision, instance: l.id, accepts: l.accepts(), query: hints(l.plan)}
}

func (l *life) bindRequest(binding string) request {
	return request{
		method: http.MethodPut, path: l.path() + "/service_bindings/" + binding, kind: kindBind, instance: l.id, binding: binding, accepts: l.accepts(),
		body: map[string]any{"service_id": serviceID, "plan_id": l.plan, "parameters": map[string]any{"for": binding}},
	}
}

// unbindRequest has the plan as an argument because an update may change it.
func (l *life) unbindRequest(a *actor, binding, plan string) request {
	return request{
		method: http.MethodDelete, path: l.path() + "/service_bindings/" + binding, kind: kindUnbind, instance: l.id, binding: binding, accepts: a.accepts(),
		query: hints(plan),
	}
}

func (l *life) updateRequest(a *actor, present string, c change) request {
	return request{
		method: http.MethodPatch, path: l.path(), kind: kindUpdate, instance: l.id, accepts: a.accepts(),
		body: map[string]any{
			"service_id": serviceID, "plan_id": c.plan, "parameters": map[string]any{"version": c.version},
			"previous_values": map[string]any{"plan_id": present},
		},
	}
}

// accepts reports whether the next request accepts a 202. Most requests do.
func (a *actor) accepts() bool { return !chance(a.random, 0.15) }

// live runs the life until its end or the end of the run.
func (l *life) live(ctx context.Context, pace func(context.Context)) error {
	l.plan = plans[l.random.IntN(len(plans))]
	for again := true; again; again = chance(l.random, 0.25) {
		l.version, l.versions, l.bindings = 0, 0, map[string]bool{}
		created, err := l.create(ctx)
		if err != nil {
			return err
		}
		for range l.random.IntN(4) {
			if !created {
				break
			}
			pace(ctx)
			if err := l.step(ctx); err != nil {
				return err
			}
		}
		if created && chance(l.random, 0.35) {
			l.leave(true)
			return nil
		}
		pace(ctx)
		if created {
			if err := l.finish(ctx); err != nil {
				return err
			}
		}
		l.leave(false)
	}
	return nil
}

// leave records the final state of the instance and its bindings.
func (l *life) leave(exists bool) {
	l.journal.expect(expectation{instance: l.id, exists: exists, plan: l.plan, version: l.version})
	for binding, bound := range l.bindings {
		l.journal.expect(expectation{instance: l.id, binding: binding, exists: exists && bound})
	}
}

// create provisions the instance. It reports whether the instance exists.
func (l *life) create(ctx context.Context) (bool, error) {
	r := l.provisionRequest()
	if chance(l.random, 0.12) {
		// The user cancels the creation.
		r.accepts = true
		got, err := l.repeat(ctx, r)
		if err != nil {
			return false, err
		}
		if got.status == http.StatusAccepted {
			pause(ctx, between(l.random, 0, 80*time.Millisecond))
		}
		return false, l.delete(ctx, l.deprovisionRequest())
	}
	v, got := l.mutate(ctx, r)
	switch v {
	case done:
		return true, l.fetch(ctx, request{method: http.MethodGet, path: l.path(), kind: kindGet, instance: l.id})
	case failed, refused:
		if got.status < http.StatusInternalServerError && l.plan != planManual && chance(l.random, 0.5) {
			return false, nil // The engine cleans up.
		}
		return false, l.delete(ctx, l.deprovisionRequest())
	case conflict:
		if l.plan != planManual {
			l.findings.add(checkAnswers, "the response to PUT of %s is %v, but no other client uses this id", l.id, got)
		}
		return false, l.delete(ctx, l.deprovisionRequest())
	case gone:
		l.findings.add(checkProtocol, "the response to PUT of %s is %v", l.id, got)
		return false, nil
	default:
		return false, errUnfinished
	}
}

// fetch fetches a new resource from any replica. A successful creation must be
// visible on all of them.
func (a *actor) fetch(ctx context.Context, r request) error {
	got, err := a.repeat(ctx, r)
	if err != nil {
		return err
	}
	a.findings.countItem(checkAnswers)
	if got.status != http.StatusOK || got.fingerprint() == "" {
		a.findings.add(checkAnswers, "the response to GET of %s, which was created, is %v", resourceName(r.instance, r.binding), got)
	}
	return nil
}

// delete repeats a deletion until it succeeds.
func (a *actor) delete(ctx context.Context, r request) error {
	for {
		v, got := a.mutate(ctx, r)
		switch v {
		case done, gone:
			return nil
		case unfinished:
			return errUnfinished
		case conflict:
			a.findings.add(checkProtocol, "the response to the %s of %s is %v", r.kind, resourceName(r.instance, r.binding), got)
		case failed, refused:
		}
		pause(ctx, between(a.random, 50*time.Millisecond, 300*time.Millisecond))
	}
}

// step makes a random change to an existing instance.
func (l *life) step(ctx context.Context) error {
	switch n := l.random.IntN(100); {
	case n < 25:
		return l.updateNow(ctx)
	case n < 50:
		return l.bind(ctx, 1)
	case n < 65:
		return l.bind(ctx, 2+l.random.IntN(3))
	case n < 75:
		return l.updateAndBind(ctx)
	case n < 87:
		return l.unbindOne(ctx)
	default:
		return l.disturb(ctx)
	}
}

// A change is an update of the parameter, and possibly of the plan.
type change struct {
	version int
	plan    string
}

func (l *life) newChange(plan string) change {
	l.versions++
	return change{version: l.versions, plan: plan}
}

// updateNow updates the instance without a concurrent request.
func (l *life) updateNow(ctx context.Context) error {
	plan := l.plan
	if plan == planAuto && chance(l.random, 0.3) {
		plan = planLarge
	}
	c := l.newChange(plan)
	updated, err := l.update(ctx, l.actor, l.plan, c)
	if updated {
		l.version, l.plan = c.version, c.plan
	}
	return err
}

// update updates the instance and reports whether the update succeeded.
func (l *life) update(ctx context.Context, a *actor, present string, c change) (bool, error) {
	v, got := a.mutate(ctx, l.updateRequest(a, present, c))
	switch v {
	case done:
		return true, nil
	case conflict, gone:
		a.findings.add(checkAnswers, "the response to the update of %s, which exists, is %v", l.id, got)
	case unfinished:
		return false, errUnfinished
	case failed, refused:
	}
	return false, nil
}

// bind creates bindings concurrently.
func (l *life) bind(ctx context.Context, number int) error {
	var mu sync.Mutex
	var failure error
	var binds sync.WaitGroup
	plan := l.plan
	for range number {
		l.names++
		r := l.bindRequest(fmt.Sprintf("%s-b%d", l.id, l.names))
		a := l.branch(r.binding)
		binds.Go(func() {
			bound, err := l.bindOne(ctx, a, r, plan)
			mu.Lock()
			defer mu.Unlock()
			l.bindings[r.binding] = bound
			if err != nil {
				failure = err
			}
		})
	}
	binds.Wait()
	return failure
}

// bindOne creates a binding and reports whether it exists.
func (l *life) bindOne(ctx context.Context, a *actor, r request, plan string) (bool, error) {
	if r.accepts && chance(a.random, 0.08) {
		if _, err := a.repeat(ctx, r); err != nil {
			return false, err
		}
		return false, a.delete(ctx, l.unbindRequest(a, r.binding, plan))
	}
	v, got := a.mutate(ctx, r)
	switch v {
	case done:
		return true, a.fetch(ctx, request{method: http.MethodGet, path: r.path, kind: kindGet, instance: r.instance, binding: r.binding})
	case failed, refused:
		if got.status < http.StatusInternalServerError && plan != planManual && chance(a.random, 0.5) {
			return false, nil
		}
	case conflict, gone:
		if v == gone || plan != planManual {
			a.findings.add(checkAnswers, "the response to the bind of %s is %v", r.binding, got)
		}
	case unfinished:
		return false, errUnfinished
	}
	return false, a.delete(ctx, l.unbindRequest(a, r.binding, plan))
}

// updateAndBind updates and binds concurrently. One of the two requests has to wait.
func (l *life) updateAndBind(ctx context.Context) error {
	a, c, plan := l.branch("update"), l.newChange(l.plan), l.plan
	var updated bool
	var failure error
	var update sync.WaitGroup
	update.Go(func() { updated, failure = l.update(ctx, a, plan, c) })
	err := l.bind(ctx, 1)
	update.Wait()
	if updated {
		l.version = c.version
	}
	return errors.Join(err, failure)
}

// unbindOne deletes a binding. Without a binding, it updates the instance.
func (l *life) unbindOne(ctx context.Context) error {
	for _, binding := range slices.Sorted(maps.Keys(l.bindings)) {
		if l.bindings[binding] {
			l.bindings[binding] = false
			return l.delete(ctx, l.unbindRequest(l.actor, binding, l.plan))
		}
	}
	return l.updateNow(ctx)
}

// disturb sends requests that must not change anything.
func (l *life) disturb(ctx context.Context) error {
	conflicting := l.provisionRequest()
	conflicting.body["parameters"] = map[string]any{"version": -1}
	foreign := request{method: http.MethodGet, path: l.path(), user: foreignUser}
	foreignDelete := l.deprovisionRequest()
	foreignDelete.user, foreignDelete.kind, foreignDelete.accepts = foreignUser, "", true
	for _, disturbance := range []struct {
		request
		status int
	}{
		{conflicting, http.StatusConflict},
		{foreign, http.StatusNotFound},
		{foreignDelete, http.StatusGone},
		{l.provisionRequest(), http.StatusOK},
	} {
		got, err := l.repeat(ctx, disturbance.request)
		if err != nil {
			return err
		}
		l.findings.countItem(checkAnswers)
		if got.status != disturbance.status {
			l.findings.add(checkAnswers, "the response to %s of %s by %q is %v, want %d", disturbance.method, l.id, disturbance.user, got, disturbance.status)
		}
	}
	l.settle(ctx)
	return nil
}

// finish deprovisions the instance, sometimes without unbinding its bindings
// first.
func (l *life) finish(ctx context.Context) error {
	if chance(l.random, 0.5) {
		for _, binding := range slices.Sorted(maps.Keys(l.bindings)) {
			if !l.bindings[binding] {
				continue
			}
			l.bindings[binding] = false
			if err := l.delete(ctx, l.unbindRequest(l.actor, binding, l.plan)); err != nil {
				return err
			}
		}
	}
	return l.delete(ctx, l.deprovisionRequest())
}

// versionOf returns the version in the parameters of an instance.
func versionOf(parameters map[string]any) string {
	switch v := parameters["version"].(type) {
	case float64:
		return strconv.Itoa(int(v))
	default:
		return "none"
	}
}
