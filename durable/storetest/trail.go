package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/durable/admin"
	"github.com/openbroker/openbroker/durable/audit"
)

// auditID returns an id that is greater than earlier ones: those of one millisecond have
// no order.
func (f *fixture) auditID() string {
	return audit.NewID(time.Now().Add(time.Duration(f.ids.Add(1)) * time.Millisecond))
}

// audited returns the operation with an entry in the audit trail.
func (f *fixture) audited(o *durable.OperationSpec, actor string) *durable.OperationSpec {
	f.Helper()
	var err error
	o.ID = f.auditID()
	o.Audit, err = audit.NewRecord(audit.Act{
		ID: o.ID, Action: audit.Action(o.Kind), Outcome: audit.OutcomeAccepted,
		Platform: o.Key.Platform, InstanceID: o.Key.InstanceID, BindingID: o.Key.BindingID,
	}, audit.Names{Actor: actor, User: &audit.User{ID: "user of " + actor, Name: "name of " + actor}})
	f.ok(err)
	return o
}

// refusal returns an entry that is not that of an operation.
func (f *fixture) refusal(key durable.Key, actor string) *audit.Record {
	f.Helper()
	r, err := audit.NewRecord(audit.Act{
		ID: f.auditID(), Action: audit.ActionDeprovision, Outcome: audit.OutcomeRefused, Status: 422, Error: "ConcurrencyError",
		Platform: key.Platform, InstanceID: key.InstanceID, BindingID: key.BindingID,
	}, audit.Names{Actor: actor})
	f.ok(err)
	return r
}

// verify checks the chains of the trail.
func (f *fixture) verify(seen ...audit.Head) *audit.Verifier {
	f.Helper()
	v := &audit.Verifier{}
	for _, head := range seen {
		v.Expect(head, "the test")
	}
	f.ok(f.admin().AuditChains(f.ctx, v.Add))
	v.Close()
	return v
}

// intact fails the test if a chain is broken, and returns the number of entries.
func (f *fixture) intact(seen ...audit.Head) int {
	f.Helper()
	v := f.verify(seen...)
	for _, fault := range v.Faults {
		f.Errorf("fault: %+v", fault)
	}
	return v.Entries
}

// actions returns the actions of entries with their actors, newest first, without
// those that begin chains.
func (f *fixture) actions(filter admin.AuditFilter) (actions []string) {
	f.Helper()
	for _, e := range f.trail(filter) {
		if e.Action != audit.ActionBeginChain {
			actions = append(actions, string(e.Action)+" "+e.Actor)
		}
	}
	return actions
}

