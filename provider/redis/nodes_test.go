package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
)

// replicaOf makes a server a replica.
func replicaOf(primary *testServer) option {
	return lines(fmt.Sprint("replicaof ", primary.host, " ", primary.port), "repl-diskless-sync yes", "repl-diskless-sync-delay 0")
}

// connected waits until a primary knows the number of replicas, with their data.
func (s *testServer) connected(t *testing.T, replicas int) {
	t.Helper()
	admin := s.admin(t)
	eventually(t, "connecting replicas", func(ctx context.Context) bool {
		info, err := admin.Info(ctx, "replication").Result()
		return err == nil && strings.Count(info, "state=online") == replicas
	})
}

// Users are the same on the primary and on its replicas: also on one that is restarted,
// is new, or was away while a user was deleted, and after a failover.
func TestReplicas(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		primary := newServer(t, program, durably)
		replica := newServer(t, program, replicaOf(primary), withACLFile)
		primary.connected(t, 1)
		b := primary.service("nodes: ["+replica.address()+"]", "check_interval: 100ms").Start(t)
		one, two := bind(t, b, "i", nil), bindAgain(t, b, "i", "two", nil)
		both := primary.users(t.Context(), t)
		if got := replica.users(t.Context(), t); len(both) != 2 || !slices.Equal(both, got) {
			t.Fatalf("the primary has %q and the replica %q", both, got)
		}
		onReplica := readOn(t, one, replica)
		unbind(t, b, "i", "binding")
		if err := onReplica.Get(t.Context(), one.prefix+"k").Err(); err == nil || errors.Is(err, goredis.Nil) {
			t.Error("the session on the replica goes on after the unbind")
		}

		// It is away while a user is deleted, and its ACL file has the user.
		if err := replica.Stop(); err != nil {
			t.Fatal(err)
		}
		primary.connected(t, 0)
		unbind(t, b, "i", "two")
		three := bindAgain(t, b, "i", "three", nil)
		if err := replica.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		primary.connected(t, 1)
		want := primary.users(t.Context(), t)
		eventually(t, "repairing the replica", func(ctx context.Context) bool { return slices.Equal(want, replica.users(ctx, t)) })
		two.refused(t)

		// A new replica.
		second := newServer(t, program, replicaOf(primary))
		eventually(t, "making the users on a new replica", func(ctx context.Context) bool { return slices.Equal(want, second.users(ctx, t)) })

		// A failover, after which the former primary is gone.
		if err := replica.admin(t).ReplicaOf(t.Context(), "NO", "ONE").Err(); err != nil {
			t.Fatal(err)
		}
		if err := second.admin(t).ReplicaOf(t.Context(), replica.host, fmt.Sprint(replica.port)).Err(); err != nil {
			t.Fatal(err)
		}
		if err := primary.Stop(); err != nil {
			t.Fatal(err)
		}
		replica.connected(t, 1)
		four := bindAgain2(t, b, "i", "four")
		if got := second.users(t.Context(), t); len(got) != 2 {
			t.Errorf("after the failover, the replica has %q", got)
		}
		readOn(t, four, second)
		readOn(t, three, second)
	})
}

// bindAgain2 binds without logging in, because the primary has another address.
func bindAgain2(t *testing.T, b *servicetest.Broker, instance, binding string) *bound {
	t.Helper()
	credentials, err := b.Bind(t, instance, binding, "small", nil)
	if err != nil {
		t.Fatal(err)
	}
	prefix, _ := credentials["key-prefix"].(string)
	return &bound{&session{prefix: prefix}, credentials}
}

