package durable_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/durable"
)

// Identical requests that arrive together, on any replica, share one operation and
// one call of the provider.
func TestIdenticalRequests(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		keys, provider := newKeys(t), newScripted()
		replicas := []*replica{start(t, store, keys, provider, nil), start(t, store, keys, provider, nil)}
		const clients = 32
		all := func(method, path, body string) []answer {
			answers := make([]answer, clients)
			var sent sync.WaitGroup
			for i := range clients {
				sent.Go(func() {
					var err error
					if answers[i], err = replicas[i%2].try(t.Context(), method, path, body); err != nil {
						t.Error(err)
					}
				})
			}
			sent.Wait()
			return answers
		}
		one := func(kind durable.OperationKind, name string, answers func() []answer) {
			t.Helper()
			g := provider.hold(kind, name)
			operations, statuses := map[string]bool{}, map[int]int{}
			for _, a := range answers() {
				statuses[a.status]++
				operations[a.operation()] = true
			}
			if len(operations) != 1 || statuses[http.StatusAccepted] != clients {
				t.Errorf("%s: the answers are %v, the operations %v", kind, statuses, operations)
			}
			receive(t, string(kind), g.entered)
			g.open()
			path := strings.Replace(name, "/", "/service_bindings/", 1)
			for operation := range operations {
				replicas[0].done(path, answer{status: http.StatusAccepted, body: map[string]any{"operation": operation}})
			}
			if calls := provider.called(kind, "i"); len(calls) != 1 {
				t.Errorf("%s was called %d times", kind, len(calls))
			}
		}
		const plan = "plan-async"
		one(durable.KindProvision, "i", func() []answer {
			return all(http.MethodPut, instancePath("i")+"?"+incomplete, provisionBody(plan, params))
		})
		one(durable.KindUpdate, "i", func() []answer {
			return all(http.MethodPatch, instancePath("i")+"?"+incomplete, `{"service_id":"`+serviceID+`"`+updateExtra+`}`)
		})
		one(durable.KindBind, "i/b", func() []answer { return all(http.MethodPut, bindingPath("i", "b")+"?"+incomplete, bindBody(plan, "")) })
		one(durable.KindUnbind, "i/b", func() []answer {
			return all(http.MethodDelete, bindingPath("i", "b")+"?"+incomplete+"&"+hints(plan), "")
		})
		one(durable.KindDeprovision, "i", func() []answer { return all(http.MethodDelete, instancePath("i")+"?"+incomplete+"&"+hints(plan), "") })

		// All waiting requests get the result.
		provider.on(durable.KindProvision, "j", nil)
		created, existed := 0, 0
		for _, a := range all(http.MethodPut, instancePath("j"), provisionBody("plan-sync", "")) {
			switch a.status {
			case http.StatusCreated:
				created++
			case http.StatusOK:
				existed++
			}
		}
		if created == 0 || created+existed != clients || len(provider.called(durable.KindProvision, "j")) != 1 {
			t.Errorf("%d times created, %d times existing", created, existed)
		}
	})
}

// A ledger is a provider that checks the rules of the engine. A call that breaks
// one fails the test.
type ledger struct {
	*scripted
	tb     testing.TB
	random func(n int) int

	mu        sync.Mutex
	instances map[string]bool
	bindings  map[string]map[string]bool
	// busy has the resources that an attempt works on.
	busy map[string]int
}

func (l *ledger) work(ctx context.Context, task *durable.Task, id, binding string, parallel bool, apply func()) error {
	l.mu.Lock()
	l.busy[id]++
	if binding == "" && l.busy[id] > 1 || binding != "" && !parallel && l.busy[id] > 1 {
		l.tb.Errorf("%s of %s/%s while %d others work on the instance", task.Kind(), id, binding, l.busy[id]-1)
	}
	fate, pause := l.random(10), time.Duration(l.random(3000))*time.Microsecond
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.busy[id]--
	}()
	if fate < 5 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch fate {
	case 0:
		if deletes := task.Kind() == durable.KindDeprovision || task.Kind() == durable.KindUnbind; deletes && !l.has(id, binding) {
			return nil // An earlier attempt has deleted it, so it cannot refuse.
		}
		return errProvider
	case 1:
		return durable.Retryable(errors.New("busy"), 0)
	case 2:
		apply()
		return errors.New("did it, but failed")
	}
	apply()
	return nil
}

func (l *ledger) has(id, binding string) bool {
	if binding != "" {
		return l.bindings[id][binding]
	}
	return l.instances[id]
}

func (l *ledger) Provision(ctx context.Context, task *durable.Task, i durable.Instance) (durable.ProvisionResult, error) {
	return durable.ProvisionResult{}, l.work(ctx, task, i.ID, "", false, func() { l.instances[i.ID] = true })
}

func (l *ledger) Update(ctx context.Context, task *durable.Task, i, _ durable.Instance) (durable.UpdateResult, error) {
	return durable.UpdateResult{}, l.work(ctx, task, i.ID, "", false, func() {
		if !l.instances[i.ID] {
			l.tb.Errorf("the instance %s is updated, but does not exist", i.ID)
		}
	})
}

func (l *ledger) Deprovision(ctx context.Context, task *durable.Task, i durable.Instance) error {
	return l.work(ctx, task, i.ID, "", false, func() {
		if len(l.bindings[i.ID]) > 0 {
			l.tb.Errorf("the instance %s is deleted before its bindings %v", i.ID, l.bindings[i.ID])
		}
		delete(l.instances, i.ID)
	})
}