func trailCases() []testCase {
	return []testCase{
		{"entries of operations", func(f *fixture) {
			key := instanceKey("i")
			accepted := f.audited(f.leased(key, durable.KindProvision, long), "ada")
			f.accept(accepted)
			end := f.end(accepted.ID)
			end.State = durable.OperationFailed
			end.Next = f.audited(f.queued(key, durable.KindDeprovision), "broker")
			f.ok(f.store.Advance(f.ctx, end))
			f.equal("entries", f.actions(admin.AuditFilter{}), []string{"deprovision broker", "provision ada"})
			entry := f.trail(admin.AuditFilter{OperationID: accepted.ID})[0]
			f.equal("id", entry.ID, accepted.ID)
			f.equal("begun", entry.BegunID, accepted.ID)
			f.equal("user", *entry.User, audit.User{ID: "user of ada", Name: "name of ada"})
			f.equal("chain", entry.Chain, accepted.Audit.Chain)
			f.equal("number", entry.Seq, accepted.Audit.Seq)
			f.equal("intact", f.intact(), 3)
		}},
		{"a refused change leaves no entry", func(f *fixture) {
			f.ready("i")
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("j"), "bob")})) // It begins the chain.
			before := f.intact()
			a := f.acceptance(f.audited(f.queued(instanceKey("i"), durable.KindUpdate), "ada"))
			a.Expect++
			f.is(f.store.Accept(f.ctx, a), durable.ErrConflict)
			f.equal("entries", f.intact(), before)
			f.accept(f.audited(f.queued(instanceKey("i"), durable.KindUpdate), "ada"))
			f.equal("entries", f.actions(admin.AuditFilter{InstanceID: "i"}), []string{"update ada"})
			f.intact()
		}},
		{"entries without an operation", func(f *fixture) {
			f.ok(f.store.Record(f.ctx, nil))
			records := []*audit.Record{f.refusal(instanceKey("i"), "ada"), f.refusal(bindingKey("i", "b"), "bob"), f.refusal(durable.Key{}, "")}
			f.ok(f.store.Record(f.ctx, records))
			f.equal("chain", records[0].Chain == records[2].Chain && records[0].Chain != "", true)
			f.equal("number", records[0].Seq, records[2].Seq)
			entries := f.trail(admin.AuditFilter{InstanceID: "i", BindingID: "b"})
			f.equal("entries", len(entries), 1)
			f.equal("status", entries[0].Status, 422)
			f.equal("error", entries[0].Error, "ConcurrencyError")
			f.equal("actor", entries[0].Actor, "bob")
			// They can be repeated after a commit that was not acknowledged.
			again := []*audit.Record{records[1], f.refusal(instanceKey("again"), "ada")}
			f.ok(f.store.Record(f.ctx, again))
			f.ok(f.store.Record(f.ctx, records))
			f.equal("entries", len(f.trail(admin.AuditFilter{Outcome: audit.OutcomeRefused})), 4)
			f.intact()
		}},
		{"filters", func(f *fixture) {
			f.accept(f.audited(f.queued(instanceKey("i"), durable.KindProvision), "ada"))
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("i"), "bob")}))
			now := time.Now()
			for name, c := range map[string]struct {
				filter admin.AuditFilter
				want   []string
			}{
				"all":           {admin.AuditFilter{InstanceID: "i"}, []string{"deprovision bob", "provision ada"}},
				"actor":         {admin.AuditFilter{Actor: "ada"}, []string{"provision ada"}},
				"another actor": {admin.AuditFilter{Actor: "bob"}, []string{"deprovision bob"}},
				"actions":       {admin.AuditFilter{Actions: []audit.Action{audit.ActionProvision, audit.ActionUnbind}}, []string{"provision ada"}},
				"accepted":      {admin.AuditFilter{Outcome: audit.OutcomeAccepted}, []string{"provision ada"}},
				"refused":       {admin.AuditFilter{Outcome: audit.OutcomeRefused}, []string{"deprovision bob"}},
				"since":         {admin.AuditFilter{Since: now.Add(-time.Hour)}, []string{"deprovision bob", "provision ada"}},
				"since later":   {admin.AuditFilter{Since: now.Add(time.Hour)}, nil},
				"until":         {admin.AuditFilter{Until: now.Add(-time.Hour)}, nil},
				"until later":   {admin.AuditFilter{Until: now.Add(time.Hour), InstanceID: "i"}, []string{"deprovision bob", "provision ada"}},
				"limit":         {admin.AuditFilter{Limit: 1}, []string{"deprovision bob"}},
			} {
				f.equal(name, f.actions(c.filter), c.want)
			}
			last := f.trail(admin.AuditFilter{Limit: 1})[0].ID
			f.equal("before", f.actions(admin.AuditFilter{Before: last}), []string{"provision ada"})
		}},
		{"a window", func(f *fixture) {
			for i := range 3 {
				f.accept(f.audited(f.queued(instanceKey(fmt.Sprint(i)), durable.KindProvision), "ada"))
				f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey(fmt.Sprint(i)), "bob")}))
			}
			// The window counts the entries that begin chains, too. Where they are depends on
			// how many chains the store has.
			all, err := f.admin().AuditTrail(f.ctx, admin.AuditFilter{Limit: 100})
			f.ok(err)
			id := func(i int) string { return all[i].Act.ID } // newest first
			f.equal("entries", len(all) > 6, true)
			for _, c := range []struct {
				before  string
				entries int
				want    string
			}{
				{"", 1, id(0)}, {"", 2, id(1)}, {"", 5, id(4)}, {id(1), 2, id(3)}, {id(2), 3, id(5)}, {"", 100, ""}, {"0", 1, ""},
			} {
				from, err := f.admin().AuditWindow(f.ctx, c.before, c.entries)
				f.ok(err)
				f.equal(fmt.Sprint(c), from, c.want)
			}
			window, err := f.admin().AuditTrail(f.ctx, admin.AuditFilter{From: id(1)})
			f.ok(err)
			f.equal("from", len(window), 2)
		}},
		{"entries outlive their operations", func(f *fixture) {
			key := f.bound("i", "b")
			f.accept(f.audited(f.leased(key, durable.KindUnbind, long), "ada"))
			end := f.end(f.operations(durable.Filter{State: durable.OperationActive})[0].ID)
			end.Binding = bindingRecord(key, durable.StatusDeleted)
			f.ok(f.store.Advance(f.ctx, end))
			f.done(f.ready("forgotten"), durable.KindUpdate)
			f.accept(f.audited(f.queued(instanceKey("forgotten"), durable.KindUpdate), "bob"))
			f.intervene(forgets(f.intervention(instanceKey("forgotten"), admin.ActionForget)))
			before := f.trail(admin.AuditFilter{})
			f.pass(2 * short)
			_, err := f.store.Prune(f.ctx, short, 100)
			f.ok(err)
			f.equal("operations", len(f.operations(durable.Filter{InstanceID: "i", BindingID: "b"})), 0)
			f.equal("trail", f.trail(admin.AuditFilter{}), before)
			f.equal("actions", f.actions(admin.AuditFilter{InstanceID: "i"}), []string{"unbind ada"})
			f.intact()
		}},
		{"concurrent writers", func(f *fixture) {
			var all sync.WaitGroup
			for worker := range 8 {
				all.Go(func() {
					for i := range 10 {
						key := instanceKey(fmt.Sprint(worker, "-", i))
						if i%3 == 2 {
							f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(key, "bob")}))
							continue
						}
						f.accept(f.audited(f.queued(key, durable.KindProvision), "ada"))
					}
				})
			}
			all.Wait()
			f.equal("accepted", len(f.actions(admin.AuditFilter{Actor: "ada", Limit: 100})), 8*7)
			f.equal("refused", len(f.actions(admin.AuditFilter{Actor: "bob", Limit: 100})), 8*3)
			f.intact()
		}},
		{"heads", func(f *fixture) {
			f.accept(f.audited(f.queued(instanceKey("i"), durable.KindProvision), "ada"))
			heads := f.store.(interface{ AuditHeads() []audit.Head }).AuditHeads() //nolint:errcheck,forcetypeassert // The stores of this module have them.
			f.equal("heads", len(heads), 1)
			f.accept(f.audited(f.queued(instanceKey("j"), durable.KindProvision), "ada"))
			f.intact(heads...)
			for name, head := range map[string]audit.Head{
				"cut off":  {Chain: heads[0].Chain, Seq: heads[0].Seq + 7, Hash: heads[0].Hash},
				"no chain": {Chain: "none", Seq: 1, Hash: heads[0].Hash},
				"changed":  {Chain: heads[0].Chain, Seq: heads[0].Seq, Hash: bytes.Repeat([]byte{1}, len(heads[0].Hash))},
			} {
				if v := f.verify(head); len(v.Faults) != 1 || v.Faults[0].Chain != head.Chain || v.Faults[0].Seq != head.Seq {
					f.Errorf("%s: %+v", name, v.Faults)
				}
			}
		}},
		{"a refused intervention keeps the chain", func(f *fixture) {
			key := f.ready("i")
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(key, "ada")}))
			heads := func() []audit.Head {
				return f.store.(interface{ AuditHeads() []audit.Head }).AuditHeads() //nolint:errcheck,forcetypeassert // See above.
			}
			before := heads()
			late := f.intervention(key, admin.ActionFail)
			late.Expect++
			f.is(f.admin().Intervene(f.ctx, late), durable.ErrConflict)
			refusal := f.refusal(key, "bob")
			f.ok(f.store.Record(f.ctx, []*audit.Record{refusal}))
			f.equal("chains", len(heads()), 1)
			f.equal("chain", refusal.Chain, before[0].Chain)
			f.equal("number", refusal.Seq, before[0].Seq+1)
			f.intact(heads()...)
		}},
		{"erased names", func(f *fixture) {
			f.accept(f.audited(f.queued(instanceKey("i"), durable.KindProvision), "ada"))
			f.accept(f.audited(f.queued(instanceKey("j"), durable.KindProvision), "bob"))
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("i"), "ada"), f.refusal(instanceKey("i"), "bob")}))
			erase := func(name string, limit, want int) {
				f.Helper()
				erased, err := f.admin().EraseNames(f.ctx, name, limit)
				f.ok(err)
				f.equal("erased", erased, want)
			}
			erase("eve", 10, 0)
			erase("ada", 1, 1)
			erase("ada", 10, 1)
			erase("user of bob", 10, 1)
			f.equal("actors", f.actions(admin.AuditFilter{}), []string{"deprovision bob", "deprovision ", "provision ", "provision "})
			for _, e := range f.trail(admin.AuditFilter{InstanceID: "j"}) {
				f.equal("erased", e.NamesErased, true)
				f.equal("user", e.User == nil, true)
			}
			v := f.verify()
			f.equal("faults", len(v.Faults), 1) // The command that erases adds an entry, and the store does not.
			f.equal("erased", v.Erased, 3)
		}},
		{"sealed and pruned", func(f *fixture) {
			seal := func(heads []audit.Head, entries int) (*audit.Record, error) {
				return audit.NewRecord(audit.Act{ID: f.auditID(), Action: audit.ActionSeal, Heads: heads, Count: entries}, audit.Names{})
			}
			prune := func(before time.Time, want int) {
				f.Helper()
				pruned, err := f.admin().PruneAudit(f.ctx, before, seal)
				f.ok(err)
				f.equal("pruned", pruned, want)
			}
			later := time.Now().Add(time.Hour)
			prune(later, 0)
			f.accept(f.audited(f.queued(instanceKey("i"), durable.KindProvision), "ada"))
			prune(later, 0) // The last batch of a chain stays.
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("i"), "ada"), f.refusal(instanceKey("i"), "bob")}))
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("i"), "eve")}))
			prune(time.Now().Add(-time.Hour), 0)
			f.equal("entries", f.intact(), 5)
			prune(later, 3) // The one that began the chain, and a batch of two. The provision has its operation.
			f.equal("trail", f.actions(admin.AuditFilter{}), []string{"seal ", "deprovision eve", "provision ada"})
			f.equal("entries", f.intact(), 3)
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("i"), "bob")}))
			prune(later, 2) // Also the first seal: the second one has its heads.
			f.equal("trail", f.actions(admin.AuditFilter{}), []string{"seal ", "deprovision bob", "provision ada"})
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("i"), "eve")}))
			f.equal("entries", f.intact(), 4)
			broken := errors.New("no seal")
			_, err := f.admin().PruneAudit(f.ctx, later, func([]audit.Head, int) (*audit.Record, error) { return nil, broken })
			f.is(err, broken)
			f.equal("entries", f.intact(), 4)
		}},
		{"an import continues the trail", func(f *fixture) {
			f.accept(f.audited(f.queued(instanceKey("i"), durable.KindProvision), "ada"))
			f.ok(f.store.Record(f.ctx, []*audit.Record{f.refusal(instanceKey("i"), "bob")}))
			to := f.other()
			f.ok(to.admin().Import(to.ctx, yield(f.everything(), nil)))
			to.equal("trail", to.trail(admin.AuditFilter{}), f.trail(admin.AuditFilter{}))
			to.ok(to.store.Record(to.ctx, []*audit.Record{to.refusal(instanceKey("i"), "eve")}))
			entries := to.trail(admin.AuditFilter{})
			begun := slices.IndexFunc(entries, func(e admin.AuditEntry) bool { return e.Action == audit.ActionBeginChain })
			to.equal("heads of the new chain", len(entries[begun].Heads) > 0, true)
			to.intact()
		}},
		{"text that a database cannot keep", func(f *fixture) {
			r, err := audit.NewRecord(audit.Act{ID: f.auditID(), Action: audit.ActionLogIn, Outcome: audit.OutcomeRefused, Reason: "a\x00b\xff"},
				audit.Names{Actor: "a\x00b\xff"})
			f.ok(err)
			f.ok(f.store.Record(f.ctx, []*audit.Record{r}))
			f.equal("entries", f.actions(admin.AuditFilter{Actions: []audit.Action{audit.ActionLogIn}}), []string{"log in a\uFFFDb\uFFFD"})
			f.equal("actor", len(f.actions(admin.AuditFilter{Actor: "a\uFFFDb\uFFFD"})), 1)
			f.equal("no such actor", len(f.actions(admin.AuditFilter{Actor: "a\x00"})), 0)
			f.intact()
		}},
		{"calls with an ended context fail", func(f *fixture) {
			ctx, cancel := context.WithCancel(f.ctx)
			cancel()
			f.is(f.store.Record(ctx, []*audit.Record{f.refusal(instanceKey("i"), "ada")}), context.Canceled)
			f.is(f.admin().AuditChains(ctx, func(audit.Link) error { return nil }), context.Canceled)
			f.equal("entries", len(f.trail(admin.AuditFilter{Actor: "ada"})), 0)
		}},
	}
}
