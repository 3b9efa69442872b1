package management

import (
	"context"
	"net/http"
)

// The limits of virtual hosts and of users.
const (
	MaxConnections = "max-connections"
	MaxQueues      = "max-queues"
	MaxChannels    = "max-channels"
)

type value struct {
	Value int64 `json:"value"`
}

// SetVhostLimit sets a limit of a virtual host; nil removes it.
func (c *Client) SetVhostLimit(ctx context.Context, vhost, limit string, n *int64) error {
	return c.setLimit(ctx, to("vhost-limits", vhost, limit), n)
}

// SetUserLimit sets a limit of a user; nil removes it.
func (c *Client) SetUserLimit(ctx context.Context, username, limit string, n *int64) error {
	return c.setLimit(ctx, to("user-limits", username, limit), n)
}

func (c *Client) setLimit(ctx context.Context, at path, n *int64) error {
	if n == nil {
		return gone(c.call(ctx, http.MethodDelete, at, nil, nil))
	}
	return c.call(ctx, http.MethodPut, at, value{*n}, nil)
}

// ConnectionLimits returns the connections that each virtual host with such a limit may
// have.
func (c *Client) ConnectionLimits(ctx context.Context) (map[string]int64, error) {
	var all []struct {
		Vhost string           `json:"vhost"`
		Value map[string]int64 `json:"value"`
	}
	if err := c.call(ctx, http.MethodGet, to("vhost-limits"), nil, &all); err != nil {
		return nil, err
	}
	limits := map[string]int64{}
	for _, one := range all {
		if n, ok := one.Value[MaxConnections]; ok {
			limits[one.Vhost] = n
		}
	}
	return limits, nil
}
