package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/openbroker/openbroker/durable"
)

const clients = 16

// together calls client concurrently from n goroutines, which use the two stores in
// turn. It returns how many calls returned nil. An unexpected error ends the case.
func (f *fixture) together(n int, client func(ctx context.Context, store durable.Store, i int) error, expected ...error) int {
	f.Helper()
	stores := []durable.Store{f.store, f.replica()}
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	results := make([]error, n)
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			results[i] = client(f.ctx, stores[i%2], i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	succeeded := 0
	for _, err := range results {
		if err == nil {
			succeeded++
			continue
		}
		known := false
		for _, want := range expected {
			known = known || errors.Is(err, want)
		}
		if !known {
			f.Fatal(err)
		}
	}
	return succeeded
}

func concurrencyCases() []testCase {
	return []testCase{
		{"one of many acceptances of a new instance succeeds", func(f *fixture) {
			for range 5 {
				key := instanceKey(f.id("i"))
				won := f.together(clients, func(ctx context.Context, store durable.Store, _ int) error {
					return store.Accept(ctx, &durable.Acceptance{Instance: instanceRecord(key, durable.StatusCreating), Operation: f.queued(key, durable.KindProvision)})
				}, durable.ErrConflict)
				f.equal("winners", won, 1)
				f.equal("revision", f.load(key).Revision(), int64(1))
				f.equal("open operations", len(f.load(key).Open), 1)
			}
		}},
		{"one of many acceptances of one revision succeeds", func(f *fixture) {
			key := f.ready("i")
			for want := int64(2); want < 8; want++ {
				won := f.together(clients, func(ctx context.Context, store durable.Store, i int) error {
					record := instanceRecord(key, durable.StatusReady)
					record.Data = fmt.Append(nil, i)
					return store.Accept(ctx, &durable.Acceptance{Expect: want, Instance: record})
				}, durable.ErrConflict)
				f.equal("winners", won, 1)
				f.equal("revision", f.load(key).Revision(), want+1)
			}
		}},
		{"an acceptance with a conflict leaves no trace", func(f *fixture) {
			key := f.ready("i")
			f.together(clients, func(ctx context.Context, store durable.Store, i int) error {
				binding := bindingKey("i", strconv.Itoa(i))
				return store.Accept(ctx, &durable.Acceptance{Expect: 2, Instance: instanceRecord(key, durable.StatusReady), Binding: bindingRecord(binding, durable.StatusCreating), Operation: f.queued(binding, durable.KindBind)})
			}, durable.ErrConflict)
			f.equal("bindings", len(f.bindings(durable.Filter{})), 1)
			f.equal("operations", len(f.operations(durable.Filter{})), 2)
		}},
		{"one of many workers ends an operation", func(f *fixture) {
			key := instanceKey("i")
			advance := durable.Advance{Fence: durable.Fence{OperationID: f.accept(f.leased(key, durable.KindProvision, long)), Generation: 1}, Key: key, State: durable.OperationSucceeded}
			won := f.together(clients, func(ctx context.Context, store durable.Store, _ int) error {
				own := advance // The store sets its revision.
				return store.Advance(ctx, &own)
			}, durable.ErrFenced)
			f.equal("winners", won, 1)
			f.equal("revision", f.load(key).Revision(), int64(2))
		}},
		{"concurrent changes of one instance are not lost", func(f *fixture) {
			key := f.ready("i")
			const changes = 3
			f.together(clients, func(ctx context.Context, store durable.Store, _ int) error {
				for range changes {
					if err := update(ctx, store, key, f.id("operation")); err != nil {
						return err
					}
				}
				return nil
			})
			// Each begin and each end increases the revision.
			f.equal("revision", f.load(key).Revision(), int64(2+2*clients*changes))
			f.equal("operations", len(f.operations(durable.Filter{Kind: durable.KindUpdate, State: durable.OperationSucceeded, Limit: 1000})), clients*changes)
			f.equal("open operations", len(f.load(key).Open), 0)
		}},
		{"every operation is claimed exactly once", func(f *fixture) {
			const operations = 100
			for range operations {
				f.accept(f.queued(instanceKey(f.id("i")), durable.KindProvision))
			}
			var mutex sync.Mutex
			owners := make(map[string]string)
			f.together(clients, func(ctx context.Context, store durable.Store, i int) error {
				for {
					mutex.Lock()
					all := len(owners) == operations
					mutex.Unlock()
					if all {
						return nil
					}
					owner := strconv.Itoa(i)
					claimed, err := store.Claim(ctx, owner, long, 7, durable.ClaimExclusion{})
					if err != nil {
						return err
					}
					mutex.Lock()
					for j := range claimed {
						if other, ok := owners[claimed[j].ID]; ok {
							f.Errorf("%s was claimed by %s and %s", claimed[j].ID, other, owner)
						}
						owners[claimed[j].ID] = owner
						if claimed[j].Generation != 1 || claimed[j].Owner != owner {
							f.Errorf("%s claimed %+v", owner, claimed[j])
						}
					}
					mutex.Unlock()
				}
			})
		}},
		{"either the old worker ends an operation, or another one claims it", func(f *fixture) {
			for range 10 {
				key := instanceKey(f.id("i"))
				id := f.accept(f.leased(key, durable.KindProvision, short))
				f.pass(2 * short)
				var ended, claimed atomic.Int64
				f.together(4, func(ctx context.Context, store durable.Store, i int) error {
					if i%2 == 0 {
						err := store.Advance(ctx, &durable.Advance{Fence: durable.Fence{OperationID: id, Generation: 1}, Key: key, State: durable.OperationSucceeded})
						if err == nil {
							ended.Add(1)
						}
						return err
					}
					records, err := store.Claim(ctx, "claimer", long, 1, durable.ClaimExclusion{})
					claimed.Add(int64(len(records)))
					return err
				}, durable.ErrFenced)
				if ended.Load()+claimed.Load() != 1 {
					f.Errorf("ended %d times, claimed %d times", ended.Load(), claimed.Load())
				}
			}
		}},
		{"concurrent writers agree on the value of a setting", func(f *fixture) {
			values := make([]string, clients)
			f.together(clients, func(ctx context.Context, store durable.Store, i int) error {
				stored, err := store.PutSetting(ctx, "name", fmt.Append(nil, i))
				values[i] = string(stored)
				return err
			})
			stored, err := f.store.Setting(f.ctx, "name")
			f.ok(err)
			for _, value := range values {
				f.equal("value", value, string(stored))
			}
		}},
		{"a snapshot is consistent", func(f *fixture) {
			key := f.bound("i", "b")
			f.ok(f.flip(f.ctx, f.store, key))
			var writing atomic.Bool
			writing.Store(true)
			f.together(4, func(ctx context.Context, store durable.Store, i int) error {
				if i > 0 {
					for writing.Load() {
						snapshot, err := store.Load(ctx, key)
						if err != nil {
							return err
						}
						if data := string(snapshot.Instance.Data); data != string(snapshot.Binding.Data) || (data == "busy") != (len(snapshot.Open) == 1) {
							return fmt.Errorf("instance %q, binding %q, %d open operations", data, snapshot.Binding.Data, len(snapshot.Open))
						}
					}
					return nil
				}
				defer writing.Store(false)
				for range 50 {
					if err := f.flip(ctx, store, key); err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"an ended context does not harm other callers", func(f *fixture) {
			const each = 20
			accepted := make([]atomic.Int64, clients)
			f.together(clients, func(ctx context.Context, store durable.Store, i int) error {
				key := instanceKey(strconv.Itoa(i))
				for j := range each {
					attempt, cancel := context.WithCancel(ctx)
					if i%2 == 0 {
						go cancel()
					}
					err := store.Accept(attempt, &durable.Acceptance{Expect: accepted[i].Load(), Instance: instanceRecord(key, durable.StatusReady)})
					cancel()
					if errors.Is(err, context.Canceled) && i%2 == 0 {
						// The store may have made the change anyway.
						snapshot, err := store.Load(ctx, key)
						if err != nil {
							return err
						}
						accepted[i].Store(snapshot.Revision())
						continue
					}
					if err != nil {
						return fmt.Errorf("client %d, change %d: %w", i, j, err)
					}
					accepted[i].Add(1)
				}
				return nil
			})
			for i := range clients {
				revision := f.load(instanceKey(strconv.Itoa(i))).Revision()
				f.equal("revision", revision, accepted[i].Load())
				if i%2 == 1 {
					f.equal("revision", revision, int64(each))
				}
			}
		}},
		{"pages list each record once while others are added", func(f *fixture) {
			want := make(map[string]int)
			for i := range 40 {
				id := fmt.Sprintf("%02d", i)
				f.ok(f.store.Accept(f.ctx, &durable.Acceptance{Instance: instanceRecord(instanceKey(id), durable.StatusReady)}))
				want["platform/"+id] = 0
			}
			f.together(4, func(ctx context.Context, store durable.Store, i int) error {
				if i > 0 {
					for j := range 30 {
						key := instanceKey(fmt.Sprintf("%02d new %d", j, i))
						if err := store.Accept(ctx, &durable.Acceptance{Instance: instanceRecord(key, durable.StatusReady)}); err != nil {
							return err
						}
					}
					return nil
				}
				filter := durable.Filter{Limit: 3}
				for {
					page, err := store.Instances(ctx, filter)
					if err != nil || len(page) == 0 {
						return err
					}
					for _, id := range instanceIDs(page) {
						if _, old := want[id]; old {
							want[id]++
						}
					}
					filter.After = page[len(page)-1].Key
				}
			})
			for id, times := range want {
				if times != 1 {
					f.Errorf("%s was listed %d times", id, times)
				}
			}
		}},
	}
}

// update changes the instance like a client that competes with others: it decides
// from a snapshot, and decides again after a conflict.
func update(ctx context.Context, store durable.Store, key durable.Key, id string) error {
	for {
		snapshot, err := store.Load(ctx, key)
		if err != nil {
			return err
		}
		if len(snapshot.Open) > 0 {
			continue
		}
		err = store.Accept(ctx, &durable.Acceptance{
			Expect: snapshot.Revision(), Instance: instanceRecord(key, durable.StatusUpdating),
			Operation: &durable.OperationSpec{ID: id, Key: key, Kind: durable.KindUpdate, Owner: "worker", Lease: long, Timeout: long},
		})
		if errors.Is(err, durable.ErrConflict) {
			continue
		}
		if err != nil {
			return err
		}
		instance := instanceRecord(key, durable.StatusReady)
		return store.Advance(ctx, &durable.Advance{Fence: durable.Fence{OperationID: id, Generation: 1}, Key: key, State: durable.OperationSucceeded, Instance: &instance})
	}
}

// flip begins and ends an operation. The data of the records is "busy" exactly
// while it is open.
func (f *fixture) flip(ctx context.Context, store durable.Store, key durable.Key) error {
	snapshot, err := store.Load(ctx, key)
	if err != nil {
		return err
	}
	records := func(text string) (durable.InstanceRecord, *durable.BindingRecord) {
		instance, binding := instanceRecord(key, durable.StatusReady), bindingRecord(key, durable.StatusReady)
		instance.Data, binding.Data = []byte(text), []byte(text)
		return instance, binding
	}
	operation := f.leased(key, durable.KindUnbind, long)
	instance, binding := records("busy")
	if err := store.Accept(ctx, &durable.Acceptance{Expect: snapshot.Revision(), Instance: instance, Binding: binding, Operation: operation}); err != nil {
		return err
	}
	instance, binding = records("idle")
	return store.Advance(ctx, &durable.Advance{Fence: durable.Fence{OperationID: operation.ID, Generation: 1}, Key: key, State: durable.OperationSucceeded, Instance: &instance, Binding: binding})
}
