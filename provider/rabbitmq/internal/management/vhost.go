package management

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strconv"
)

// pageSize is the number of elements in a page of a list; the server takes up to 500.
const pageSize = 500

// A Vhost is a virtual host.
type Vhost struct {
	Name             string `json:"name"`
	DefaultQueueType string `json:"default_queue_type"`
	// ClusterState has "running" or another word for each node that runs.
	ClusterState map[string]string `json:"cluster_state"`
}

// Running is the word of a node whose virtual host can be used.
const Running = "running"

// Vhost returns a virtual host. ok is false if there is none.
func (c *Client) Vhost(ctx context.Context, name string) (vhost Vhost, ok bool, err error) {
	err = c.call(ctx, http.MethodGet, to("vhosts", name).with("columns", "name,default_queue_type,cluster_state"), nil, &vhost)
	if Status(err) == http.StatusNotFound {
		return Vhost{}, false, nil
	}
	return vhost, err == nil, err
}

// PutVhost creates a virtual host, or changes its description. The server gives the
// client's account all permissions in a new one. An empty queue type is the server's.
func (c *Client) PutVhost(ctx context.Context, name, description, defaultQueueType string) error {
	body := map[string]string{"description": description}
	if defaultQueueType != "" {
		body["default_queue_type"] = defaultQueueType
	}
	return c.call(ctx, http.MethodPut, to("vhosts", name).slowly(), body, nil)
}

// DeleteVhost deletes a virtual host with all that is in it, except for what belongs to
// nodes that are away.
func (c *Client) DeleteVhost(ctx context.Context, name string) error {
	return gone(c.call(ctx, http.MethodDelete, to("vhosts", name).slowly(), nil, nil))
}

// StartVhost starts a virtual host on a node.
func (c *Client) StartVhost(ctx context.Context, name, node string) error {
	return c.call(ctx, http.MethodPost, to("vhosts", name, "start", node), struct{}{}, nil)
}

// Vhosts yields the names of all virtual hosts. It ends after an error.
func (c *Client) Vhosts(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for page, err := range pages[Vhost](ctx, c, to("vhosts").with("columns", "name").with("sort", "name")) {
			if err != nil {
				yield("", err)
				return
			}
			for _, vhost := range page {
				if !yield(vhost.Name, nil) {
					return
				}
			}
		}
	}
}

// pages yields the pages of a list.
func pages[T any](ctx context.Context, c *Client, at path) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for number := 1; ; number++ {
			var page struct {
				Items []T `json:"items"`
				Count int `json:"page_count"`
			}
			at := at.with("page", strconv.Itoa(number)).with("page_size", strconv.Itoa(pageSize))
			err := c.call(ctx, http.MethodGet, at, nil, &page)
			if number > 1 && Status(err) == http.StatusBadRequest {
				return // The list became shorter: the page no longer exists.
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page.Items, nil) || number >= page.Count {
				return
			}
		}
	}
}

// A Queue is a queue of a virtual host.
type Queue struct {
	Name     string `json:"name"`
	Node     string `json:"node"`
	Messages int64  `json:"messages"`
	Bytes    int64  `json:"message_bytes"`
}

// Queues returns the number of queues in a virtual host, and the one with the largest
// value in a column, "messages" or "message_bytes". The values are some seconds old. A
// virtual host that does not exist has no queues.
func (c *Client) Queues(ctx context.Context, vhost, column string) (total int, largest Queue, err error) {
	var page struct {
		Items []Queue `json:"items"`
		Total int     `json:"total_count"`
	}
	at := to("queues", vhost).with("columns", "name,node,messages,message_bytes").with("page", "1").with("page_size", "1").
		with("sort", column).with("sort_reverse", "true")
	if err := gone(c.call(ctx, http.MethodGet, at, nil, &page)); err != nil {
		return 0, Queue{}, err
	}
	if len(page.Items) > 0 {
		largest = page.Items[0]
	}
	return page.Total, largest, nil
}

var errNoNodes = errors.New("the server knows no nodes")
