package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	goredis "github.com/redis/go-redis/v9"
)

// A node is a server that can be reached.
type node struct {
	*server

	address string
	// client works in database 0.
	client *goredis.Client
}

// A fleet has all nodes, the reference first: the primary or, in a cluster, the first one
// by address. Users are made there first and deleted there last, so that a user that the
// reference does not have is nobody's.
type fleet []*node

func (f fleet) reference() *node { return f[0] }

// primaries are the nodes that take writes.
func (f fleet) primaries() []*node {
	return slices.DeleteFunc(slices.Clone([]*node(f)), func(n *node) bool { return !n.primary })
}

// A place is a logical database of a server.
type place struct {
	address  string
	database int
}

// A network finds the nodes, and keeps a client for each address and database.
type network struct {
	dialer   *dialer
	discover bool

	mu      sync.Mutex
	clients map[place]*goredis.Client
	cluster *goredis.ClusterClient
	closed  bool
}

// client returns the client for a database of a server. It is made with the first use.
func (n *network) client(address string, database int) *goredis.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := place{address, database}
	client := n.clients[at]
	if client == nil {
		client = goredis.NewClient(n.dialer.options(address, database))
		if n.closed {
			_ = client.Close() // Its commands return ErrClosed.
			return client
		}
		n.clients[at] = client
	}
	return client
}

// clusterClient returns the client for the keys of the broker in a cluster.
func (n *network) clusterClient(nodes fleet) *goredis.ClusterClient {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cluster == nil {
		o := n.dialer.options("", 0)
		addresses := make([]string, len(nodes))
		for i, node := range nodes {
			addresses[i] = node.address
		}
		n.cluster = goredis.NewClusterClient(&goredis.ClusterOptions{
			Addrs: addresses, Username: o.Username, Password: o.Password, Dialer: o.Dialer, DialTimeout: o.DialTimeout, DialerRetries: o.DialerRetries,
			ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout, ContextTimeoutEnabled: true, PoolSize: o.PoolSize, MaxActiveConns: o.MaxActiveConns,
			PipelinePoolSize: -1, ConnMaxIdleTime: -1, PoolTimeout: o.PoolTimeout, Protocol: o.Protocol, DisableIdentity: true,
			MaintNotificationsConfig: o.MaintNotificationsConfig,
		})
		if n.closed {
			_ = n.cluster.Close()
		}
	}
	return n.cluster
}

// renew forgets clients of an address that have no connection. After some failures, the
// driver refuses commands for up to a second without trying, even if the server is back.
func (n *network) renew(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for at, client := range n.clients {
		if at.address == address && client.PoolStats().TotalConns == 0 {
			_ = client.Close()
			delete(n.clients, at)
		}
	}
}

// forget closes the clients of addresses that no node has, except for the seeds.
func (n *network) forget(nodes fleet) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for at, client := range n.clients {
		used := slices.Contains(n.dialer.seeds, at.address) || slices.ContainsFunc(nodes, func(node *node) bool { return node.address == at.address })
		if !used {
			_ = client.Close()
			delete(n.clients, at)
		}
	}
}

// all returns the clients for database 0.
func (n *network) all() []*goredis.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	var clients []*goredis.Client
	for at, client := range n.clients {
		if at.database == 0 {
			clients = append(clients, client)
		}
	}
	return clients
}

func (n *network) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var problems []error
	for _, client := range n.clients {
		problems = append(problems, client.Close())
	}
	if n.cluster != nil {
		problems = append(problems, n.cluster.Close())
	}
	n.clients, n.cluster, n.closed = map[place]*goredis.Client{}, nil, true
	return errors.Join(problems...)
}

// ask asks the server at an address what it is.
func (n *network) ask(ctx context.Context, address string) (*node, error) {
	client := n.client(address, 0)
	info, err := client.Info(ctx).Result()
	if err != nil {
		n.renew(address)
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	found, err := parseServer(info)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return &node{server: found, address: address, client: client}, nil
}

// nodes finds all nodes. A node that cannot be reached is an error, because users must be
// the same everywhere.
func (n *network) nodes(ctx context.Context) (fleet, error) {
	if !n.discover {
		return n.listed(ctx)
	}
	first, err := n.first(ctx)
	if err != nil {
		return nil, err
	}
	if first.cluster {
		return n.clusterNodes(ctx, first)
	}
	if !first.primary {
		primary, err := n.ask(ctx, first.primaryAddress)
		if err != nil {
			return nil, fmt.Errorf("the primary of the replica %s: %w", first.address, err)
		}
		if !primary.primary {
			return nil, fmt.Errorf("the server %s replicates %s, which is a replica itself: name the primary in url", first.address, primary.address)
		}
		first = primary
	}
	found := fleet{first}
	for _, address := range first.replicas {
		replica, err := n.ask(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("the replica %w", err)
		}
		found = found.with(replica)
	}
	return found, nil
}

// first returns the first of the configured servers that answers.
func (n *network) first(ctx context.Context) (*node, error) {
	var problems []error
	for _, address := range n.dialer.seeds {
		found, err := n.ask(ctx, address)
		if err == nil {
			return found, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(problems...)
}

// listed returns the configured nodes.
func (n *network) listed(ctx context.Context) (fleet, error) {
	var found fleet
	for _, address := range n.dialer.seeds {
		node, err := n.ask(ctx, address)
		if err != nil {
			return nil, err
		}
		found = found.with(node)
	}
	slices.SortStableFunc(found, func(a, b *node) int { return rank(a) - rank(b) })
	if !found[0].primary {
		return nil, errors.New("none of the servers in url and nodes is a primary")
	}
	return found, nil
}

func rank(n *node) int {
	if n.primary {
		return 0
	}
	return 1
}

func (n *network) clusterNodes(ctx context.Context, first *node) (fleet, error) {
	text, err := first.client.ClusterNodes(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", first.address, err)
	}
	host, _, err := net.SplitHostPort(first.address)
	if err != nil {
		return nil, err
	}
	members, err := parseMembers(text, host)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", first.address, err)
	}
	slices.SortFunc(members, func(a, b member) int {
		if a.primary != b.primary {
			return map[bool]int{true: -1, false: 1}[a.primary]
		}
		return strings.Compare(a.address, b.address)
	})
	var found fleet
	for _, m := range members {
		node, err := n.ask(ctx, m.address)
		if err != nil {
			return nil, fmt.Errorf("the node %w", err)
		}
		found = found.with(node)
	}
	return found, nil
}

// with adds a node unless it has another address of one that is there.
func (f fleet) with(added *node) fleet {
	if slices.ContainsFunc(f, func(n *node) bool { return n.runID == added.runID }) {
		return f
	}
	return append(f, added)
}
