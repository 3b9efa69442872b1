package management

import (
	"context"
	"net/http"
)

// A Node is a node of the cluster.
type Node struct {
	Name    string `json:"name"`
	Running bool   `json:"running"`
	// Sockets and Files are how many connections and files the node can have open; 0 if
	// it does not say.
	Sockets int64 `json:"sockets_total"`
	Files   int64 `json:"fd_total"`
	// MemoryAlarm and DiskAlarm block all publishers.
	MemoryAlarm bool `json:"mem_alarm"`
	DiskAlarm   bool `json:"disk_free_alarm"`
}

// Nodes returns the nodes of the cluster, at least one.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	var nodes []Node
	at := to("nodes").with("columns", "name,running,sockets_total,fd_total,mem_alarm,disk_free_alarm")
	if err := c.call(ctx, http.MethodGet, at, nil, &nodes); err != nil {
		return nil, err
	}
	if len(nodes) == 0 {
		return nil, errNoNodes
	}
	return nodes, nil
}

// Version returns the version of the server.
func (c *Client) Version(ctx context.Context) (string, error) {
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	err := c.call(ctx, http.MethodGet, to("overview").with("columns", "rabbitmq_version"), nil, &overview)
	return overview.Version, err
}
