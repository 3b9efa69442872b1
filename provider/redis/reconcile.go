package redis

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/credential"
)

// passes is what passes over the nodes remember, by the run id of the node. Only the
// goroutine of Reconcile uses it.
type passes struct {
	seen map[string]sighting
	// problem is the last one that was logged.
	problem string
}

// A sighting is what a pass left on a node.
type sighting struct {
	// users is a digest of all users and their rules.
	users [sha256.Size]byte
	// applied has, for each user that a pass made, the rules that it set, and those that
	// the server shows for them, which differ in form.
	applied map[string]application
}

type application struct{ set, shown string }

// compareAll makes the next pass compare all users, although they look as before.
func (p *passes) compareAll() {
	for id, last := range p.seen {
		p.seen[id] = sighting{applied: last.applied}
	}
}

// fullEvery is how many passes look only at what has changed on the nodes, before one
// compares everything: the settings of a plan may have changed in the catalog.
const fullEvery = 20

// engine returns the records of the engine, or nil before it has started.
func (p *redis) engine() durable.Records {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records
}

// hurry makes the next pass look at everything, and begin at once.
func (p *redis) hurry() {
	select {
	case p.now <- struct{}{}:
	default:
	}
}

// Reconcile makes users again that nodes have lost, and the registry, until ctx ends.
func (p *redis) Reconcile(ctx context.Context, records durable.Records) {
	p.mu.Lock()
	p.records = records
	p.mu.Unlock()
	p.passes.seen = map[string]sighting{}
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for count := 0; ; count++ {
		if count%fullEvery == 0 {
			p.passes.compareAll()
		}
		p.logProblem(ctx, p.pass(ctx, records))
		select {
		case <-ctx.Done():
			return
		case <-p.now:
			count = fullEvery - 1
		case <-ticker.C:
		}
	}
}

// logProblem logs why passes fail, once, and that they succeed again.
func (p *redis) logProblem(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != p.passes.problem {
		if err != nil {
			p.logger.LogAttrs(ctx, slog.LevelWarn, "the users of the nodes cannot be checked", slog.String("error", text))
		} else {
			p.logger.LogAttrs(ctx, slog.LevelInfo, "the users of the nodes are checked again")
		}
	}
	p.passes.problem = text
}

// pass compares all nodes with the records once.
func (p *redis) pass(ctx context.Context, records durable.Records) error {
	nodes, registry, err := p.reach(ctx)
	if hasPrefix(err, "BUSY ") {
		return errors.Join(err, p.killScripts(ctx))
	}
	if err != nil {
		return err
	}
	p.network.forget(nodes)
	if err := p.completeRegistry(ctx, registry, records); err != nil {
		return err
	}
	// The reference is read last: see sweep.
	found := make([]map[string]string, len(nodes))
	changed := false
	for i, n := range slices.Backward(nodes) {
		if found[i], err = n.users(ctx); err != nil {
			return err
		}
		last, known := p.passes.seen[n.runID]
		changed = changed || !known || last.users != digest(found[i])
	}
	if !changed {
		return nil
	}
	before := p.movements()
	wanted, err := p.wanted(ctx, records)
	if err != nil {
		return err
	}
	var refused []error
	for i, n := range nodes {
		err := p.adjust(ctx, n, found[i], wanted, records)
		if hasPrefix(err, refusedRules) {
			refused = append(refused, err) // The others get their users all the same.
		} else if err != nil {
			return err
		}
		if i > 0 {
			if err := p.sweep(ctx, n, found[i], found[0], wanted); err != nil {
				return err
			}
		}
	}
	running := map[string]sighting{}
	for _, n := range nodes {
		running[n.runID] = p.passes.seen[n.runID]
	}
	if p.passes.seen = running; p.movements() != before {
		// An update began meanwhile, and its rights may have been replaced by the former.
		p.passes.compareAll()
	}
	return errors.Join(refused...)
}

// A want is what the user of a binding must be.
type want struct {
	binding durable.Binding
	rights  *grant
}

// wanted returns the users of all bindings in use.
func (p *redis) wanted(ctx context.Context, records durable.Records) (map[string]want, error) {
	all := map[string]want{}
	for binding, err := range records.Bindings(ctx, nil) {
		if err != nil {
			return nil, fmt.Errorf("list the bindings: %w", err)
		}
		settings, err := p.planOf(&binding.Instance)
		var rights *grant
		if err == nil {
			rights, err = grantOf(&binding, settings)
		}
		if err != nil {
			p.logger.LogAttrs(ctx, slog.LevelError, "the user of a binding cannot be made again", slog.String("binding_id", binding.ID), slog.String("error", err.Error()))
			continue
		}
		all[credential.Username(binding.ResourceName())] = want{binding, rights}
	}
	return all, nil
}