// readOn logs in to a server other than that of the URI, and reads.
func readOn(t *testing.T, b *bound, s *testServer) *goredis.Client {
	t.Helper()
	username, _ := b.credentials["username"].(string)
	password, _ := b.credentials["password"].(string)
	client := goredis.NewClient(&goredis.Options{Addr: s.address(), Username: username, Password: password, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Get(t.Context(), b.prefix+"k").Err(); err != nil && !errors.Is(err, goredis.Nil) {
		t.Errorf("reading on %s: %v", s.address(), err)
	}
	return client
}

// newCluster starts three nodes, which share the slots.
func newCluster(t *testing.T, program string, options ...option) []*testServer {
	t.Helper()
	nodes := make([]*testServer, 3)
	for i := range nodes {
		nodes[i] = newServer(t, program, append(slices.Clone(options), lines("cluster-enabled yes", "cluster-node-timeout 2000", "cluster-require-full-coverage no"))...)
	}
	for i, node := range nodes {
		admin := node.admin(t)
		last := 5461 * (i + 1)
		if i == 2 {
			last = 16383
		}
		var slots []int
		for slot := 5461*i + min(i, 1); slot <= last; slot++ {
			slots = append(slots, slot)
		}
		if err := admin.ClusterAddSlots(t.Context(), slots...).Err(); err != nil {
			t.Fatal(err)
		}
		if err := admin.Do(t.Context(), "cluster", "set-config-epoch", i+1).Err(); err != nil {
			t.Fatal(err)
		}
		if err := admin.ClusterMeet(t.Context(), nodes[0].host, fmt.Sprint(nodes[0].port)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range nodes {
		admin := node.admin(t)
		eventually(t, "forming the cluster", func(ctx context.Context) bool {
			info, err := admin.ClusterInfo(ctx).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return nodes
}

// A clusterSession is that of an application that knows clusters.
type clusterSession struct {
	client *goredis.ClusterClient
	prefix string
}

func openCluster(ctx context.Context, c openbroker.Credentials) (servicetest.Session, error) {
	uri, _ := c["uri"].(string)
	options, err := goredis.ParseClusterURL(strings.TrimSuffix(uri, "/0"))
	if err != nil {
		return nil, err
	}
	prefix, _ := c["key-prefix"].(string)
	s := &clusterSession{goredis.NewClusterClient(options), prefix}
	if err := s.client.ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error { return node.Ping(ctx).Err() }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Write writes many keys too, so that all nodes have some.
func (s *clusterSession) Write(ctx context.Context, name, value string) error {
	for i := range 50 {
		if err := s.client.Set(ctx, s.prefix+fmt.Sprint("spread-", i), value, 0).Err(); err != nil {
			return err
		}
	}
	return s.client.Set(ctx, s.prefix+name, value, 0).Err()
}

func (s *clusterSession) Read(ctx context.Context, name string) (string, error) {
	return s.client.Get(ctx, s.prefix+name).Result()
}
func (s *clusterSession) Close() error { return s.client.Close() }

// clusterService describes a cluster to the common tests.
func clusterService(nodes []*testServer) *servicetest.Service {
	s := nodes[0].service()
	s.Open = openCluster
	s.Reach = func(ctx context.Context, own servicetest.Session, other openbroker.Credentials) error {
		prefix, _ := other["key-prefix"].(string)
		c, ok := own.(*clusterSession)
		if !ok {
			return errors.New("a session of another kind")
		}
		return errors.Join(c.client.Get(ctx, prefix+"shared").Err(), c.client.Publish(ctx, prefix+"news", "x").Err())
	}
	s.Dump = func(ctx context.Context) ([]string, error) {
		var all []string
		for i, node := range nodes {
			lines, err := node.dump(ctx)
			if err != nil {
				return nil, err
			}
			for _, line := range lines {
				all = append(all, fmt.Sprint("node ", i, ": ", line))
			}
		}
		return all, nil
	}
	return s
}

// In a cluster, users are on each node, and keys are deleted on each.
func TestCluster(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		nodes := newCluster(t, program, durably, withACLFile)
		s := clusterService(nodes)
		for _, node := range nodes {
			rules := append([]string{"reset", "on", ">pw"}, documentedRights(t)...)
			if err := node.admin(t).ACLSetUser(t.Context(), "broker", rules...).Err(); err != nil {
				t.Fatal(err)
			}
		}
		s.Settings = strings.Replace(s.Settings, ":"+adminPassword, "broker:pw", 1)
		s.LifeCycle(t)
		s.Isolation(t)
		s.ReadOnlyBinding(t)
		s.RemainingBindings(t)
		s.Crashes(t)
	})
}

// A node that was restarted without ACL file gets its users again. One that fails for good
// does not hold up the others, and gets its users when it is back.
func TestClusterNodesLost(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		nodes := newCluster(t, program, durably)
		s := clusterService(nodes)
		b := s.Start(t)
		if err := b.Provision(t, "i", "small", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Bind(t, "i", "one", "small", nil); err != nil {
			t.Fatal(err)
		}
		// The node with the list of instances stays: without replicas, its loss is that of
		// its slots.
		slot, err := nodes[0].admin(t).ClusterKeySlot(t.Context(), "openbroker:instances").Result()
		if err != nil {
			t.Fatal(err)
		}
		holder := int(slot / 5462)
		nodes = append(nodes[holder:], nodes[:holder]...)
		want := nodes[0].users(t.Context(), t)
		if err := nodes[2].Kill(); err != nil {
			t.Fatal(err)
		}
		if err := nodes[2].Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "making the users again", func(ctx context.Context) bool { return slices.Equal(want, nodes[2].users(ctx, t)) })

		if err := nodes[1].Kill(); err != nil {
			t.Fatal(err)
		}
		// The operation waits until the others consider it failed.
		if _, err := b.Bind(t, "i", "two", "small", nil); err != nil {
			t.Fatal(err)
		}
		if err := b.Unbind(t, "i", "one", "small"); err != nil {
			t.Fatal(err)
		}
		want = nodes[0].users(t.Context(), t)
		if err := nodes[1].Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "making the users of the node that is back", func(ctx context.Context) bool { return len(want) == 1 && slices.Equal(want, nodes[1].users(ctx, t)) })
	})
}

// A cluster has no logical databases: a plan with them is refused, and nothing is left.
func TestClusterWithoutDatabases(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		nodes := newCluster(t, program)
		s := clusterService(nodes)
		s.Catalog = isolations["database"]
		b := s.Start(t)
		eventually(t, "the first pass", func(ctx context.Context) bool { _, err := b.Resources(ctx); return err == nil })
		if err := b.Provision(t, "i", "small", nil); err == nil || !strings.Contains(err.Error(), "A cluster has only one") {
			t.Errorf("a logical database in a cluster: %v", err)
		}
	})
}

// Keys that move from node to node while they are deleted are deleted.
func TestKeysInMotion(t *testing.T) {
	t.Parallel()
	forEachServer(t, func(t *testing.T, program string) {
		t.Helper()
		nodes := newCluster(t, program)
		s := clusterService(nodes)
		b := s.Start(t)
		if err := b.Provision(t, "i", "small", nil); err != nil {
			t.Fatal(err)
		}
		c, err := b.Bind(t, "i", "one", "small", nil)
		if err != nil {
			t.Fatal(err)
		}
		session, err := openCluster(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = session.Close() }()
		prefix, _ := c["key-prefix"].(string)
		key := prefix + "{moving}"
		cluster, ok := session.(*clusterSession)
		if !ok {
			t.Fatal("no cluster session")
		}
		if err := cluster.client.Set(t.Context(), key, "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
		// The slot is being moved: its old node has the key and says ASK to others.
		slot, err := nodes[0].admin(t).ClusterKeySlot(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		from, to := nodes[slot/5462], nodes[(slot/5462+1)%3]
		fromID, toID := from.id(t), to.id(t)
		if err := from.admin(t).Do(t.Context(), "cluster", "setslot", slot, "migrating", toID).Err(); err != nil {
			t.Fatal(err)
		}
		if err := to.admin(t).Do(t.Context(), "cluster", "setslot", slot, "importing", fromID).Err(); err != nil {
			t.Fatal(err)
		}
		if err := b.Unbind(t, "i", "one", "small"); err != nil {
			t.Fatal(err)
		}
		if err := b.Deprovision(t, "i", "small"); err != nil {
			t.Fatal(err)
		}
		if n, err := from.admin(t).DBSize(t.Context()).Result(); err != nil || n > 1 {
			t.Errorf("%d keys are left (%v)", n, err)
		}
	})
}

func (s *testServer) id(t *testing.T) string {
	t.Helper()
	id, err := s.admin(t).Do(t.Context(), "cluster", "myid").Text()
	if err != nil {
		t.Fatal(err)
	}
	return id
}