func (l *ledger) Bind(ctx context.Context, task *durable.Task, b durable.Binding) (durable.BindResult, error) {
	id := b.Instance.ID
	return durable.BindResult{}, l.work(ctx, task, id, b.ID, b.Instance.PlanID == "plan-parallel", func() {
		if !l.instances[id] {
			l.tb.Errorf("the binding %s/%s is created, but its instance does not exist", id, b.ID)
		}
		if l.bindings[id] == nil {
			l.bindings[id] = map[string]bool{}
		}
		l.bindings[id][b.ID] = true
	})
}

func (l *ledger) Unbind(ctx context.Context, task *durable.Task, b durable.Binding) error {
	return l.work(ctx, task, b.Instance.ID, b.ID, b.Instance.PlanID == "plan-parallel", func() { delete(l.bindings[b.Instance.ID], b.ID) })
}

// Independent clients send random requests for a few shared resources to two
// replicas. No two attempts overlap, every answer has a status of the
// specification, and at the end the store and the provider agree.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, store durable.Store) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 1))
		keys := newKeys(t)
		provider := &ledger{scripted: newScripted(), tb: t, random: random.IntN, instances: map[string]bool{}, bindings: map[string]map[string]bool{}, busy: map[string]int{}}
		var replicas []*replica
		for range 2 {
			r := serve(t, store, keys, provider, provider.scripted, func(c *durable.Config) { c.Policies["plan-refuse"] = durable.Policy{} })
			r.Start(t.Context())
			replicas = append(replicas, r)
		}
		plans := map[string]string{"ia": "plan-serial", "ib": "plan-parallel"}
		var clients sync.WaitGroup
		for c := range 8 {
			random := rand.New(rand.NewPCG(seed, uint64(c)+2))
			clients.Go(func() {
				for range 60 {
					id := []string{"ia", "ib"}[random.IntN(2)]
					binding, plan, n := "b"+strconv.Itoa(random.IntN(3)), plans[id], strconv.Itoa(random.IntN(2))
					method, path, body := http.MethodGet, instancePath(id), ""
					switch random.IntN(12) {
					case 0, 1, 2:
						method, body = http.MethodPut, provisionBody(plan, `,"parameters":{"p":`+n+`}`)
					case 3:
						method, body = http.MethodPatch, `{"service_id":"`+serviceID+`","parameters":{"p":`+n+`}}`
					case 4:
						method = http.MethodDelete
					case 5, 6, 7, 8:
						method, path, body = http.MethodPut, bindingPath(id, binding), bindBody(plan, "")
					case 9:
						method, path = http.MethodDelete, bindingPath(id, binding)
					case 10:
						path = bindingPath(id, binding)
					}
					a, err := replicas[random.IntN(2)].try(t.Context(), method, path+"?"+incomplete+"&"+hints(plan), body)
					if err != nil {
						t.Error(err)
						return
					}
					checkStatus(t, method, path, a)
				}
			})
		}
		clients.Wait()
		agree(t, store, replicas[0], provider, plans)
		for _, r := range replicas {
			eventually(t, "nothing is held", func() bool {
				runs, watchers, turns, slots := r.Held()
				return runs+watchers+turns+slots == 0
			})
		}
	})
}

func checkStatus(tb testing.TB, method, path string, a answer) {
	tb.Helper()
	allowed := map[string][]int{
		http.MethodPut: {200, 202, 409, 422}, http.MethodPatch: {200, 202, 404, 422}, http.MethodDelete: {202, 410, 422}, http.MethodGet: {200, 404, 422},
	}[method]
	if method == http.MethodPut && strings.Contains(path, "service_bindings") {
		allowed = append(allowed, 404)
	}
	for _, status := range allowed {
		if a.status == status && (status != 422 || a.code() == concurrency) {
			return
		}
	}
	tb.Errorf("%s %s is answered with %d %s", method, path, a.status, a.text)
}

// agree waits until no operation is open, and compares the records with the
// resources of the provider.
func agree(t *testing.T, store durable.Store, r *replica, provider *ledger, plans map[string]string) {
	t.Helper()
	for id := range plans {
		eventually(t, "no open operation on "+id, func() bool {
			snapshot, err := store.Load(t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: id})
			if err != nil {
				t.Fatal(err)
			}
			return len(snapshot.Open) == 0
		})
		for _, binding := range []string{"", "b0", "b1", "b2"} {
			path := instancePath(id)
			if binding != "" {
				path = bindingPath(id, binding)
			}
			provider.mu.Lock()
			has := provider.has(id, binding)
			provider.mu.Unlock()
			there := r.send(http.MethodGet, path, "").status == http.StatusOK
			// After a failed creation and a failed clean-up, the platform has to
			// delete it.
			if there && !has || has && !there && !failedCreation(t, store, id, binding) {
				t.Errorf("%s: the provider has it: %v, the store: %v", path, has, there)
			}
		}
		records, err := store.Operations(t.Context(), durable.Filter{InstanceID: id, Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			if !records[i].Ended() {
				t.Errorf("the operation %s has not ended", records[i].ID)
			}
		}
	}
}

func failedCreation(t *testing.T, store durable.Store, id, binding string) bool {
	t.Helper()
	snapshot, err := store.Load(t.Context(), durable.Key{Platform: openbroker.DefaultPlatform, InstanceID: id, BindingID: binding})
	if err != nil {
		t.Fatal(err)
	}
	if binding != "" {
		return snapshot.Binding != nil && snapshot.Binding.Status == durable.StatusCreateFailed
	}
	return snapshot.Instance != nil && snapshot.Instance.Status == durable.StatusCreateFailed
}
