package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker"
)

// The registry is a hash with a record for each instance, by its resource name. It makes
// the logical databases of concurrent replicas different, and lists the instances, of
// which the server has no other trace as long as they are empty.
//
// It is in the database registryDatabase, which no instance gets, because bindings with a
// logical database can use all keys in database 0. A server that has only one database,
// as each cluster, has the registry there: then no binding can use all keys.
const (
	registryKey      = "openbroker:instances"
	registryDatabase = 1
	// formatField is the field with the format of the registry.
	formatField    = "format"
	registryFormat = "1"
	// completeField is the field that says for which processes of the server the registry
	// was compared with the records of the broker. A server that was restarted, or has
	// failed over, may have lost the last changes, and is another process. A server that
	// has lost its data, or has evicted the hash, has lost this field too.
	completeField = "complete"
	// maxConflicts bounds the attempts at a change while others change the registry.
	maxConflicts = 100
)

// errIncomplete says that the registry may lack existing instances.
var errIncomplete = errors.New("the server is new or was restarted, and its list of instances is not yet compared with the records of the broker")

// A record is what the registry has of an instance.
type record struct {
	Isolation string `json:"isolation"`
	// Database is 0 with isolationPrefix.
	Database int `json:"database,omitempty"`
	MemoryMB int `json:"memory_mb,omitempty"`
}

// A registry is the hash on the nodes that were found.
type registry struct {
	client goredis.UniversalClient
	// databases is the number of logical databases, 1 in a cluster.
	databases int
	// own is the database of the hash.
	own int
	// processes identifies the processes of the server.
	processes string
}

// entries are the content of the registry, by resource name.
type entries map[string]record

