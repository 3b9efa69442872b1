package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker/provider/internal/step"
)

// setUser makes a user on all nodes, the reference first, or replaces its rules.
func setUser(ctx context.Context, nodes fleet, name string, rights *grant) error {
	for i, n := range nodes {
		if err := n.changeUsers(ctx, setting(name, rights.rules(n.server))); err != nil {
			return err
		}
		if err := step.Done(ctx, "make the user on node "+ordinal(i)); err != nil {
			return err
		}
	}
	return nil
}

// deleteUser deletes a user and its connections on all nodes, the reference last.
func deleteUser(ctx context.Context, nodes fleet, name string) error {
	for i, n := range slices.Backward(nodes) {
		if err := n.changeUsers(ctx, deletion(name)); err != nil {
			return err
		}
		if err := step.Done(ctx, "delete the user on node "+ordinal(i)); err != nil {
			return err
		}
	}
	return nil
}

func ordinal(i int) string { return strconv.Itoa(i + 1) }

// setting and deletion are commands for changeUsers. A deletion also closes the connections
// of the user. A missing user is no error.
func setting(name string, rules []string) []any {
	command := []any{"acl", "setuser", name}
	for _, rule := range rules {
		command = append(command, rule)
	}
	return command
}

func deletion(name string) []any { return []any{"acl", "deluser", name} }

// maxChanges is how many users changeUsers changes at once.
const maxChanges = 100

// changeUsers runs commands that change users, and writes the ACL file, if the server has
// one. Without it the server forgets its users when it restarts, and the provider makes
// them again. The file is written on the same connection: a restart between the commands
// and the file would lose the change, and breaks it.
//
// Rules that the server refuses, such as a command of a plan that it does not have, are an
// error in the end, when all other users are changed.
func (n *node) changeUsers(ctx context.Context, commands ...[]any) error {
	var refused error
	for some := range slices.Chunk(commands, maxChanges) {
		answers, _ := n.client.Pipelined(ctx, func(pipe goredis.Pipeliner) error { // Each command has its error.
			for _, command := range some {
				pipe.Do(ctx, command...)
			}
			pipe.Do(ctx, "acl", "save")
			return nil
		})
		for i, answer := range answers {
			saving := i == len(some)
			err := answer.Err()
			if err == nil || saving && withoutFile(err) {
				continue
			}
			err = fmt.Errorf("%s: change the users: %w", n.address, err)
			if !hasPrefix(err, refusedRules) {
				return err
			}
			refused = err
		}
	}
	return errors.Join(refused, ctx.Err())
}

// refusedRules begins the error of the server for rules that it does not understand.
const refusedRules = "ERR Error in ACL SETUSER modifier"

// withoutFile reports whether ACL SAVE failed because the server has no ACL file.
func withoutFile(err error) bool {
	return strings.Contains(strings.ToLower(err.Error()), "not configured to use an acl file")
}

// users returns the rules of all users by name.
func (n *node) users(ctx context.Context) (map[string]string, error) {
	lines, err := n.client.ACLList(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("%s: list the users: %w", n.address, err)
	}
	return parseUsers(lines), nil
}
