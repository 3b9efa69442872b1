package redis

import (
	"context"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker/durable"
	"github.com/openbroker/openbroker/provider/internal/step"
)

const (
	// scanCount is how many keys a step looks at. Each takes the server well below a
	// millisecond, and other clients come in between.
	scanCount = 500
	// maxPasses bounds how often all keys are looked at. Keys that move between the nodes
	// of a cluster at the same time can need more than one pass.
	maxPasses = 10
	// reportEvery is how many deleted keys make a new progress report.
	reportEvery = 100_000
)

// deleteKeys deletes all keys with a prefix, in bounded steps. It looks at all keys of the
// server: Redis has no index of prefixes.
func deleteKeys(ctx context.Context, nodes fleet, prefix string, task *durable.Task) error {
	total := 0
	for range maxPasses {
		deleted := 0
		for _, n := range nodes.primaries() {
			err := n.deleteKeys(ctx, prefix, func(count int) {
				before := (total + deleted) / reportEvery
				deleted += count
				if now := (total + deleted) / reportEvery; now > before {
					_ = task.Report(ctx, fmt.Sprintf("deleted %d keys", total+deleted)) // Only a description.
				}
			})
			if err != nil {
				return err
			}
		}
		if deleted == 0 {
			return nil
		}
		total += deleted
	}
	return durable.Retryable(fmt.Errorf("keys with the prefix appear again while they are deleted"), 0)
}

func (n *node) deleteKeys(ctx context.Context, prefix string, deleted func(count int)) error {
	for cursor := uint64(0); ; {
		keys, next, err := n.client.Scan(ctx, cursor, escapeGlob(prefix)+"*", scanCount).Result()
		if err != nil {
			return fmt.Errorf("%s: list the keys: %w", n.address, err)
		}
		if len(keys) > 0 {
			count, err := n.unlink(ctx, keys)
			if err != nil {
				return fmt.Errorf("%s: delete keys: %w", n.address, err)
			}
			deleted(count)
			if err := step.Done(ctx, "delete some keys"); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// unlink deletes keys one by one, because those of a cluster are in different slots. A key
// that has moved to another node is left to the next pass.
func (n *node) unlink(ctx context.Context, keys []string) (int, error) {
	commands, _ := n.client.Pipelined(ctx, func(pipe goredis.Pipeliner) error { // Each command has its error.
		for _, key := range keys {
			pipe.Unlink(ctx, key)
		}
		return nil
	})
	for _, command := range commands {
		if err := command.Err(); err != nil && !hasPrefix(err, "MOVED ", "ASK ", "TRYAGAIN ") {
			return 0, err
		}
	}
	return len(keys), ctx.Err()
}

// flushDatabase deletes all keys of a logical database. The connection is back in database
// 0 afterwards, also after an error, because the transaction is done as a whole.
func flushDatabase(ctx context.Context, n *node, database int) error {
	_, err := n.client.TxPipelined(ctx, func(pipe goredis.Pipeliner) error {
		pipe.Do(ctx, "select", database)
		pipe.FlushDBAsync(ctx)
		return pipe.Do(ctx, "select", 0).Err()
	})
	if err != nil {
		return fmt.Errorf("%s: delete the keys of database %d: %w", n.address, database, err)
	}
	return nil
}