// read returns the records, or errIncomplete.
func (r *registry) read(ctx context.Context, from goredis.HashCmdable) (entries, error) {
	fields, err := from.HGetAll(ctx, registryKey).Result()
	if err == nil {
		err = r.check(fields[formatField], fields[completeField])
	}
	if err != nil {
		return nil, err
	}
	delete(fields, formatField)
	delete(fields, completeField)
	all := make(entries, len(fields))
	for name, text := range fields {
		if all[name], err = parseRecord(name, text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// check returns why a registry with these fields cannot be used.
func (r *registry) check(format, complete string) error {
	if format != "" && format != registryFormat {
		return fmt.Errorf("the list of instances has the format %.20q, and this version knows %s: a newer version has written it", format, registryFormat)
	}
	if format == "" || complete != r.processes {
		return errIncomplete
	}
	return nil
}

func parseRecord(name, text string) (found record, err error) {
	if json.Unmarshal([]byte(text), &found) != nil {
		return record{}, fmt.Errorf("the list of instances has a broken record of %.40q", name)
	}
	return found, nil
}

// get returns the record of an instance, or nil without one.
func (r *registry) get(ctx context.Context, name string) (*record, error) {
	values, err := r.client.HMGet(ctx, registryKey, formatField, completeField, name).Result()
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(values))
	for i := range values {
		texts[i], _ = values[i].(string)
	}
	if err := r.check(texts[0], texts[1]); err != nil {
		return nil, err
	}
	if texts[2] == "" {
		return nil, nil //nolint:nilnil // No record, and no error.
	}
	found, err := parseRecord(name, texts[2])
	return &found, err
}

// change replaces the record of an instance by that of decide, which sees all records.
// It calls decide again if the registry has changed in the meantime.
func (r *registry) change(ctx context.Context, name string, decide func(all entries) (record, error)) (record, error) {
	var made record
	for range maxConflicts {
		err := r.client.Watch(ctx, func(tx *goredis.Tx) error {
			all, err := r.read(ctx, tx)
			if err != nil {
				return err
			}
			if made, err = decide(all); err != nil {
				return err
			}
			if all[name] == made {
				return nil
			}
			text, err := json.Marshal(made)
			if err != nil {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(pipe goredis.Pipeliner) error {
				pipe.HSet(ctx, registryKey, name, text)
				return nil
			})
			return err
		}, registryKey)
		if hasPrefix(err, "EXECABORT ") {
			err = errors.Join(err, r.refusal(ctx))
		}
		if !errors.Is(err, goredis.TxFailedErr) {
			return made, err
		}
	}
	return record{}, openbroker.ErrConcurrency
}

// refusal returns why the server refuses to write, which the driver does not say of a
// transaction.
func (r *registry) refusal(ctx context.Context) error {
	if err := r.client.HSet(ctx, probeKey, "a", "b").Err(); err != nil {
		return err
	}
	return r.client.HDel(ctx, probeKey, "a").Err()
}

// remove deletes the record of an instance.
func (r *registry) remove(ctx context.Context, name string) error {
	return r.client.HDel(ctx, registryKey, name).Err()
}

// add adds the record of an instance unless it has one. added is false then.
func (r *registry) add(ctx context.Context, name string, made record) (added bool, err error) {
	text, err := json.Marshal(made)
	if err != nil {
		return false, err
	}
	return r.client.HSetNX(ctx, registryKey, name, text).Result()
}

// complete says that the registry is complete.
func (r *registry) complete(ctx context.Context) error {
	return r.client.HSet(ctx, registryKey, formatField, registryFormat, completeField, r.processes).Err()
}

// errTaken says that the logical database of an instance is another's.
var errTaken = errors.New("the logical database belongs to another instance")

// reclaim adds the record of an instance that the registry has lost, or returns errTaken.
func (r *registry) reclaim(ctx context.Context, name string, lost record) error {
	_, err := r.change(ctx, name, func(all entries) (record, error) {
		for other := range all {
			if other != name && all[other].Database == lost.Database {
				return record{}, errTaken
			}
		}
		return lost, nil
	})
	return err
}

// choose returns the record for an instance with the settings of a plan: the present one
// with the plan's memory, or a new one. The error is an answer for the platform.
func (r *registry) choose(all entries, name string, plan PlanSettings, nodes fleet) (record, error) {
	wanted := record{Isolation: plan.Isolation, MemoryMB: plan.MemoryMB}
	present, exists := all[name]
	if exists {
		if present.Isolation != plan.Isolation {
			return record{}, openbroker.ErrPlanChangeNotSupported.WithDescription("An instance cannot change between a key prefix and a logical database.")
		}
		wanted.Database = present.Database
	}
	if err := checkMemory(all, name, wanted, nodes); err != nil {
		return record{}, err
	}
	if exists {
		return wanted, nil
	}
	for other := range all {
		if all[other].Isolation != wanted.Isolation {
			return record{}, openbroker.ErrPlanQuotaExceeded.WithDescription(
				"The server has instances with isolation %q, and cannot have others with %q: a binding with a logical database could use all keys in database 0.",
				all[other].Isolation, wanted.Isolation)
		}
	}
	if wanted.Isolation == isolationPrefix {
		return wanted, nil
	}
	var err error
	wanted.Database, err = r.freeDatabase(all, nodes.reference().keys)
	return wanted, err
}

// freeDatabase returns a logical database that is nobody's and empty. keys counts the keys
// in each.
func (r *registry) freeDatabase(all entries, keys map[int]int64) (int, error) {
	switch {
	case r.databases <= 2:
		return 0, openbroker.ErrPlanQuotaExceeded.WithDescription(
			"The server has %d logical databases, and needs at least 3 for plans with isolation %q: 0 and %d are reserved. A cluster has only one.",
			r.databases, isolationDatabase, registryDatabase)
	case len(all) == 0 && keys[0] > 0:
		return 0, openbroker.ErrPlanQuotaExceeded.WithDescription(
			"Database 0 of the server has keys, which each binding with a logical database could use: delete them, or use another server.")
	}
	taken := map[int]bool{0: true, r.own: true}
	for other := range all {
		taken[all[other].Database] = true
	}
	for n := 1; n < r.databases; n++ {
		if !taken[n] && keys[n] == 0 {
			return n, nil
		}
	}
	return 0, openbroker.ErrServiceQuotaExceeded.WithDescription("All %d logical databases of the server are in use.", r.databases)
}

// checkMemory holds the sum of all instances, with the wanted one, against the memory
// that the server may use.
func checkMemory(all entries, name string, wanted record, nodes fleet) error {
	if wanted.MemoryMB <= all[name].MemoryMB {
		return nil // It takes no more than before.
	}
	var available int64
	for _, n := range nodes.primaries() {
		if n.maxMemory == 0 {
			return nil // The server has no limit to hold it against.
		}
		available += n.maxMemory >> 20
	}
	sum := int64(wanted.MemoryMB)
	for other := range all {
		if other != name {
			sum += int64(all[other].MemoryMB)
		}
	}
	if sum > available {
		return openbroker.ErrServiceQuotaExceeded.WithDescription(
			"The server has %d MiB of memory, and all instances together would count for %d MiB: choose a smaller plan, or ask its operators.", available, sum)
	}
	return nil
}

// registry returns the registry on the nodes.
func (n *network) registry(ctx context.Context, nodes fleet) (*registry, error) {
	reference := nodes.reference()
	var processes []string
	for _, node := range nodes.primaries() {
		processes = append(processes, node.runID)
	}
	slices.Sort(processes)
	sum := sha256.Sum256([]byte(strings.Join(processes, " ")))
	r := &registry{databases: 1, processes: hex.EncodeToString(sum[:])}
	if reference.cluster {
		r.client = n.clusterClient(nodes)
		return r, nil
	}
	databases, err := countDatabases(ctx, reference)
	if err != nil {
		return nil, err
	}
	if r.databases = databases; databases > registryDatabase {
		r.own = registryDatabase
	}
	r.client = n.client(reference.address, r.own)
	return r, nil
}

// countDatabases returns how many logical databases a server has.
func countDatabases(ctx context.Context, n *node) (int, error) {
	answer, err := n.client.ConfigGet(ctx, "databases").Result()
	if err != nil {
		return 0, fmt.Errorf("ask for the number of databases: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(answer["databases"]))
}