// adjust makes the users that a node lacks or has with other rules.
func (p *redis) adjust(ctx context.Context, n *node, present map[string]string, wanted map[string]want, records durable.Records) error {
	last, known := p.passes.seen[n.runID]
	applied := make(map[string]application, len(wanted))
	var commands [][]any
	var changed []string
	missing := 0
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		rules := wanted[name].rights.rules(n.server)
		set := strings.Join(rules, " ")
		before, had := last.applied[name]
		shown, exists := present[name]
		switch {
		case exists && before == (application{set, shown}):
			applied[name] = before
			continue
		case exists && !had && known && strings.Contains(shown, "#"+wanted[name].rights.hash):
			// A bind, here or in another replica, has just made it.
			applied[name] = application{set, shown}
			continue
		}
		if !exists {
			missing++
		}
		applied[name] = application{set: set}
		changed = append(changed, name)
		commands = append(commands, setting(name, rules))
	}
	if missing > 0 {
		p.logger.LogAttrs(ctx, slog.LevelWarn, "a node lacks users, which are made again", slog.String("node", n.address), slog.Int("users", missing), slog.Bool("restarted", !known))
	}
	refused, err := p.makeAgain(ctx, n, changed, commands, wanted, records)
	if err != nil {
		return err
	}
	now, err := n.users(ctx)
	if err != nil {
		return err
	}
	lost := false
	for name, a := range applied {
		shown, exists := now[name]
		lost = lost || !exists
		applied[name] = application{a.set, shown}
	}
	p.passes.seen[n.runID] = sighting{users: digest(now), applied: applied}
	if lost || refused != nil {
		delete(p.passes.seen, n.runID) // The next pass tries again.
	}
	return refused
}

// makeAgain runs the commands for users whose bindings are in use. An unbind in this
// process waits meanwhile, so that it has deleted the user for good when it succeeds. One
// in another replica does not: then the user is deleted at once.
func (p *redis) makeAgain(ctx context.Context, n *node, names []string, commands [][]any, wanted map[string]want, records durable.Records) (refused, err error) {
	for begin := 0; begin < len(names); begin += maxChanges {
		end := min(begin+maxChanges, len(names))
		some, err := p.makeSome(ctx, n, names[begin:end], commands[begin:end], wanted, records)
		if hasPrefix(err, refusedRules) {
			refused = err
		} else if err != nil {
			return nil, err
		}
		for _, name := range some {
			if err := p.keepIfUsed(ctx, fleet{n}, records, new(wanted[name].binding)); err != nil {
				return nil, err
			}
		}
	}
	return refused, nil
}

// makeSome is makeAgain for as many users as the server changes at once. It returns the
// names of those that it made.
func (p *redis) makeSome(ctx context.Context, n *node, names []string, commands [][]any, wanted map[string]want, records durable.Records) ([]string, error) {
	p.unbinds.Lock()
	defer p.unbinds.Unlock()
	var made []string
	var used [][]any
	for i, name := range names {
		inUse, err := records.InUse(ctx, wanted[name].binding)
		if err != nil {
			return nil, err
		}
		if inUse {
			made, used = append(made, name), append(used, commands[i])
		}
	}
	return made, n.changeUsers(ctx, used...)
}

// sweep deletes users that a node has and the reference has not: the node was away when
// they were deleted. Users are made on the reference first and deleted there last, and the
// reference was read last, so that no user is on its way.
func (p *redis) sweep(ctx context.Context, n *node, present, reference map[string]string, wanted map[string]want) error {
	var stale [][]any
	for _, name := range slices.Sorted(maps.Keys(present)) {
		_, ours := credential.ResourceOfUser(name)
		_, needed := wanted[name]
		_, there := reference[name]
		if ours && !needed && !there {
			stale = append(stale, deletion(name))
		}
	}
	if len(stale) == 0 {
		return nil
	}
	p.logger.LogAttrs(ctx, slog.LevelWarn, "a node that was away has users of deleted bindings, which are deleted", slog.String("node", n.address), slog.Int("users", len(stale)))
	return n.changeUsers(ctx, stale...)
}

// completeRegistry adds to the registry what the server has lost of it, from the states of
// all instances.
func (p *redis) completeRegistry(ctx context.Context, r *registry, records durable.Records) error {
	if _, err := r.read(ctx, r.client); !errors.Is(err, errIncomplete) {
		return err
	}
	missing := 0
	for instance, err := range records.Instances(ctx) {
		if err != nil {
			return fmt.Errorf("list the instances: %w", err)
		}
		kept, ok := stateOf(&instance)
		if !ok {
			continue
		}
		added, err := r.add(ctx, instance.ResourceName(), kept.record())
		if err != nil {
			return err
		}
		if !added {
			continue
		}
		if exists, err := records.Exists(ctx, instance); err != nil {
			return err
		} else if !exists {
			if err := r.remove(ctx, instance.ResourceName()); err != nil {
				return err
			}
			continue
		}
		missing++
	}
	if missing > 0 {
		p.logger.LogAttrs(ctx, slog.LevelWarn, "the server had lost instances from its list, and perhaps their data: the list is complete again", slog.Int("instances", missing))
	}
	return r.complete(ctx)
}

// killScripts ends scripts on servers that are busy with one. A script that has written
// cannot be killed.
func (p *redis) killScripts(ctx context.Context) error {
	var problems []error
	for _, client := range p.network.all() {
		err := client.ScriptKill(ctx).Err()
		switch {
		case err == nil:
			p.logger.LogAttrs(ctx, slog.LevelWarn, "a script that stopped the server for everybody was killed")
		case hasPrefix(err, "NOTBUSY "):
		case hasPrefix(err, "UNKILLABLE "):
			problems = append(problems, errors.New("a script has stopped the server for everybody and cannot be killed, because it has written: only SHUTDOWN NOSAVE ends it"))
		default:
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// digest returns a digest of users and their rules.
func digest(users map[string]string) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(users)) {
		_, _ = h.Write([]byte(name + " " + users[name] + "\n")) // It never fails.
	}
	h.Sum(sum[:0])
	return sum
}
