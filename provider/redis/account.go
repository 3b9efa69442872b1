package redis

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// The names with which checkAccount tries what the broker must do.
const (
	probeKey       = "openbroker:probe"
	probeTenantKey = "ob:probe"
	probeUser      = "openbroker-probe"
)

// A trial is a command that the account of the broker needs.
type trial struct {
	rule string
	run  func() error
}

// checkAccount tries the commands that the broker needs on all nodes, and returns which
// of them its account may not run.
func checkAccount(ctx context.Context, nodes fleet, r *registry) error {
	for _, n := range nodes {
		if err := try(n.address, n.userTrials(ctx)); err != nil {
			return err
		}
	}
	for _, n := range nodes.primaries() {
		if err := try(n.address, n.keyTrials(ctx)); err != nil {
			return err
		}
	}
	return try(nodes.reference().address, r.trials(ctx))
}

// try runs trials, and returns the rules that the account lacks. Full memory is no reason
// to refuse it.
func try(address string, trials []trial) error {
	var missing []string
	for _, t := range trials {
		err := t.run()
		switch {
		case err == nil, hasPrefix(err, "OOM "):
		case hasPrefix(err, "NOPERM "):
			missing = append(missing, t.rule)
		default:
			return fmt.Errorf("%s: %w", address, err)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the server %s does not allow the account of the broker all that it must do: grant it %s", address, strings.Join(missing, " "))
}

func (n *node) userTrials(ctx context.Context) []trial {
	return []trial{
		{"+acl|list", func() error { return n.client.ACLList(ctx).Err() }},
		// A user without password and rights that exists for a moment.
		{"+acl|setuser", func() error { return n.client.ACLSetUser(ctx, probeUser, "reset").Err() }},
		{"+acl|deluser", func() error { return n.client.Do(ctx, deletion(probeUser)...).Err() }},
		{"+acl|save", func() error {
			err := n.client.Do(ctx, "acl", "save").Err()
			if err != nil && withoutFile(err) {
				return nil
			}
			return err
		}},
	}
}

func (n *node) keyTrials(ctx context.Context) []trial {
	trials := []trial{
		{"+scan", func() error { return n.client.Scan(ctx, 0, probeTenantKey, 1).Err() }},
		{"+unlink ~ob*", func() error {
			err := n.client.Unlink(ctx, probeTenantKey).Err()
			if hasPrefix(err, "MOVED ") {
				return nil // The node would have deleted a key of its own.
			}
			return err
		}},
		{"+multi +exec +select", func() error {
			_, err := n.client.TxPipelined(ctx, func(pipe goredis.Pipeliner) error { return pipe.Do(ctx, "select", 0).Err() })
			return err
		}},
	}
	if n.compatible.atLeast(7, 0) && !n.cluster {
		trials = append(trials, trial{"+flushdb", func() error { return n.dryRun(ctx, "flushdb") }})
	}
	return trials
}

// dryRun returns an error of the form NOPERM if the account may not run a command that
// cannot be tried. An account that may not ask either counts as sufficient.
func (n *node) dryRun(ctx context.Context, command string) error {
	me, err := n.client.Do(ctx, "acl", "whoami").Text()
	if err != nil {
		return nil //nolint:nilerr // It may not ask.
	}
	answer, err := n.client.ACLDryRun(ctx, me, command).Result()
	if err != nil || answer == "OK" {
		return nil //nolint:nilerr // As above.
	}
	return permissionError(answer)
}

// A permissionError is an answer of ACL DRYRUN as the error that the command would have.
type permissionError string

func (e permissionError) Error() string { return "NOPERM " + string(e) }

// RedisError implements redis.Error.
func (permissionError) RedisError() {}

func (r *registry) trials(ctx context.Context) []trial {
	return []trial{
		{"+hgetall ~openbroker:*", func() error { return r.client.HGetAll(ctx, registryKey).Err() }},
		{"+hmget ~openbroker:*", func() error { return r.client.HMGet(ctx, registryKey, formatField).Err() }},
		{"+watch +unwatch ~openbroker:*", func() error {
			return r.client.Watch(ctx, func(*goredis.Tx) error { return nil }, registryKey)
		}},
		{"+hset ~openbroker:*", func() error { return r.client.HSet(ctx, probeKey, "a", "b").Err() }},
		{"+hsetnx ~openbroker:*", func() error { return r.client.HSetNX(ctx, probeKey, "a", "b").Err() }},
		{"+hdel ~openbroker:*", func() error { return r.client.HDel(ctx, probeKey, "a").Err() }},
	}
}

// warnOpen warns of a server that lets everybody in: then no binding is isolated.
func (p *redis) warnOpen(ctx context.Context, nodes fleet) {
	for _, n := range nodes {
		users, err := n.users(ctx)
		if err != nil {
			return
		}
		rules := strings.Fields(users["default"])
		if contains(rules, "on") && contains(rules, "nopass") {
			p.logger.LogAttrs(ctx, slog.LevelWarn, "the user default has no password: everybody who reaches the server reads all instances; set requirepass, or turn the user off",
				slog.String("node", n.address))
		}
	}
}
