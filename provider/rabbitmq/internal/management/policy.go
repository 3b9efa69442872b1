package management

import (
	"context"
	"net/http"
)

// An OperatorPolicy caps the queues of a virtual host, whatever their owners declare.
type OperatorPolicy struct {
	Pattern    string           `json:"pattern"`
	ApplyTo    string           `json:"apply-to"`
	Priority   int              `json:"priority"`
	Definition map[string]int64 `json:"definition"`
}

// SetOperatorPolicy sets an operator policy for all queues. An empty definition removes
// it.
func (c *Client) SetOperatorPolicy(ctx context.Context, vhost, name string, definition map[string]int64) error {
	at := to("operator-policies", vhost, name)
	if len(definition) == 0 {
		return gone(c.call(ctx, http.MethodDelete, at, nil, nil))
	}
	return c.call(ctx, http.MethodPut, at, OperatorPolicy{Pattern: ".*", ApplyTo: "queues", Definition: definition}, nil)
}
